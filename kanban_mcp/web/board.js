// A board: columns of cards, live.
import { all, get, post } from "./api.js";
import { cardElement } from "./card.js";
import { h, tell } from "./dom.js";
import { filterForm, filters, matches } from "./filters.js";
import { liftable } from "./lift.js";
import { Live } from "./live.js";
import { ask, me } from "./session.js";
import { BoardState } from "./state.js";
import { Undo } from "./undo.js";
import { cardPanel } from "./panel.js";
import { moveMenu } from "./menu.js";

const MOST_DONE = 100; // cards of a finished column that are fetched: the rest is history, and search finds it

export async function boardPage(content, id) {
  await ask();
  const page = new BoardPage(content, Number(id));
  await page.load();
  page.listen();
  return () => page.close();
}

class BoardPage {
  constructor(content, id) {
    Object.assign(this, { content, id, chosen: new Set(), waiting: new Set(), late: null });
    this.undo = new Undo(() => me.actor);
    this.lists = new Map();
  }

  async load() {
    // The seq first: what changes while the rest is read is heard of again, and takes no harm from that.
    const newest = await get(`/changes?board=${this.id}&since=0&limit=1`).then(() => this.newest());
    const board = await get(`/boards/${this.id}?limit=1`);
    const cards = (await Promise.all(board.columns.map((column) => this.cardsOf(column)))).flat();
    this.state = new BoardState(board, cards);
    this.since = newest;
    this.draw();
    this.ages();
  }

  /** The seq of the newest change there is. */
  async newest() {
    return new Promise((resolve) => {
      const scheme = location.protocol === "https:" ? "wss" : "ws";
      const socket = new WebSocket(`${scheme}://${location.host}/ws`);
      socket.onmessage = (event) => {
        const message = JSON.parse(event.data);
        if (message.type !== "welcome") return;
        resolve(message.seq);
        socket.close();
      };
      socket.onerror = () => resolve(0);
    });
  }

  async cardsOf(column) {
    const path = `/tasks?board=${this.id}&status=${encodeURIComponent(column.status)}`;
    return column.category === "done" ? (await get(`${path}&limit=${MOST_DONE}`)).items : all(path);
  }

  listen() {
    this.live = new Live(`board:${this.id}`, {
      changed: (changes) => this.changed(changes),
      reload: () => this.load().then(() => this.live.from(this.since)),
      state: (state) => this.connected(state),
    });
    this.live.from(this.since);
    this.keys = (event) => this.key(event);
    document.addEventListener("keydown", this.keys);
    this.clock = setInterval(() => this.redraw(this.state.cards.keys()), 60000);
    if (new URLSearchParams(location.search).get("task")) this.open(Number(new URLSearchParams(location.search).get("task")));
  }

  close() {
    this.live?.close();
    document.removeEventListener("keydown", this.keys);
    clearInterval(this.clock);
    this.panel?.close();
  }

  async ages() {
    const flow = await get(`/boards/${this.id}/flow`).catch(() => null);
    const usual = flow?.cycle_time?.p85_hours;
    if (usual) {
      this.late = usual * 3600000;
      this.redraw(this.state.cards.keys());
    }
  }

  // Drawing

  draw() {
    document.title = this.state.board.name;
    this.note = h("p.connection", { role: "status" });
    this.strip = h("div.columns", {}, this.state.columns.map((column) => this.column(column)));
    this.tools = h("div.tools", {}, filterForm(this.state, () => this.refilter()));
    this.bulk = h("div.bulk", { hidden: true });
    this.content.replaceChildren(
      h("div.head", {}, h("h1", {}, this.state.board.name), h("a", { href: `/boards/${this.id}/charts` }, "Charts"), this.undoButton(), this.note),
      this.tools,
      this.bulk,
      this.strip,
    );
    this.lift ??= liftable(this);
    this.refilter();
    this.first();
  }

