// A card: what it says at a glance.
import { h, span } from "./dom.js";

/** The element of a card. `late` is the age in milliseconds above which work on this board is unusual. */
export function cardElement(card, { done, late, chosen }) {
  const holder = !done && card.claimed_by;
  const age = Date.now() - new Date(card.started_at ?? card.created_at);
  const started = !done && card.started_at;
  const facts = [
    card.priority >= 8 ? h("span.high", {}, `priority ${card.priority}`) : card.priority !== 5 ? h("span", {}, `priority ${card.priority}`) : null,
    !done && card.blocked_by ? h("span.blocked", {}, `blocked by ${card.blocked_by}`) : null,
    holder ? h("span.held", {}, `${holder}, ${heldFor(card)}`) : card.assignee ? h("span", {}, `for ${card.assignee}`) : null,
    started ? h(late && age > late ? "span.late" : "span", { title: "Since work began" }, `${span(age)}${late && age > late ? ", older than most" : ""}`) : null,
    ...(card.tags ?? []).map((tag) => h("span.tag", {}, tag)),
  ];
  return h(
    "li.card",
    { tabindex: -1, data: { id: card.id }, "aria-label": spoken(card, done), "aria-selected": chosen ? "true" : null },
    h("p.title", {}, h("span.id", {}, `#${card.id}`), " ", card.title),
    h("p.facts", {}, facts),
    h("button.more", { type: "button", tabindex: -1, "aria-label": `Move #${card.id} to…`, "aria-haspopup": "menu" }, "⋯"),
  );
}

function heldFor(card) {
  const over = card.lease_expires_at && new Date(card.lease_expires_at) < Date.now();
  return over ? "lease ran out" : `for ${span(Date.now() - (card.held_since ?? Date.parse(card.started_at ?? card.updated_at)))}`;
}

function spoken(card, done) {
  const parts = [`${card.title}, number ${card.id}`, `priority ${card.priority}`];
  if (!done && card.blocked_by) parts.push(`blocked by ${card.blocked_by}`);
  if (!done && card.claimed_by) parts.push(`held by ${card.claimed_by}`);
  return parts.join(", ");
}
