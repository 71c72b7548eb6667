// Moving cards: with the keyboard, by mouse, by touch.
import { tell } from "./dom.js";
import { me } from "./me.js";

const FAR = 6; // pixels after which a press is a drag
const EDGE = 48; // pixels from an edge within which what is dragged pulls the board along
const PULL = 10; // pixels a frame
const HOLD = 350; // milliseconds after which a touch is one, so that a swipe still scrolls

/** Make the cards in the frame of a board liftable. A card that is lifted is the one its columns hold. */
export function liftable(page, frame) {
  const lift = { id: null };
  frame.addEventListener("keydown", (event) => onKey(page, lift, event));
  frame.addEventListener("pointerdown", (event) => onPress(page, event));
  frame.addEventListener("click", (event) => onClick(page, event));
  frame.addEventListener("focusin", (event) => rove(page, event.target.closest(".card")));
}

/** The card that was focused last is the one that Tab comes back to. */
function rove(page, card) {
  if (!card) return;
  for (const other of page.columns.element.querySelectorAll('.card[tabindex="0"]')) other.tabIndex = -1;
  card.tabIndex = 0;
}

function onClick(page, event) {
  const card = event.target.closest(".card");
  if (!card || page.dragged) return;
  const id = Number(card.dataset.id);
  if (event.target.closest(".more")) page.menu(id, event.target.closest(".more"));
  else if (event.metaKey || event.ctrlKey) page.choose(id);
  else page.open(id);
}

// By keyboard

function onKey(page, lift, event) {
  const card = event.target.closest(".card");
  if (!card || event.target !== card) return;
  const id = Number(card.dataset.id);
  if (lift.id !== id) lift.id = null; // it was left, or its column went
  const act = lift.id === null ? { " ": raise, Enter: open, m: menu, x: choose } : { " ": drop, Enter: drop, Escape: cancel };
  const step = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
  if (act[event.key]) act[event.key](page, lift, card, id);
  else if (step) (lift.id === null ? walk : carry)(page, lift, card, ...step);
  else return;
  event.preventDefault();
}

const open = (page, lift, card, id) => page.open(id);
const menu = (page, lift, card, id) => me.writes && page.menu(id, card);
const choose = (page, lift, card, id) => page.choose(id);

function visible(list) {
  return [...list.children].filter((card) => !card.hidden);
}

/** Go to the next card in a direction. */
function walk(page, lift, card, across, down) {
  const lists = [...page.columns.element.querySelectorAll(".cards")];
  const cards = visible(card.parentNode);
  if (down) return cards[cards.indexOf(card) + down]?.focus();
  for (let at = lists.indexOf(card.parentNode) + across; lists[at]; at += across) {
    const there = visible(lists[at]);
    if (there.length) return there[Math.min(cards.indexOf(card), there.length - 1)].focus();
  }
}

function raise(page, lift, card, id) {
  if (!me.writes) return;
  lift.id = page.columns.held = id;
  card.classList.add("lifted");
  tell("Lifted. Arrows move the card, Space drops it, Escape puts it back.");
}

/** Move the lifted card; nothing is said to the server yet. */
function carry(page, lift, card, across, down) {
  const lists = [...page.columns.element.querySelectorAll(".cards")];
  if (down < 0 && card.previousElementSibling) card.previousElementSibling.before(card);
  if (down > 0 && card.nextElementSibling) card.nextElementSibling.after(card);
  if (across) lists[lists.indexOf(card.parentNode) + across]?.append(card);
  card.focus();
  card.scrollIntoView({ block: "nearest", inline: "nearest" });
  const cards = [...card.parentNode.children];
  tell(`${card.parentNode.getAttribute("aria-label")}, ${cards.indexOf(card) + 1} of ${cards.length}`);
}

function drop(page, lift, card) {
  const { id } = lift;
  card.classList.remove("lifted");
  lift.id = page.columns.held = null;
  settle(page, id, card);
  page.columns.find(id)?.focus();
}

function cancel(page, lift, card) {
  const { id } = lift;
  lift.id = page.columns.held = null;
  page.columns.redraw([id]);
  page.columns.find(id)?.focus();
  tell("Put back.");
}

/** Tell the server where a card stands now, unless it stands where it stood. */
function settle(page, id, element) {
  const known = page.state.cards.get(id);
  const status = element.parentNode.dataset.status;
  const before = Number(element.nextElementSibling?.dataset.id) || null;
  const after = Number(element.previousElementSibling?.dataset.id) || null;
  const others = page.state.in(status).filter((card) => card.id !== id);
  const next = others.find((card) => card.position > known?.position)?.id ?? null;
  const done = page.state.column(status)?.category === "done"; // there the newest is first, wherever it is put down
  if (!known || (known.status === status && (done || next === before))) page.columns.redraw([id]);
  else page.move(id, done ? { status } : { status, before, after: before ? null : after });
}

