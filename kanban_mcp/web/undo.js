// What one did oneself, newest last, as the change log tells it.
import { call } from "./api.js";
import { me } from "./me.js";

const MOST = 50;
const FOLLOWING = ["blocked", "unblocked"]; // these follow from another change, and go with it

export class Undo {
  constructor() {
    this.seqs = [];
    this.mine = 0;
    this.newest = 0;
  }

  heard(changes) {
    for (const change of changes) {
      if (change.seq <= this.newest) continue;
      this.newest = change.seq;
      if (change.actor !== me.actor || FOLLOWING.includes(change.action) || change.entity === "tag") continue;
      if (change.seq > this.mine) this.seqs.push(change.seq);
    }
    this.seqs.splice(0, this.seqs.length - MOST);
  }

  /** Take the newest back; what to say about it. */
  async last() {
    const seq = this.seqs.pop();
    if (seq === undefined) return "There is nothing of yours to take back.";
    const undone = await call("undo", { seq });
    this.mine = Math.max(this.mine, undone.until); // taking back is not itself taken back by the same key
    this.seqs = this.seqs.filter((each) => each <= undone.since || each > undone.until);
    return "Taken back.";
  }
}
