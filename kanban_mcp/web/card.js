// A card: what it says at a glance.
import { h, span } from "./dom.js";
import { me } from "./me.js";

const MINUTE = 60000;

/** The element of a card. `late` is the age in milliseconds above which work on this board is unusual. */
export function cardElement(card, { done, late, chosen }) {
  const holder = !done && card.claimed_by;
  const age = Date.now() - new Date(card.started_at ?? card.created_at);
  const started = !done && card.started_at;
  const facts = [
    card.priority >= 8 ? h("span.high", {}, `priority ${card.priority}`) : card.priority !== 5 ? h("span", {}, `priority ${card.priority}`) : null,
    !done && card.blocked_by ? h("span.blocked", {}, blocked(card)) : null,
    holder ? h("span.held", {}, `${holder}, ${heldFor(card)}`) : card.assignee ? h("span", {}, `for ${card.assignee}`) : null,
    started && age > MINUTE ? h(late && age > late ? "span.late" : "span", {}, `${span(age)} in work${late && age > late ? ", longer than most" : ""}`) : null,
    ...(card.tags ?? []).map((tag) => h("span.tag", {}, tag)),
  ];
  return h(
    "li.card",
    { tabindex: -1, data: { id: card.id }, "aria-label": spoken(card, done), "aria-selected": chosen ? "true" : null },
    h("p.title", {}, h("span.id", {}, `#${card.id}`), " ", card.title),
    h("p.facts", {}, facts),
    me.writes ? h("button.more", { type: "button", tabindex: -1, "aria-label": `Move #${card.id} to…`, "aria-haspopup": "menu" }, "⋯") : null,
  );
}

/** By what, where that is known already. */
function blocked({ blocked_by: count, blockers = [] }) {
  const names = blockers.slice(0, 3).map((task) => `#${task.id}`);
  const rest = count - names.length;
  return names.length ? `blocked by ${names.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}` : `blocked by ${count}`;
}

function heldFor(card) {
  const over = card.lease_expires_at && new Date(card.lease_expires_at) < Date.now();
  const held = Date.now() - (card.held_since ?? Date.parse(card.started_at ?? card.updated_at));
  return over ? "lease ran out" : held < MINUTE ? "just now" : `for ${span(held)}`;
}

function spoken(card, done) {
  const parts = [`${card.title}, number ${card.id}`, `priority ${card.priority}`];
  if (!done && card.blocked_by) parts.push(blocked(card));
  if (!done && card.claimed_by) parts.push(`held by ${card.claimed_by}`);
  return parts.join(", ");
}
