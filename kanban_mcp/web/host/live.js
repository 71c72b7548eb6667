// Changes as they happen, by asking for news: a page in a host has no connection of its own.
import { call } from "../api.js";

const PATIENCE = 10; // seconds that a question for news may stay open
const PAUSE = 1000; // milliseconds between one piece of news and the next: hosts count calls
const SHORTEST = 500;
const LONGEST = 15000;
const NOW = "9999-12-31T00:00:00Z"; // no change is later: since then means from now on

export class Live {
  /** As on the page of a server, where changes come over a WebSocket. */
  constructor(room, { read, changed, state }) {
    Object.assign(this, { board: Number(room.slice("board:".length)), read, changed, state });
    this.since = null;
    this.sight = new Sight();
    this.run();
  }

  async run() {
    for (let wait = SHORTEST; !this.closed; ) {
      try {
        await this.sight.seen();
        if (this.since === null) await this.start();
        else await this.next();
        this.state("live");
        wait = SHORTEST;
      } catch {
        if (this.closed) return;
        await this.lost(wait);
        wait = Math.min(wait * 2, LONGEST);
      }
    }
  }

  /** Read all, then hear of what came after: what changes while it is read is heard of again. */
  async start() {
    const { next } = await call("list_changes", { board: this.board, since: NOW, limit: 1 });
    await this.read();
    this.since = Number(next);
  }

  async next() {
    const { items, next, trimmed } = await call("list_changes", { board: this.board, since: this.since, wait: PATIENCE, limit: 100 });
    if (this.closed) return;
    this.since = trimmed ? null : Number(next);
    if (!items.length || trimmed) return;
    this.changed(items);
    await pause(PAUSE);
  }

  async lost(wait) {
    this.state("lost");
    if (this.since === null && !this.alone) {
      this.alone = true; // what can be had without changes is shown meanwhile
      await this.read();
    }
    await pause(wait);
  }

  close() {
    this.closed = true;
    this.sight.close();
  }
}

const pause = (milliseconds) => new Promise((over) => setTimeout(over, milliseconds));

/** Whether someone may be looking: a conversation has many pages, and most of them are scrolled away. */
class Sight {
  constructor() {
    this.waiting = [];
    this.observer = new IntersectionObserver((entries) => this.change(entries.at(-1).isIntersecting));
    this.observer.observe(document.documentElement);
  }

  change(inSight) {
    this.inSight = inSight;
    if (inSight) for (const go of this.waiting.splice(0)) go();
  }

  /** Once it is in sight. */
  seen() {
    return this.inSight ? Promise.resolve() : new Promise((go) => this.waiting.push(go));
  }

  close() {
    this.observer.disconnect();
  }
}
