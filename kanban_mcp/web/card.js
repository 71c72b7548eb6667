// A card: what it says at a glance.
import { h, span } from "./dom.js";
import { me } from "./me.js";

const MINUTE = 60000;

/** The element of a card. `late` is the age in milliseconds above which work on this board is unusual. */
export function cardElement(card, { done, late, chosen }) {
  const urgent = !done && card.priority >= 8;
  const age = Date.now() - new Date(card.started_at ?? card.created_at);
  const started = !done && card.started_at;
  const facts = [
    done ? h("span", {}, ended(card)) : null,
    urgent ? h("span.high", {}, `priority ${card.priority}`) : !done && card.priority !== 5 ? h("span", {}, `priority ${card.priority}`) : null,
    !done && card.blocked_by ? h("span.blocked", {}, blocked(card)) : null,
    done ? null : card.claimed_by ? holder(card) : card.assignee ? h("span", {}, `for ${card.assignee}`) : null,
    started && age > MINUTE ? h(late && age > late ? "span.late" : "span", {}, `${span(age)} in work${late && age > late ? ", longer than most" : ""}`) : null,
    ...(card.tags ?? []).map((tag) => h("span.tag", {}, tag)),
  ];
  return h(
    `li.card${urgent ? ".urgent" : ""}${chosen ? ".chosen" : ""}`,
    { tabindex: -1, data: { id: card.id, version: card.version }, "aria-label": spoken(card, done, chosen) },
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

/** Who has it and for how long, or that they had. */
function holder(card) {
  if (card.lease_expires_at && new Date(card.lease_expires_at) < Date.now()) return h("span.held.out", {}, `${card.claimed_by}, lease ran out`);
  const held = Date.now() - (card.held_since ?? Date.parse(card.started_at ?? card.updated_at));
  return h("span.held", {}, `${card.claimed_by}, ${held < MINUTE ? "just now" : `for ${span(held)}`}`);
}

function ended(card) {
  const ago = span(Date.now() - new Date(card.completed_at ?? card.updated_at));
  return `done ${ago === "now" ? "just now" : `${ago} ago`}${card.assignee ? ` by ${card.assignee}` : ""}`;
}

function spoken(card, done, chosen) {
  const parts = [`${card.title}, number ${card.id}`, `priority ${card.priority}`];
  if (!done && card.blocked_by) parts.push(blocked(card));
  if (!done && card.claimed_by) parts.push(`held by ${card.claimed_by}`);
  if (chosen) parts.push("chosen");
  return parts.join(", ");
}
