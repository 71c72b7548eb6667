// The columns of a board and the cards in them, as elements.
import { cardElement } from "./card.js";
import { h, wrong } from "./dom.js";
import { filters, matches } from "./filters.js";

export class Columns {
  /**
   * `add` is called with a column and a title, and answers whether a card was made; without it none can be. `older` is
   * called with the status of a column whose next finished cards shall be shown.
   */
  constructor(state, { late, chosen, add, older }) {
    Object.assign(this, { state, late, chosen, add, older, held: null, elements: new Map() });
    this.lists = new Map();
    this.element = h("div.columns", {}, state.columns.map((column) => this.column(column)));
    this.filter();
  }

  column(column) {
    const list = h("ol.cards", { data: { status: column.status }, "aria-label": column.name });
    this.lists.set(column.status, list);
    for (const card of this.state.in(column.status)) list.append(this.card(card));
    const head = h("header", {}, h("h2", {}, column.name), h("span.count"));
    return h("section.column", { data: { status: column.status }, "aria-label": column.name }, head, list, this.add ? this.form(column) : null, this.button(column));
  }

  card(card) {
    const element = cardElement(card, { done: this.state.isDone(card), late: this.late, chosen: this.chosen.has(card.id) });
    this.elements.set(card.id, element);
    return element;
  }

  form(column) {
    const field = h("input", { name: "title", maxlength: 200, autocomplete: "off", placeholder: "Add a card", "aria-label": `Add a card to ${column.name}` });
    const add = async (event) => {
      event.preventDefault();
      const title = field.value.trim();
      if (!title) return;
      field.value = "";
      if (!(await this.add(column, title)) && !field.value) field.value = title;
    };
    return h("form.add", { onsubmit: add }, field);
  }

  /** What shows more of those that were finished long ago. */
  button({ status }) {
    const show = async (event) => {
      event.target.disabled = true;
      await this.older(status).catch(wrong);
      event.target.disabled = false;
      this.count();
    };
    return h("button.older", { type: "button", hidden: true, onclick: show });
  }

  /** These columns with another state of the board, or others where it has others now. */
  showing(state) {
    const named = ({ columns }) => JSON.stringify(columns.map(({ status, name, category, wip_limit: limit }) => [status, name, category, limit]));
    if (named(state) !== named(this.state)) {
      const others = new Columns(state, this);
      others.takeOver(this);
      return others;
    }
    const ids = new Set([...this.elements.keys(), ...state.cards.keys()]);
    this.state = state;
    this.redraw(ids);
    return this;
  }

  /** Take over from columns that stood here: half-written titles, the place where someone was, what was scrolled to. */
  takeOver(others) {
    for (const old of others.element.querySelectorAll(".add input")) {
      const status = old.closest(".column").dataset.status;
      const field = this.lists.get(status)?.parentNode.querySelector(".add input");
      if (!field) continue;
      field.value = old.value;
      if (old === document.activeElement) others.writing = field;
    }
    const card = Number(document.activeElement?.closest?.(".card")?.dataset.id);
    const { scrollLeft } = others.element;
    const scrolled = [...others.lists].map(([status, list]) => [this.lists.get(status), list.scrollTop]);
    others.element.replaceWith(this.element);
    this.element.scrollLeft = scrollLeft;
    for (const [list, top] of scrolled) if (list) list.scrollTop = top;
    (others.writing ?? this.find(card))?.focus({ preventScroll: true });
  }

  find(id) {
    return this.elements.get(id);
  }

  /** Draw some cards anew, in their places; the focus stays where it is. */
  redraw(ids) {
    const focused = document.activeElement?.closest?.(".card");
    const button = document.activeElement?.matches?.(".more");
    for (const id of ids) if (id !== this.held) this.place(id);
    this.count();
    this.reachable();
    if (focused && !focused.isConnected) {
      const again = this.find(Number(focused.dataset.id));
      (button ? again?.querySelector(".more") : again)?.focus({ preventScroll: true });
    }
  }

  place(id) {
    const old = this.elements.get(id);
    const card = this.state.cards.get(id);
    const list = card && this.lists.get(card.status);
    if (!list) {
      old?.remove();
      this.elements.delete(id);
      return;
    }
    const element = this.card(card);
    element.tabIndex = old?.tabIndex ?? -1;
    element.hidden = !matches(card, filters());
    const next = this.following(list, card, old);
    if (old && old.parentNode === list && old.nextElementSibling === next) old.replaceWith(element);
    else {
      old?.remove();
      list.insertBefore(element, next);
    }
  }

  /** The element before which a card belongs: found by halving, since a column may hold a thousand. */
  following(list, card, itself) {
    const others = [...list.children].filter((element) => element !== itself && Number(element.dataset.id) !== this.held);
    let low = 0;
    let high = others.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.state.cards.get(Number(others[middle].dataset.id));
      if (other && this.state.precedes(other, card)) low = middle + 1;
      else high = middle;
    }
    return others[low] ?? null;
  }

  /** How many cards, and whether that is too many, in words as well. */
  count() {
    const filtered = Object.keys(filters()).length > 0;
    for (const column of this.state.columns) {
      const list = this.lists.get(column.status);
      if (!list) continue;
      const beyond = this.state.beyond(column.status);
      const cards = list.children.length + beyond;
      const { wip_limit: limit } = column;
      const over = Boolean(limit) && cards > limit;
      const section = list.parentNode;
      section.classList.toggle("over", over);
      section.classList.toggle("full", cards === limit);
      const said = over ? `${cards} of ${limit}: ${cards - limit} over the limit` : limit ? `${cards} of ${limit}${cards === limit ? ": full" : ""}` : `${cards}`;
      const shown = filtered ? `${list.querySelectorAll(".card:not([hidden])").length} shown, ${said}` : said;
      const place = section.querySelector(".count");
      if (place.textContent !== shown) place.textContent = shown;
      const more = section.querySelector(".older");
      more.hidden = beyond <= 0;
      if (beyond > 0) more.textContent = `${beyond} finished before: show more`;
    }
  }

  /** Show the cards that the address asks for. */
  filter() {
    const wanted = filters();
    for (const [id, element] of this.elements) element.hidden = !matches(this.state.cards.get(id), wanted);
    this.count();
    this.reachable();
  }

  /** One card takes part in the order of tabs; arrows go on from there. */
  reachable() {
    const now = this.element.querySelector('.card[tabindex="0"]');
    if (now && !now.hidden) return;
    if (now) now.tabIndex = -1;
    const first = this.element.querySelector(".card:not([hidden])");
    if (first) first.tabIndex = 0;
  }
}
