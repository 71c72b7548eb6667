// A board as it stands: read once, then kept true by the change log.

/** Cards of a board by id, and its columns. Finished ones come later, and of very many not all. */
export class BoardState {
  constructor(board, cards) {
    this.board = board;
    this.cards = new Map();
    this.unknown = false;
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
      if (change.entity === "board" && change.after) Object.assign(this.board, change.after);
    }
    return touched;
  }

  task({ action, entity_id: id, after, at }) {
    const known = this.cards.get(id);
    if (action === "deleted" || after?.archived_at) this.cards.delete(id);
    else if (action === "created") this.cards.set(id, { tags: [], blocked_by: 0, created_at: at, ...after });
    else if (known) Object.assign(known, after, action === "claimed" ? { held_since: Date.parse(at) } : {});
    else this.unknown = true; // brought back from the archive, or finished too long ago to be here
    return id;
  }

  column(status) {
    return this.columns.find((column) => column.status === status);
  }

  /** The cards of a column, in order. */
  in(status) {
    const cards = [...this.cards.values()].filter((card) => card.status === status);
    return cards.sort((one, other) => (one.position < other.position ? -1 : 1));
  }

  /** An order key for a card moved here, until the server tells the true one. */
  place(id, status, before, after) {
    const cards = this.in(status).filter((card) => card.id !== id);
    const at = before ? cards.findIndex((card) => card.id === before) : after ? cards.findIndex((card) => card.id === after) + 1 : cards.length;
    return `${cards[at - 1]?.position ?? ""}\u0001`; // sorts right behind its neighbour, before any true key
  }

  isDone(card) {
    return this.column(card.status)?.category === "done";
  }
}
