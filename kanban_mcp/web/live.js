// Changes as they happen, over a WebSocket that comes back by itself and misses nothing.

const SHORTEST = 250;
const LONGEST = 10000;

export class Live {
  /**
   * `read` is called to read all anew: at first, when the log no longer reaches back to what is shown, and again after
   * it failed. `changed` is given lists of the changes made since, in order; `state` is told "live" or "lost"; `refused`
   * is called where this page may not, or no longer, hear of the room.
   */
  constructor(room, { read, changed, state, refused }) {
    Object.assign(this, { room, read, changed, state, refused });
    this.since = null;
    this.wait = SHORTEST;
    this.open();
    this.comeBack = () => this.socket === null && this.open();
    window.addEventListener("online", this.comeBack);
  }

  open() {
    clearTimeout(this.timer);
    const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws`);
    this.socket = socket;
    socket.onmessage = (event) => this.hear(JSON.parse(event.data));
    socket.onclose = () => this.lost(socket);
  }

  hear(message) {
    if (message.type === "welcome") this.welcomed(message);
    else if (message.type === "error") this.refused();
    else if (message.type === "batch" && message.trimmed) this.start(message.seq);
    else if (message.type === "batch") {
      const fresh = message.messages.filter((change) => change.seq > this.since);
      if (fresh.length === 0) return;
      this.since = fresh.at(-1).seq;
      this.changed(fresh);
    }
  }

  welcomed({ seq, heartbeat_seconds: seconds }) {
    this.wait = SHORTEST;
    this.state("live");
    clearInterval(this.beat);
    this.beat = setInterval(() => this.socket?.send('{"type":"ping"}'), seconds * 500);
    if (this.since === null) this.start(seq);
    else this.subscribe();
  }

  /** Read all, then hear of what came after a seq: what changes while it is read is heard of again. */
  async start(seq) {
    const { socket } = this;
    try {
      await this.read();
    } catch {
      return socket.close(); // what came meanwhile was not read: it begins anew
    }
    this.since = seq;
    this.subscribe();
  }

  subscribe() {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ type: "subscribe", rooms: [this.room], since: this.since }));
  }

  lost(socket) {
    if (socket !== this.socket) return;
    this.socket = null;
    clearInterval(this.beat);
    this.state("lost");
    this.timer = setTimeout(() => this.open(), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(this.wait * 2, LONGEST);
    if (this.since === null && !this.alone) {
      this.alone = true; // what can be had without changes is shown meanwhile
      this.read().catch(() => {});
    }
  }

  close() {
    const socket = this.socket;
    this.socket = undefined;
    clearTimeout(this.timer);
    clearInterval(this.beat);
    window.removeEventListener("online", this.comeBack);
    socket?.close();
  }
}
