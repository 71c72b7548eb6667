// A card's own page, beside the board.
import { keep } from "./address.js";
import { call, maybe } from "./api.js";
import { h, when, wrong } from "./dom.js";
import { draft } from "./draft.js";
import { graph } from "./graph.js";
import { markdown } from "./markdown.js";
import { me } from "./me.js";
import { offers } from "./rest.js";
import { sheet } from "./sheet.js";
import { FOLLOWING } from "./undo.js";

const COUNTED = ["version", "position", "id"]; // fields that follow from others

/** Open a card; `closed` is called when it is closed. */
export function cardPanel(page, id, closed) {
  const panel = new Panel(page, id, closed);
  panel.open();
  return panel;
}

class Panel {
  constructor(page, id, closed) {
    Object.assign(this, { page, id, editing: false });
    this.parts = Object.fromEntries(["head", "facts", "text", "list", "links", "notes", "history"].map((name) => [name, h("div")]));
    const { history, ...first } = this.parts;
    this.sheet = sheet(`Card ${id}`, () => this.gone(closed), Object.values(first), me.writes ? this.noteForm() : null, history, this.foot());
  }

  async open() {
    keep("task", this.id);
    await this.refresh();
  }

  close() {
    this.sheet.close();
  }

  gone(closed) {
    keep("task", null);
    closed();
    this.page.columns.find(this.id)?.focus();
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
        call("get_task", { task_id: this.id }),
        maybe("list_notes", { task_id: this.id, limit: 100 }), // where notes are off, the brief has some
        this.past(),
        maybe("get_task_graph", { task_id: this.id, depth: 2 }),
      ]);
      this.card = card;
      this.show(card, notes?.items ?? card.notes ?? [], past, around);
    } catch (problem) {
      this.parts.head.replaceChildren(h("p.wrong", {}, problem.words ?? problem.message));
    }
  }

  /** All changes of the card, oldest first. */
  async past() {
    const changes = [];
    for (let since = 0, page; page?.items.length !== 0; since = page.next) {
      page = await call("list_changes", { task_id: this.id, since, limit: 100 });
      changes.push(...page.items);
      if (page.items.length < 100 && !page.truncated) break;
    }
    return changes;
  }

  show(card, notes, past, around) {
    const { head, facts, text, list, links, notes: place, history } = this.parts;
    if (!head.contains(document.activeElement)) head.replaceChildren(this.title(card));
    if (!facts.contains(document.activeElement) || document.activeElement.matches("button")) facts.replaceChildren(...this.facts(card));
    if (!this.editing) text.replaceChildren(this.description(card));
    list.replaceChildren(...this.acceptance(card));
    links.replaceChildren(...this.links(card, around));
    place.replaceChildren(h("h3", {}, "Notes"), ...(notes.length ? notes.map(note) : [h("p.none", {}, "No notes yet.")]));
    history.replaceChildren(h("details", { open: history.querySelector("details")?.open }, h("summary", {}, `History: ${past.length} changes`), h("ol.history", {}, past.reverse().map((change) => this.change(change)))));
  }

  title(card) {
    const field = h("textarea.title", { value: card.title, rows: Math.ceil(card.title.length / 50), maxlength: 200, "aria-label": "Title", readonly: !me.writes });
    field.addEventListener("keydown", (event) => event.key === "Enter" && (event.preventDefault(), field.blur())); // a title is one line, shown on several
    field.addEventListener("change", () => this.save({ title: field.value.trim() }, card.version));
    return h("div.name", {}, h("span.id", {}, `#${card.id}`), field);
  }

  facts(card) {
    const choice = (label, now, values, save) =>
      h("label", {}, label, h("select", { disabled: !me.writes, onchange: (event) => save(event.target.value) }, values.map(([value, name]) => h("option", { value, selected: String(value) === String(now) }, name))));
    const assignee = h("input", { value: card.assignee ?? "", maxlength: 100, readonly: !me.writes, onchange: (event) => this.save({ assignee: event.target.value.trim() }, card.version) });
    const tags = h("input", { value: (card.tags ?? []).join(", "), readonly: !me.writes, onchange: (event) => this.save({ tags: event.target.value.split(",").map((tag) => tag.trim()).filter(Boolean) }, card.version) });
    return [
      h(
        "div.fields",
        {},
        choice("Column", card.status, this.page.state.columns.map((column) => [column.status, column.name]), (status) => this.page.move(this.id, { status })),
        choice("Priority", card.priority, [...Array(11).keys()].map((number) => [number, number]), (value) => this.save({ priority: Number(value) }, card.version)),
        h("label", {}, "For", assignee),
        h("label", {}, "Tags", tags),
      ),
      h("p.facts", {}, "Made by ", card.created_by, " ", when(card.created_at), card.due_at ? [", due ", when(card.due_at)] : null),
      card.claimed_by ? h("p.held", {}, card.claimed_by, " has it, lease ", String(card.lease), ", until ", new Date(card.lease_expires_at).toLocaleTimeString(), " ", this.button("Take it back", () => this.release(card))) : null,
    ].filter(Boolean);
  }

  description(card) {
    return h("div", {}, card.description ? markdown(card.description) : h("p.none", {}, "No description."), me.writes ? h("button.plain", { type: "button", onclick: () => this.edit(card) }, "Edit the description") : null);
  }

  /** Write the description anew; what others change meanwhile is not overwritten unseen. */
  edit({ description, version }) {
    this.editing = true;
    const field = h("textarea", { rows: 10, "aria-label": "Description", value: description ?? "" });
    const done = () => {
      this.editing = false;
      this.parts.text.replaceChildren(this.description(this.card));
    };
    const save = async () => {
      if (await this.save({ description: field.value }, version)) return done();
      version = this.card.version; // it was said that someone else changed it: a second time is meant
    };
    this.parts.text.replaceChildren(field, h("p.buttons", {}, h("button.main", { type: "button", onclick: save }, "Save"), h("button", { type: "button", onclick: done }, "Cancel")));
    field.focus();
  }

  acceptance(card) {
    const items = card.acceptance ?? [];
    const toggle = (at) => () => this.save({ acceptance: items.map((item, index) => (index === at ? (item.startsWith("[x]") ? `[ ]${item.slice(3)}` : `[x]${item.slice(3)}`) : item)) }, card.version);
    return items.length
      ? [h("h3", {}, "Acceptance"), h("ul.acceptance", {}, items.map((item, at) => h("li", {}, h("label", {}, h("input", { type: "checkbox", checked: item.startsWith("[x]"), disabled: !me.writes, onchange: toggle(at) }), ` ${item.slice(4)}`))))]
      : [];
  }

  links(card, around) {
    const groups = [["Waits for", card.blockers], ["Others wait for it", card.blocks], ["Parts", card.subtasks], ["Related", card.related]];
    const shown = groups.filter(([, tasks]) => tasks?.length);
    const apart = (task) => this.button("Unlink", () => call("unlink_tasks", { task_id: this.id, depends_on: task.id }));
    const link = (name, task) => h("li", { class: task.open ? "" : "closed" }, h("a", { href: `/tasks/${task.id}`, onclick: (event) => this.follow(event, task.id) }, `#${task.id} ${task.title}`), ` ${this.page.state.column(task.status)?.name ?? task.status} `, name === "Waits for" && offers("unlink_tasks") ? apart(task) : null);
    return [
      h("h3", {}, "Links"),
      around && shown.length ? graph(around) : null,
      ...shown.map(([name, tasks]) => h("div", {}, h("h4", {}, name), h("ul.links", {}, tasks.map((task) => link(name, task))))),
      me.writes ? this.linkForm() : null,
    ].filter(Boolean);
  }

  follow(event, id) {
    event.preventDefault();
    this.page.open(id);
  }

  linkForm() {
    const field = h("input", { inputmode: "numeric", pattern: "#?[0-9]+", required: true, size: 8, placeholder: "#", "aria-label": "Number of a card that this one waits for" });
    const add = async (event) => {
      event.preventDefault();
      await this.act(() => call("link_tasks", { task_id: this.id, depends_on: Number(field.value.replace("#", "")) }));
    };
    return h("form.link", { onsubmit: add }, field, h("button", {}, "Let it wait for that"));
  }

  change(change) {
    const undo = offers("undo") && !FOLLOWING.includes(change.action) ? this.button("Undo", () => call("undo", { seq: change.seq })) : null;
    return h("li", {}, when(change.at), " ", h("b", {}, change.actor), ` ${change.action}`, change.entity === "task" ? null : ` a ${change.entity}`, h("span.fields-changed", {}, this.what(change)), " ", undo);
  }

  /** What a change of the card was about: where it went, or which fields. */
  what({ entity, before, after }) {
    if (entity !== "task" || !before || !after) return "";
    if (after.status) return ` to ${this.page.state.column(after.status)?.name ?? after.status}`;
    const fields = Object.keys(after).filter((name) => !COUNTED.includes(name));
    return fields.length ? ` ${fields.join(", ").replaceAll("_", " ")}` : "";
  }

  noteForm() {
    const kept = draft(`note ${this.id}`);
    const field = h("textarea", { rows: 3, "aria-label": "A note", placeholder: "A note, in Markdown", value: kept.text });
    field.addEventListener("input", () => (kept.text = field.value));
    const kind = h("select", { "aria-label": "Kind of note" }, ["general", "progress", "decision", "blocker", "question", "handoff"].map((value) => h("option", {}, value)));
    const add = async (event) => {
      event.preventDefault();
      if (!field.value.trim()) return;
      if (await this.act(() => call("add_note", { task_id: this.id, content: field.value, category: kind.value }))) {
        field.value = kept.text = "";
      }
    };
    return h("form.note", { onsubmit: add }, field, kind, h("button", {}, "Add the note"));
  }

  foot() {
    const away = async () => {
      await call("archive_task", { task_id: this.id });
      this.close();
    };
    return me.writes && offers("archive_task") ? h("p.foot", {}, h("button", { type: "button", onclick: () => this.act(away) }, "Archive this card")) : null;
  }

  button(label, act) {
    return me.writes ? h("button.plain", { type: "button", onclick: () => this.act(act) }, label) : null;
  }

  release(card) {
    return call("release_task", { task_id: this.id, lease: card.lease, note: `Taken back on the board by ${me.actor || "someone"}.` });
  }

  /** Change fields, if they are still what they were at that version. */
  save(fields, version) {
    return this.act(() => call("update_task", { task_id: this.id, ...fields, version }));
  }

  async act(doing) {
    try {
      await doing();
      return true;
    } catch (problem) {
      await this.refresh(); // first: who reads that it was refused, and tries again, means what is there now
      wrong(problem);
      return false;
    }
  }
}

function note(entry) {
  return h("article.note", {}, h("header", {}, h("b", {}, entry.author), " ", h("span.kind", {}, entry.category), entry.pinned ? " pinned" : null, " ", when(entry.created_at)), entry.title ? h("h4", {}, entry.title) : null, markdown(entry.content));
}
