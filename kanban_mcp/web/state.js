// A board as it stands: read once, then kept true by the change log.

/** Cards of a board by id, and its columns. Finished ones come later, and of very many not all. */
export class BoardState {
  constructor(board, cards) {
    this.board = board;
    this.cards = new Map();
    this.unknown = false;
    this.finished = new Map(); // by column: how many were read, of how many, and the cursor of the next ones
    this.add(cards);
  }

  /** Take cards in as they were read. */
  add(cards) {
    const held = new Map((this.board.holders?.items ?? []).map((holder) => [holder.task_id, holder.held_seconds]));
    for (const card of cards) {
      if (held.has(card.id)) card.held_since = Date.now() - held.get(card.id) * 1000;
      this.cards.set(card.id, card);
    }
  }

  get columns() {
    return this.board.columns;
  }

  /** Take changes in; the ids of the cards they touch. */
  apply(changes) {
    const touched = new Set();
    for (const change of changes) {
      if (change.entity === "task") touched.add(this.task(change));
      if (change.entity === "board" && change.after) this.renamed(change.after);
    }
    return touched;
  }

  /** Other columns hold other cards: for those the board is read anew. */
  renamed({ columns, ...rest }) {
    Object.assign(this.board, rest);
  }

  task({ action, entity_id: id, after, at }) {
    const known = this.cards.get(id);
    if (action === "created") this.cards.set(id, { tags: [], blocked_by: 0, created_at: at, ...after });
    // Brought back from the archive, or finished too long ago to be here: then only what is counted matters.
    else if (!known) this.unknown ||= action === "deleted" || "status" in after || "archived_at" in after;
    else if (action === "deleted" || after.archived_at) this.cards.delete(id);
    else Object.assign(known, after, action === "claimed" ? { held_since: Date.parse(at) } : {});
    return id;
  }

  column(status) {
    return this.columns.find((column) => column.status === status);
  }

  /** The cards of a column, in order. */
  in(status) {
    const cards = [...this.cards.values()].filter((card) => card.status === status);
    return cards.sort((one, other) => (this.precedes(one, other) ? -1 : 1));
  }

  /** Whether a card stands before another one of its column: of those that are finished, the newest is first. */
  precedes(one, other) {
    if (!this.isDone(one)) return one.position < other.position;
    const [ended, before] = [one.completed_at ?? "", other.completed_at ?? ""];
    return ended === before ? one.id > other.id : ended > before;
  }

  /** How many finished cards of a column are not here. */
  beyond(status) {
    const { total = 0, read = 0 } = this.finished.get(status) ?? {};
    return total - read;
  }

  /** What a card that is moved is like until the server tells: its column, and a key for its place there. */
  meanwhile(id, status, before, after) {
    const cards = this.in(status).filter((card) => card.id !== id);
    const at = before ? cards.findIndex((card) => card.id === before) : after ? cards.findIndex((card) => card.id === after) + 1 : cards.length;
    const position = `${cards[at - 1]?.position ?? ""}\u0001`; // sorts right behind its neighbour, before any true key
    return { status, position, completed_at: this.column(status).category === "done" ? new Date().toISOString() : null };
  }

  isDone(card) {
    return this.column(card.status)?.category === "done";
  }
}
