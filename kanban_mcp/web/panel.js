// A card's own page, beside the board.
import { get, patch, post } from "./api.js";
import { h, tell, when } from "./dom.js";
import { graph } from "./graph.js";
import { markdown } from "./markdown.js";
import { me } from "./session.js";

/** Open a card; `closed` is called when it is closed. */
export function cardPanel(page, id, closed) {
  const panel = new Panel(page, id, closed);
  panel.open();
  return panel;
}

class Panel {
  constructor(page, id, closed) {
    Object.assign(this, { page, id, closed });
    this.parts = Object.fromEntries(["head", "facts", "text", "list", "links", "notes", "history"].map((name) => [name, h("div")]));
    this.element = h(
      "dialog.panel",
      { "aria-label": `Card ${id}`, onclose: () => this.gone() },
      h("button.close", { "aria-label": "Close", onclick: () => this.close() }, "×"),
      Object.values(this.parts).slice(0, 6),
      me.writes ? this.noteForm() : null,
      this.parts.history,
    );
  }

  async open() {
    document.body.append(this.element);
    this.element.showModal();
    this.address(this.id);
    await this.refresh();
  }

  close() {
    this.element.close();
  }

  gone() {
    this.element.remove();
    this.address(null);
    this.closed();
    this.page.find(this.id)?.focus();
  }

  address(id) {
    const given = new URLSearchParams(location.search);
    if (id) given.set("task", id);
    else given.delete("task");
    history.replaceState(null, "", `${location.pathname}${given.size ? `?${given}` : ""}`);
  }

  /** Something changed: what is shown is read again, what is being written stays. */
  heard(changes) {
    if (changes.some((change) => change.task_id === this.id || change.entity_id === this.id)) {
      clearTimeout(this.due);
      this.due = setTimeout(() => this.refresh(), 50);
    }
  }

  async refresh() {
    try {
      const [card, notes, past, around] = await Promise.all([
        get(`/tasks/${this.id}`),
        get(`/tasks/${this.id}/notes?limit=50`),
        get(`/changes?task_id=${this.id}&since=0&limit=100`),
        get(`/tasks/${this.id}/graph?depth=2`),
      ]);
      this.card = card;
      this.show(card, notes.items, past.items, around);
    } catch (problem) {
      this.parts.head.replaceChildren(h("p.wrong", {}, problem.message));
    }
  }

  show(card, notes, past, around) {
    const { head, facts, text, list, links, notes: place, history } = this.parts;
    if (!head.contains(document.activeElement)) head.replaceChildren(this.title(card));
    if (!facts.contains(document.activeElement)) facts.replaceChildren(...this.facts(card));
    if (!text.contains(document.activeElement)) text.replaceChildren(this.description(card));
    list.replaceChildren(...this.acceptance(card));
    links.replaceChildren(...this.links(card, around));
    place.replaceChildren(h("h3", {}, "Notes"), ...(notes.length ? notes.map(note) : [h("p.none", {}, "No notes yet.")]));
    history.replaceChildren(h("details", { open: history.querySelector("details")?.open }, h("summary", {}, `History, ${past.length}${past.length === 100 ? " or more" : ""} changes`), h("ol.history", {}, past.reverse().map((change) => this.change(change)))));
  }

  title(card) {
    const field = h("input.title", { value: card.title, maxlength: 200, "aria-label": "Title", readonly: !me.writes });
    field.addEventListener("change", () => this.save({ title: field.value.trim() }));
    return h("div.name", {}, h("span.id", {}, `#${card.id}`), field);
  }

  facts(card) {
    const choice = (label, now, values, save) =>
      h("label", {}, label, h("select", { disabled: !me.writes, onchange: (event) => save(event.target.value) }, values.map(([value, name]) => h("option", { value, selected: String(value) === String(now) }, name))));
    const assignee = h("input", { value: card.assignee ?? "", maxlength: 100, readonly: !me.writes, onchange: (event) => this.save({ assignee: event.target.value.trim() }) });
    const tags = h("input", { value: (card.tags ?? []).join(", "), readonly: !me.writes, onchange: (event) => this.save({ tags: event.target.value.split(",").map((tag) => tag.trim()).filter(Boolean) }) });
    return [
      h(
        "div.fields",
        {},
        choice("Column", card.status, this.page.state.columns.map((column) => [column.status, column.name]), (status) => this.page.move(this.id, { status })),
        choice("Priority", card.priority, [...Array(11).keys()].map((number) => [number, number]), (value) => this.save({ priority: Number(value) })),
        h("label", {}, "For", assignee),
        h("label", {}, "Tags", tags),
      ),
      h("p.facts", {}, "Made by ", card.created_by, " ", when(card.created_at), card.due_at ? [", due ", when(card.due_at)] : null),
      card.claimed_by ? h("p.held", {}, card.claimed_by, " has it, lease ", String(card.lease), ", until ", new Date(card.lease_expires_at).toLocaleTimeString(), " ", this.button("Take it back", () => this.release(card))) : null,
    ].filter(Boolean);
  }

