// "Move to…": the way to move a card with one pointer press, or none.
import { h } from "./dom.js";
import { offers } from "./rest.js";

/** Show the menu of a card beside its button. */
export function moveMenu(page, id, anchor) {
  const card = page.state.cards.get(id);
  const close = () => {
    menu.remove();
    document.removeEventListener("pointerdown", outside, true);
    page.columns.find(id)?.focus();
  };
  const outside = (event) => !menu.contains(event.target) && close();
  const choose = (status) => {
    close();
    page.move(id, { status });
  };
  const item = (label, act, props = {}) => h("button", { type: "button", role: "menuitem", tabindex: -1, onclick: act, ...props }, label);
  const menu = h(
    "div.menu",
    { role: "menu", "aria-label": `Move #${id} to`, onkeydown: (event) => keys(event, menu, close) },
    page.state.columns.map((column) => item(column.name, () => choose(column.status), { disabled: column.status === card.status })),
    h("hr"),
    item("Open", () => (close(), page.open(id))),
    offers("run_batch") ? item(page.chosen.has(id) ? "Do not choose" : "Choose, to move several", () => (close(), page.choose(id))) : null,
  );
  const place = anchor.getBoundingClientRect();
  document.body.append(menu);
  menu.style.left = `${Math.max(4, Math.min(place.left, innerWidth - menu.offsetWidth - 4)) + scrollX}px`;
  menu.style.top = `${Math.max(4, Math.min(place.bottom, innerHeight - menu.offsetHeight - 4)) + scrollY}px`;
  menu.querySelector("button:not([disabled])").focus({ preventScroll: true });
  document.addEventListener("pointerdown", outside, true);
}

function keys(event, menu, close) {
  const items = [...menu.querySelectorAll("button:not([disabled])")];
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (to !== undefined) items.at(to % items.length).focus();
  else if (event.key === "Escape" || event.key === "Tab") close();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