  undoButton() {
    return me.writes ? h("button.undo", { onclick: () => this.takeBack(), title: "Take back what you changed last (u)" }, "Undo") : null;
  }

  column(column) {
    const list = h("ol.cards", { data: { status: column.status }, "aria-label": column.name });
    this.lists.set(column.status, list);
    const head = h("header", {}, h("h2", {}, column.name), h("span.count"));
    const section = h("section.column", { data: { status: column.status } }, head, list, me.writes ? this.quickAdd(column) : null);
    for (const card of this.state.in(column.status)) list.append(this.element(card));
    return section;
  }

  element(card) {
    return cardElement(card, { done: this.state.isDone(card), late: this.late, chosen: this.chosen.has(card.id) });
  }

  quickAdd(column) {
    const field = h("input", { name: "title", maxlength: 200, placeholder: "Add a card", "aria-label": `Add a card to ${column.name}` });
    const add = async (event) => {
      event.preventDefault();
      const title = field.value.trim();
      if (!title) return;
      field.value = "";
      try {
        await post("/tasks", { board: this.id, title, status: column.status });
      } catch (problem) {
        field.value = title;
        this.wrong(problem);
      }
    };
    return h("form.add", { onsubmit: add }, field);
  }

  counts() {
    for (const section of this.strip.children) {
      const column = this.state.column(section.dataset.status);
      if (!column) continue;
      const cards = this.lists.get(column.status).children.length;
      const over = column.wip_limit && cards > column.wip_limit;
      const full = column.wip_limit && cards === column.wip_limit;
      section.classList.toggle("over", Boolean(over));
      section.querySelector(".count").textContent = column.wip_limit ? `${cards} of ${column.wip_limit}${over ? ", over the limit" : full ? ", full" : ""}` : `${cards}`;
    }
  }

  /** Draw some cards anew, in their places; the focus stays where it is. */
  redraw(ids) {
    const focused = document.activeElement?.closest?.(".card")?.dataset.id;
    for (const id of ids) this.place(id);
    this.counts();
    if (focused && !document.activeElement?.closest?.(".card")) this.find(focused)?.focus();
  }

  place(id) {
    const old = this.find(id);
    const card = this.state.cards.get(id);
    const list = card && this.lists.get(card.status);
    if (!list) return old?.remove();
    const element = this.element(card);
    element.tabIndex = old?.tabIndex ?? -1;
    element.hidden = !matches(card, filters());
    const next = this.following(list, card, old);
    if (old && old.parentNode === list && old.nextElementSibling === next) old.replaceWith(element);
    else {
      old?.remove();
      list.insertBefore(element, next);
    }
    if (this.lift?.id === id) element.classList.add("lifted");
  }

