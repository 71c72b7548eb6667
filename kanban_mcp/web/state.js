// A board as it stands: read once, then kept true by the change log.

/** Cards of a board by id, and its columns. `apply` answers which cards to draw anew. */
export class BoardState {
  constructor(board, cards) {
    this.board = board;
    this.columns = board.columns;
    this.cards = new Map(cards.map((card) => [card.id, card]));
    this.unknown = new Set();
  }

  /** Take changes in; the ids of the cards they touch. */
  apply(changes) {
    const touched = new Set();
    for (const change of changes) {
      if (change.entity === "task") touched.add(this.task(change));
      if (change.entity === "board" && change.after) Object.assign(this.board, change.after);
    }
    this.columns = this.board.columns;
    return touched;
  }

  task({ action, entity_id: id, after, at }) {
    const known = this.cards.get(id);
    if (action === "deleted" || after?.archived_at) this.cards.delete(id);
    else if (action === "created") this.cards.set(id, { tags: [], blocked_by: 0, created_at: at, updated_at: at, ...after });
    else if (known) Object.assign(known, after, { updated_at: at });
    else if (after && "archived_at" in after) this.unknown.add(id);
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

  isDone(card) {
    return this.column(card.status)?.category === "done";
  }
}
