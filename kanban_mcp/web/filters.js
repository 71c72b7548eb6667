// Which cards are shown: kept in the address, so that a view can be sent to someone.
import { keep, kept } from "./address.js";
import { h } from "./dom.js";

const NAMES = ["q", "tag", "who", "least"];

/** The filters that the address has. */
export function filters() {
  return Object.fromEntries(NAMES.filter(kept).map((name) => [name, kept(name)]));
}

/** Whether a card is wanted. */
export function matches(card, { q, tag, who, least }) {
  const words = (q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const text = `#${card.id} ${card.title}`.toLowerCase();
  return (
    words.every((word) => text.includes(word)) &&
    (!tag || (card.tags ?? []).includes(tag)) &&
    (!who || card.claimed_by === who || card.assignee === who) &&
    (!least || card.priority >= Number(least))
  );
}

/** The form; `changed` is called when the address has new filters, `search` with words to find on the server. */
export function filterForm(page, { changed, search }) {
  const now = filters();
  const set = (name) => (event) => {
    keep(name, event.target.value);
    changed();
  };
  const choice = (name, label, of) => {
    const options = () => {
      const given = [...page.state.cards.values()].flatMap(of);
      return [...new Set([...given, kept(name)].filter(Boolean))].sort().map((value) => h("option", { value, selected: kept(name) === value }, value));
    };
    const list = h("select", { name, "aria-label": label, onchange: set(name) }, h("option", { value: "" }, label), options());
    const renew = () => list.replaceChildren(list.firstChild, ...options()); // what the cards have now
    list.addEventListener("focus", renew);
    list.addEventListener("pointerdown", renew);
    return list;
  };
  const words = h("input", { type: "search", name: "q", placeholder: "Filter cards ( / )", "aria-label": "Filter cards by words", value: now.q ?? "", oninput: set("q") });
  const submit = (event) => {
    event.preventDefault();
    search?.(words.value);
  };
  return h(
    "form.filters",
    { role: "search", onsubmit: submit },
    words,
    search ? h("button", { title: "Find words in descriptions and notes too, and in cards long finished" }, "Search all") : null,
    choice("tag", "Any tag", (card) => card.tags ?? []),
    choice("who", "Anyone", (card) => [card.claimed_by, card.assignee]),
    h(
      "select",
      { name: "least", "aria-label": "Priority", onchange: set("least") },
      [["", "Any priority"], ["8", "High (8 and above)"], ["5", "5 and above"]].map(([value, label]) => h("option", { value, selected: now.least === value }, label)),
    ),
  );
}