// By pointer

function onPress(page, event) {
  const card = event.target.closest(".card");
  if (!card || !me.writes || event.button !== 0 || event.target.closest("button, a")) return;
  page.dragged = false;
  const drag = new Drag(page, card, event);
  if (event.pointerType === "touch") drag.hold = setTimeout(() => drag.start(), HOLD);
}

class Drag {
  constructor(page, card, { clientX, clientY, pointerId, pointerType }) {
    Object.assign(this, { page, card, id: Number(card.dataset.id), from: [clientX, clientY], pointerId, touch: pointerType === "touch" });
    this.handlers = { pointermove: (e) => this.moved(e), pointerup: (e) => this.end(e, true), pointercancel: (e) => this.end(e, false), keydown: (e) => e.key === "Escape" && this.end(e, false) };
    for (const [name, handler] of Object.entries(this.handlers)) document.addEventListener(name, handler);
    this.still = (e) => this.ghost && e.preventDefault();
    document.addEventListener("touchmove", this.still, { passive: false });
  }

  start() {
    this.card = this.page.columns.find(this.id) ?? this.card; // it may have been drawn anew since it was pressed
    const box = this.card.getBoundingClientRect();
    this.offset = [this.from[0] - box.left, this.from[1] - box.top];
    this.ghost = this.card.cloneNode(true);
    this.ghost.classList.add("ghost");
    this.ghost.style.width = `${box.width}px`;
    document.body.append(this.ghost);
    this.card.classList.add("lifted");
    this.page.columns.held = this.id;
    this.page.dragged = true;
    this.follow(...this.from);
    this.pull();
  }

  moved({ clientX, clientY }) {
    const far = Math.hypot(clientX - this.from[0], clientY - this.from[1]) > FAR;
    if (!this.ghost && far && this.touch) return this.end(null, false);
    if (!this.ghost && far) this.start();
    if (this.ghost) this.follow(clientX, clientY);
  }

  follow(x, y) {
    this.at = [x, y];
    this.ghost.style.transform = `translate(${x - this.offset[0]}px, ${y - this.offset[1]}px)`;
    const board = this.page.columns.element.getBoundingClientRect();
    const within = Math.min(Math.max(x, board.left + 1), board.right - 1, innerWidth - 1); // beside the board is at its edge
    const under = document.elementFromPoint(within, y);
    const list = (under?.closest(".column") ?? this.above(within, y))?.querySelector(".cards");
    if (!list) return;
    const over = under?.closest(".card");
    if (over === this.card) return;
    const box = over?.getBoundingClientRect();
    list.insertBefore(this.card, over ? (y < box.top + box.height / 2 ? over : over.nextElementSibling) : null);
  }

  /** The column that a point is below: short ones reach down to the end of the longest. */
  above(x, y) {
    const below = ({ left, right, top }) => left <= x && x <= right && top <= y;
    return [...this.page.columns.element.children].find((column) => below(column.getBoundingClientRect()));
  }

  /** Near an edge, scroll on to what is behind it. */
  pull() {
    if (!this.ghost) return;
    const [x, y] = this.at;
    const { element } = this.page.columns;
    const list = this.card.parentNode;
    const [board, cards] = [element.getBoundingClientRect(), list.getBoundingClientRect()];
    element.scrollLeft += near(x, Math.max(0, board.left), Math.min(innerWidth, board.right));
    if (list.scrollHeight > list.clientHeight) list.scrollTop += near(y, Math.max(0, cards.top), Math.min(innerHeight, cards.bottom));
    else scrollBy(0, near(y, 0, innerHeight));
    this.follow(x, y);
    requestAnimationFrame(() => this.pull());
  }

  end(event, dropped) {
    clearTimeout(this.hold);
    for (const [name, handler] of Object.entries(this.handlers)) document.removeEventListener(name, handler);
    document.removeEventListener("touchmove", this.still);
    if (!this.ghost) return;
    this.ghost.remove();
    this.ghost = null;
    this.card.classList.remove("lifted");
    this.page.columns.held = null;
    if (dropped) settle(this.page, this.id, this.card);
    else this.page.columns.redraw([this.id]);
    setTimeout(() => (this.page.dragged = false));
  }
}

const near = (at, low, high) => (at < low + EDGE ? -PULL : at > high - EDGE ? PULL : 0);
