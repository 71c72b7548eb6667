// What one did oneself, newest last, as the change log tells it.
import { call } from "./api.js";
import { me } from "./me.js";

const MOST = 50;
/** Actions that are not taken back by themselves. */
export const FOLLOWING = ["blocked", "unblocked"]; // these follow from another change, and go with it

export class Undo {
  constructor() {
    this.seqs = [];
    this.newest = 0;
    this.taken = { since: 0, until: 0 }; // the changes that the last taking back made: not themselves taken back by the same key
    this.held = null;
  }

  /** Remember what of this is one's own. News of a taking back may come before its answer, which tells it apart. */
  heard(changes) {
    if (this.held) return void this.held.push(...changes);
    for (const change of changes) {
      if (change.seq <= this.newest) continue;
      this.newest = change.seq;
      if (change.actor !== me.actor || FOLLOWING.includes(change.action) || change.entity === "tag") continue;
      if (change.seq <= this.taken.since || change.seq > this.taken.until) this.seqs.push(change.seq);
    }
    this.seqs.splice(0, this.seqs.length - MOST);
  }

  /** Take the newest back; what to say about it. One at a time: the caller waits for the answer. */
  async last() {
    const seq = this.seqs.pop();
    if (seq === undefined) return "There is nothing of yours to take back.";
    this.held = [];
    try {
      this.taken = await call("undo", { seq });
    } finally {
      const { held } = this;
      this.held = null;
      this.heard(held);
    }
    return "Taken back.";
  }
}
