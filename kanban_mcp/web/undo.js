// What one did oneself, newest last, as the change log tells it.
import { post } from "./api.js";

const MOST = 50;

export class Undo {
  constructor(actor) {
    this.actor = actor;
    this.seqs = [];
  }

  heard(changes) {
    for (const change of changes) {
      const own = change.actor === this.actor() && change.entity !== "tag";
      if (own && !["blocked", "unblocked"].includes(change.action)) this.seqs.push(change.seq);
    }
    this.seqs.splice(0, this.seqs.length - MOST);
  }

  /** Take the newest back; what to say about it. */
  async last() {
    const seq = this.seqs.pop();
    if (seq === undefined) return "There is nothing of yours to take back.";
    const own = this.seqs.length;
    await post("/undo", { seq });
    this.skip = own;
    return "Taken back. Undo again to take back what came before.";
  }
}
