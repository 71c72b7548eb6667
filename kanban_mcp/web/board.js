// A board: what it shows, kept true, and what is done on it.
import { kept, pages } from "./address.js";
import { call, maybe } from "./api.js";
import { archive } from "./archive.js";
import { Columns } from "./columns.js";
import { h, tell, wrong } from "./dom.js";
import { filterForm } from "./filters.js";
import { found } from "./found.js";
import { liftable } from "./lift.js";
import { Live } from "./live.js";
import { moveMenu } from "./menu.js";
import { cardPanel } from "./panel.js";
import { me } from "./me.js";
import { Moves } from "./moves.js";
import { blockers, finished, older, openBoard } from "./reading.js";
import { offers } from "./rest.js";
import { Undo } from "./undo.js";

const MARKED = 1500; // milliseconds that a card that changed stands out

/** Show a board, once it is read; what to call when it is left. */
export async function boardPage(content, id) {
  const page = new BoardPage(content, Number(id));
  await page.begin();
  return () => page.close();
}

/** What was shown is not to be seen any more: show what the address means now. */
const gone = () => document.dispatchEvent(new Event("gone"));

class BoardPage {
  constructor(content, id) {
    Object.assign(this, { content, id, chosen: new Set(), waiting: new Set(), marked: new Set(), late: null });
    this.undo = new Undo();
    this.moves = new Moves(this);
    this.note = h("p.connection", { role: "status" });
  }

  /** Until the board was read for the first time. */
  begin() {
    this.keys = (event) => this.key(event);
    document.addEventListener("keydown", this.keys);
    this.clock = setInterval(() => this.columns?.redraw(this.state.cards.keys()), 60000);
    return new Promise((shown, failed) => {
      this.live = new Live(`board:${this.id}`, {
        read: () => this.read().then(shown, (problem) => {
          failed(problem); // of the first time; later the connection comes back and it is read again
          throw problem;
        }),
        changed: (changes) => this.changed(changes),
        state: (state) => this.connected(state),
        refused: gone,
      });
    }).catch((problem) => {
      this.close();
      throw problem;
    });
  }

  close() {
    this.live?.close();
    document.removeEventListener("keydown", this.keys);
    clearInterval(this.clock);
    this.panel?.close();
    this.closed = true;
  }

  // Reading

  /** Read all, and go on from there; what was heard while it was read is heard again, since it may be newer. */
  async read() {
    const heard = (this.heard = []);
    const before = this.state;
    const state = await openBoard(this.id);
    if (before) await finished(state, before);
    if (this.closed) return;
    state.apply(heard);
    this.heard = null;
    this.state = state;
    this.moves.again();
    this.draw();
    if (!before) finished(state).then((ids) => this.state === state && this.columns.redraw(ids), wrong);
    this.ages();
    this.blockers([...state.cards.values()].filter((card) => card.blocked_by && !card.blockers).map((card) => card.id));
  }

  /** Read all anew, once at a time; asked for meanwhile, once more. */
  async readAgain() {
    this.stale = true;
    if (this.reading) return;
    this.reading = true;
    try {
      while (this.stale && !this.closed) {
        this.stale = false;
        await this.read();
        this.stale ||= this.state.unknown;
      }
    } finally {
      this.reading = false;
    }
  }

  async older(status) {
    this.columns.redraw(await older(this.state, status));
  }

  blockers(ids) {
    const { state } = this;
    blockers(state, ids, (id) => this.state === state && !this.closed && this.soon([id])).catch(wrong);
  }

  /** Above which age work on this board is unusual. */
  async ages() {
    const flow = await maybe("get_flow_metrics", { board: this.id });
    const usual = flow?.cycle_hours?.p85;
    if (!usual || this.closed) return;
    this.late = this.columns.late = usual * 3600000;
    this.soon([...this.state.cards.values()].filter((card) => card.started_at && !this.state.isDone(card)).map((card) => card.id));
  }

  // Drawing

  draw() {
    const { name } = this.state.board;
    document.title = name;
    if (this.columns) return void (this.columns = this.columns.showing(this.state));
    this.columns = new Columns(this.state, { late: this.late, chosen: this.chosen, add: me.writes ? (column, title) => this.add(column, title) : null, older: (status) => this.older(status) });
    this.tools = filterForm(this, { changed: () => this.columns.filter(), search: (words) => this.search(words) });
    this.bulk = h("div.bulk", { hidden: true, role: "group", "aria-label": "Chosen cards" });
    this.results = h("div");
    const links = [pages ? h("a", { href: `/boards/${this.id}/charts` }, "Charts") : null, offers("archive_task") ? h("button", { onclick: () => archive(this) }, "Archive") : null];
    const undo = this.undoes ? h("button.undo", { onclick: () => this.takeBack(), title: "Take back what you changed last (u)" }, "Undo") : null;
    const frame = h("div.board", {}, h("div.head", {}, h("h1", {}, name), undo, links, this.note), this.tools, this.results, this.bulk, this.columns.element);
    this.content.replaceChildren(frame);
    liftable(this, frame);
    if (kept("find")) this.search(kept("find"));
    if (kept("task")) this.open(Number(kept("task")));
  }

