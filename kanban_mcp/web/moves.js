// Moves that are seen before the server has answered.
import { call } from "./api.js";
import { wrong } from "./dom.js";

export class Moves {
  /** Those of a page: its `state` may be read anew while one is under way. */
  constructor(page) {
    this.page = page;
    this.pending = new Set();
    this.own = new Map(); // the version that the last move made of each card: not somebody else's change
    this.sending = Promise.resolve();
  }

  /** Do something once all that was asked for before is answered. */
  next(doing) {
    return (this.sending = this.sending.then(doing));
  }

  /** Move a card at once, and put it back if that is refused. One move is sent after the other. */
  move(id, { status, before = null, after = null }) {
    const { state, columns } = this.page;
    const { version } = state.cards.get(id);
    const move = { id, version, meanwhile: state.meanwhile(id, status, before, after), place: before ? { before } : after ? { after } : {} };
    this.pending.add(move);
    this.show(move);
    columns.redraw([id]);
    return this.next(() => this.send(move));
  }

  /** Show a card where it is going to be. */
  show(move) {
    const card = this.page.state.cards.get(move.id);
    if (!card) return;
    move.was = Object.fromEntries(Object.keys(move.meanwhile).map((name) => [name, card[name]]));
    Object.assign(card, move.meanwhile);
  }

  /** The board was read anew: what the server has not answered yet is still to be seen. */
  again() {
    for (const move of this.pending) this.show(move);
  }

  async send(move) {
    const { id, meanwhile, place } = move;
    try {
      const version = Math.max(move.version, this.own.get(id) ?? 0); // that it was moved by oneself meanwhile is no conflict
      const moved = await call("move_task", { task_id: id, status: meanwhile.status, version, ...place });
      this.own.set(id, moved.version);
    } catch (problem) {
      const card = this.page.state.cards.get(id);
      if (card?.position === meanwhile.position) Object.assign(card, move.was); // else news of it came first
      this.page.columns.redraw([id]);
      wrong(problem);
    } finally {
      this.pending.delete(move);
    }
  }
}