  /** The element before which a card belongs: found by halving, since a column may hold a thousand. */
  following(list, card, itself) {
    const others = [...list.children].filter((element) => element !== itself);
    let low = 0;
    let high = others.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.state.cards.get(Number(others[middle].dataset.id));
      if (other && other.position < card.position) low = middle + 1;
      else high = middle;
    }
    return others[low] ?? null;
  }

  find(id) {
    return this.strip.querySelector(`.card[data-id="${id}"]`);
  }

  refilter() {
    const wanted = filters();
    for (const element of this.strip.querySelectorAll(".card")) {
      const card = this.state.cards.get(Number(element.dataset.id));
      element.hidden = !card || !matches(card, wanted);
    }
    this.counts();
  }

  /** One card takes part in the order of tabs: arrows go on from there. */
  first() {
    if (!this.strip.querySelector('.card[tabindex="0"]')) this.strip.querySelector(".card:not([hidden])")?.setAttribute("tabindex", 0);
  }

  // Changes

  changed(changes) {
    const columns = changes.some((change) => change.entity === "board" && change.after?.columns);
    for (const id of this.state.apply(changes)) this.waiting.add(id);
    this.undo.heard(changes);
    this.panel?.heard(changes);
    if (columns) return this.load();
    this.due ??= requestAnimationFrame(() => this.flush());
    this.mention(changes);
    for (const id of this.state.unknown) this.fetch(id);
  }

  flush() {
    this.due = undefined;
    const ids = [...this.waiting];
    this.waiting.clear();
    this.redraw(ids);
    this.first();
    for (const id of ids) this.find(id)?.classList.add("changed");
  }

  async fetch(id) {
    this.state.unknown.delete(id);
    const { items } = await get(`/tasks?board=${this.id}&limit=100`).catch(() => ({ items: [] }));
    const card = items.find((item) => item.id === id);
    if (card) {
      this.state.cards.set(id, card);
      this.redraw([id]);
    }
  }

  /** Who did it, where it was somebody else. */
  mention(changes) {
    const theirs = changes.filter((change) => change.actor !== me.actor && change.entity === "task" && change.action !== "blocked" && change.action !== "unblocked");
    if (theirs.length === 0) return;
    const last = theirs.at(-1);
    const title = this.state.cards.get(last.entity_id)?.title ?? `#${last.entity_id}`;
    tell(theirs.length > 3 ? `${theirs.length} changes, the last by ${last.actor}` : `${last.actor} ${last.action} “${title}”`);
  }

  connected(state) {
    this.note.textContent = state === "live" ? "" : "The connection is lost; what you see may be old. It comes back by itself.";
    this.note.classList.toggle("lost", state !== "live");
  }

  // Doing

  wrong(problem) {
    tell([problem.message, problem.hint].filter(Boolean).join(" "), { wrong: true });
  }

  /** Move a card at once, and put it back if that is refused. */
  async move(id, { status, before = null, after = null }) {
    const card = this.state.cards.get(id);
    const was = { status: card.status, position: card.position };
    Object.assign(card, { status, position: this.between(status, id, before, after) });
    this.redraw([id]);
    try {
      const place = before ? { before } : after ? { after } : {};
      await post(`/tasks/${id}/move`, { status, version: card.version, ...place });
    } catch (problem) {
      Object.assign(card, was);
      this.redraw([id]);
      this.wrong(problem);
    }
  }

  /** An order key for the meantime; the true one comes with the change. */
  between(status, id, before, after) {
    if (before) return this.state.cards.get(before).position.slice(0, -1) + "\u0001";
    if (after) return `${this.state.cards.get(after).position}\u0001`;
    const last = this.state.in(status).filter((card) => card.id !== id).at(-1);
    return last ? `${last.position}\u0001` : "8";
  }

  async moveChosen(status) {
    const calls = [...this.chosen].map((task_id) => ({ operation: "move_task", arguments: { task_id, status } }));
    try {
      await post("/batch", { calls });
      this.choose(null);
    } catch (problem) {
      this.wrong(problem);
    }
  }

  choose(id) {
    if (id === null) this.chosen.clear();
    else if (!this.chosen.delete(id)) this.chosen.add(id);
    for (const element of this.strip.querySelectorAll(".card")) {
      const chosen = this.chosen.has(Number(element.dataset.id));
      if (chosen) element.setAttribute("aria-selected", "true");
      else element.removeAttribute("aria-selected");
    }
    this.bulk.hidden = this.chosen.size === 0;
    this.bulk.replaceChildren(
      `${this.chosen.size} chosen. Move them to `,
      ...this.state.columns.map((column) => h("button", { onclick: () => this.moveChosen(column.status) }, column.name)),
      h("button", { onclick: () => this.choose(null) }, "None"),
    );
  }

  async takeBack() {
    try {
      tell(await this.undo.last());
    } catch (problem) {
      this.wrong(problem);
    }
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
    if (event.key === "u" && me.writes) this.takeBack();
    if (event.key === "/") {
      event.preventDefault();
      this.tools.querySelector("input").focus();
    }
  }
}