  // Changes

  changed(changes) {
    this.heard?.push(...changes);
    const touched = this.state.apply(changes);
    for (const id of touched) this.marked.add(id);
    this.blockers(changes.filter((change) => change.after && "blocked_by" in change.after).map((change) => change.entity_id));
    this.undo.heard(changes);
    this.panel?.heard(changes);
    if (this.state.unknown || changes.some((change) => change.entity === "board" && change.after?.columns)) this.readAgain().catch(wrong);
    if (changes.some((change) => change.entity === "board" && change.action === "deleted")) return gone();
    this.soon(touched);
    this.mention(changes);
  }

  /** Draw some cards anew with the next frame: all that came meanwhile at once. */
  soon(ids) {
    for (const id of ids) this.waiting.add(id);
    this.due ??= requestAnimationFrame(() => this.flush());
  }

  flush() {
    this.due = undefined;
    this.columns.redraw(this.waiting);
    const changed = [...this.marked].map((id) => this.columns.find(id)).filter(Boolean);
    for (const element of changed) element.classList.add("changed");
    setTimeout(() => changed.forEach((element) => element.classList.remove("changed")), MARKED);
    this.waiting.clear();
    this.marked.clear();
  }

  /** Who did it, where it was somebody else. */
  mention(changes) {
    const theirs = changes.filter((change) => change.actor !== me.actor && change.entity === "task" && !change.action.endsWith("blocked"));
    if (theirs.length === 0) return;
    const last = theirs.at(-1);
    const title = this.state.cards.get(last.entity_id)?.title ?? `#${last.entity_id}`;
    tell(theirs.length > 3 ? `${theirs.length} changes, the last by ${last.actor}` : `${last.actor} ${last.action} “${title}”`);
  }

  connected(state) {
    const lost = state !== "live";
    this.note.textContent = lost ? "The connection is lost: what you see may be old. It comes back by itself." : "";
    this.note.classList.toggle("lost", lost);
  }

  // Doing

  /** Whether what one did oneself can be told from what others did, and taken back. */
  get undoes() {
    return me.writes && Boolean(me.actor) && offers("undo");
  }

  async add(column, title) {
    try {
      await call("create_task", { board: this.id, title, status: column.status });
      return true;
    } catch (problem) {
      wrong(problem);
      return false;
    }
  }

  move(id, to) {
    return this.moves.move(id, to);
  }

  /** All of them or none. */
  async moveChosen(status) {
    const calls = [...this.chosen].map((task_id) => ({ operation: "move_task", arguments: { task_id, status } }));
    try {
      await call("run_batch", { calls });
      this.choose(null);
    } catch (problem) {
      wrong(problem);
    }
  }

  /** Choose a card or leave it; null leaves all. */
  choose(id) {
    if (!me.writes || !offers("run_batch")) return;
    const other = id === null ? [...this.chosen] : [id];
    if (id === null) this.chosen.clear();
    else if (!this.chosen.delete(id)) this.chosen.add(id);
    this.columns.redraw(other);
    this.bulk.hidden = this.chosen.size === 0;
    this.bulk.replaceChildren(
      h("span", { role: "status" }, `${this.chosen.size} chosen. Move to:`),
      ...this.state.columns.map((column) => h("button", { onclick: () => this.moveChosen(column.status) }, column.name)),
      h("button.plain", { onclick: () => this.choose(null) }, "Choose none"),
    );
  }

  /** Take back what one did last, after all that was asked for before. */
  takeBack() {
    return this.moves.next(() => this.takeLast());
  }

  async takeLast() {
    try {
      // What was done a moment ago may not have been heard of yet.
      const { items } = await call("list_changes", { board: this.id, since: this.live.since, limit: 100 });
      this.undo.heard(items);
      tell(await this.undo.last());
    } catch (problem) {
      wrong(problem);
    }
  }

  search(words) {
    found(this, words).catch(wrong);
  }

  menu(id, anchor) {
    moveMenu(this, id, anchor);
  }

  open(id) {
    this.panel?.close();
    this.panel = cardPanel(this, id, () => (this.panel = undefined));
  }

  key(event) {
    if (event.target.matches("input, textarea, select") || event.metaKey || event.ctrlKey || event.altKey) return;
    if (event.key === "u" && this.undoes && !this.panel) this.takeBack();
    if (event.key === "Escape" && this.chosen.size && !event.defaultPrevented) this.choose(null);
    if (event.key === "/") {
      event.preventDefault();
      this.tools.querySelector("input").focus();
    }
  }
}