  description(card) {
    const edit = () => {
      const field = h("textarea", { rows: 8, "aria-label": "Description", value: card.description ?? "" });
      const done = async () => (await this.save({ description: field.value })) && text.replaceChildren(this.description(this.card));
      const text = this.parts.text;
      text.replaceChildren(field, h("p", {}, h("button", { onclick: done }, "Save"), h("button", { onclick: () => text.replaceChildren(this.description(card)) }, "Cancel")));
      field.focus();
    };
    return h("div", {}, card.description ? markdown(card.description) : h("p.none", {}, "No description."), this.button("Edit the description", edit));
  }

  acceptance(card) {
    const items = card.acceptance ?? [];
    const toggle = (at) => () => this.save({ acceptance: items.map((item, index) => (index === at ? (item.startsWith("[x]") ? `[ ]${item.slice(3)}` : `[x]${item.slice(3)}`) : item)) });
    return items.length
      ? [h("h3", {}, "Acceptance"), h("ul.acceptance", {}, items.map((item, at) => h("li", {}, h("label", {}, h("input", { type: "checkbox", checked: item.startsWith("[x]"), disabled: !me.writes, onchange: toggle(at) }), ` ${item.slice(4)}`))))]
      : [];
  }

  links(card, around) {
    const groups = [["Waits for", card.blockers], ["Others wait for it", card.blocks], ["Parts", card.subtasks], ["Related", card.related]];
    const shown = groups.filter(([, tasks]) => tasks?.length);
    if (!shown.length) return [];
    const link = (task) => h("li", { class: task.open ? "" : "closed" }, h("a", { href: `/tasks/${task.id}` }, `#${task.id} ${task.title}`), ` ${task.status}`);
    return [h("h3", {}, "Links"), graph(around), ...shown.map(([name, tasks]) => h("div", {}, h("h4", {}, name), h("ul", {}, tasks.map(link))))];
  }

  change(change) {
    const fields = Object.keys(change.after ?? {}).filter((name) => !["version", "position", "id"].includes(name));
    const undo = me.writes ? this.button("Undo", () => post("/undo", { seq: change.seq })) : null;
    return h("li", {}, when(change.at), " ", h("b", {}, change.actor), ` ${change.action}`, change.entity === "task" ? null : ` a ${change.entity}`, fields.length ? h("span.fields-changed", {}, ` ${fields.join(", ")}`) : null, " ", undo);
  }

  noteForm() {
    const key = `note ${this.id}`;
    const field = h("textarea", { rows: 3, "aria-label": "A note", placeholder: "A note, in Markdown", value: sessionStorage.getItem(key) ?? "" });
    field.addEventListener("input", () => sessionStorage.setItem(key, field.value));
    const kind = h("select", { "aria-label": "Kind of note" }, ["general", "progress", "decision", "blocker", "question"].map((value) => h("option", {}, value)));
    const add = async (event) => {
      event.preventDefault();
      if (!field.value.trim()) return;
      if (await this.act(() => post(`/tasks/${this.id}/notes`, { content: field.value, category: kind.value }))) {
        sessionStorage.removeItem(key);
        field.value = "";
      }
    };
    return h("form.note", { onsubmit: add }, field, kind, h("button", {}, "Add the note"));
  }

  button(label, act) {
    return me.writes ? h("button.plain", { type: "button", onclick: () => this.act(act) }, label) : null;
  }

  release(card) {
    return post(`/tasks/${this.id}/release`, { lease: card.lease, note: `Taken back on the board by ${me.actor || "someone"}.` });
  }

  save(fields) {
    return this.act(() => patch(`/tasks/${this.id}`, { ...fields, version: this.card.version }));
  }

  async act(doing) {
    try {
      await doing();
      return true;
    } catch (problem) {
      tell([problem.message, problem.hint].filter(Boolean).join(" "), { wrong: true });
      this.refresh();
      return false;
    }
  }
}

function note(entry) {
  return h("article.note", {}, h("header", {}, h("b", {}, entry.author), " ", h("span.kind", {}, entry.category), entry.pinned ? " pinned" : null, " ", when(entry.created_at)), entry.title ? h("h4", {}, entry.title) : null, markdown(entry.content));
}
