// Changes as they happen, over a WebSocket that comes back by itself and misses nothing.

const SHORTEST = 250;
const LONGEST = 10000;

export class Live {
  /** `changed` is given lists of changes in order, `reload` is called when the log no longer reaches back. */
  constructor(room, { changed, reload, state }) {
    Object.assign(this, { room, changed, reload, state });
    this.since = null;
    this.wait = SHORTEST;
    this.open();
    this.comeBack = () => this.socket === null && this.open();
    window.addEventListener("online", this.comeBack);
  }

  /** What was read by other means goes up to here. */
  from(seq) {
    this.since = seq;
    this.subscribe();
  }

  open() {
    clearTimeout(this.timer);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws`);
    this.socket = socket;
    socket.onmessage = (event) => this.hear(JSON.parse(event.data));
    socket.onclose = () => this.lost(socket);
  }

  subscribe() {
    if (this.since !== null && this.socket?.readyState === WebSocket.OPEN)
      this.socket.send(JSON.stringify({ type: "subscribe", rooms: [this.room], since: this.since }));
  }

  hear(message) {
    if (message.type === "welcome") {
      this.wait = SHORTEST;
      this.state("live");
      this.subscribe();
      clearInterval(this.beat);
      this.beat = setInterval(() => this.socket?.send('{"type":"ping"}'), message.heartbeat_seconds * 500);
    } else if (message.type === "batch" && message.trimmed) {
      this.reload();
    } else if (message.type === "batch") {
      const fresh = message.messages.filter((change) => change.seq > this.since);
      if (fresh.length === 0) return;
      this.since = fresh.at(-1).seq;
      this.changed(fresh);
    }
  }

  lost(socket) {
    if (socket !== this.socket) return;
    this.socket = null;
    clearInterval(this.beat);
    this.state("lost");
    this.timer = setTimeout(() => this.open(), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(this.wait * 2, LONGEST);
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
