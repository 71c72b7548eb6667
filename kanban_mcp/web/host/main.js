// The board inside an agent's host: the same board, in a frame that the host gives and by calls that it passes on.
import { call } from "../api.js";
import { boardPage } from "../board.js";
import { Columns } from "../columns.js";
import { h, tell, wrong } from "../dom.js";
import { me } from "../me.js";
import { BoardState } from "../state.js";
import { keep } from "./address.js";
import { answer, ask, hear, tellHost } from "./bridge.js";
import { submitting } from "./forms.js";
import { follow, measure } from "./theme.js";
import { model, offers, version, whole } from "./tools.js";

const PROTOCOL = "2026-01-26";
const MODES = ["inline", "fullscreen"];
const content = document.getElementById("content");
let host = { hostCapabilities: {}, hostContext: {} };
let leave = () => {};
let asked = {};
let board = null;

async function begin() {
  hear("ui/notifications/tool-input", ({ arguments: given }) => (asked = given ?? {}));
  hear("ui/notifications/tool-result", (called) => result(called).catch(wrong));
  hear("ui/notifications/tool-cancelled", ({ reason }) => say(`The board was not read${reason ? `: ${reason}` : "."}`));
  hear("ui/notifications/host-context-changed", changed);
  answer("ui/resource-teardown", () => (leave(), {}));
  const appCapabilities = { availableDisplayModes: MODES };
  host = await ask("ui/initialize", { protocolVersion: PROTOCOL, appInfo: { name: "kanban-mcp", version }, appCapabilities });
  me.writes = offers("move_task");
  model.listens = Boolean(host.hostCapabilities?.updateModelContext);
  follow(host.hostContext ?? {});
  bar();
  tellHost("ui/notifications/initialized");
  measure((size) => tellHost("ui/notifications/size-changed", size));
}

/** The agent's call was answered: it says which board, and how that was then. */
async function result({ structuredContent, content: said, isError }) {
  if (isError) return say(structuredContent?.message ?? said?.[0]?.text);
  // To pages of some hosts come texts alone.
  board = structuredContent ? whole(structuredContent) : await call("get_board", { ...asked, limit: 1 });
  await show();
}

/** Show the board, with a card's page beside it if one is named. */
async function show(task = null) {
  leave();
  leave = () => {};
  keep("task", task);
  if (!host.hostCapabilities?.serverTools) return still();
  try {
    leave = await boardPage(content, board.id);
  } catch (problem) {
    say(problem.words ?? problem.message);
  }
}

/** The board as the agent's call found it: this host passes no calls on. */
function still() {
  const { holders, tasks } = board;
  const held = new Map((holders?.items ?? []).map((holder) => [holder.task_id, holder]));
  const cards = tasks.items.map((card, at) => ({ ...card, ...held.get(card.id), position: String(at).padStart(4, "0") }));
  me.writes = false;
  const { element } = new Columns(new BoardState(board, cards), { late: null, chosen: new Set(), add: null });
  content.replaceChildren(h("h1", {}, board.name), h("p", {}, "As it was when it was asked for. This host lets pages change nothing."), element);
}

function say(text) {
  content.replaceChildren(h("p.wrong", { role: "alert" }, text ?? "The board could not be read."));
}

function changed(context) {
  host.hostContext = { ...host.hostContext, ...context };
  follow(context);
  bar();
}

/** The way to a larger view, where the host has one. */
function bar() {
  const { displayMode = "inline", availableDisplayModes: offered = [] } = host.hostContext ?? {};
  const mode = MODES.find((each) => each !== displayMode && offered.includes(each));
  const change = () => ask("ui/request-display-mode", { mode }).then(({ mode: displayMode }) => changed({ displayMode }), wrong);
  document.getElementById("bar").replaceChildren(mode ? h("button", { onclick: change }, mode === "fullscreen" ? "Full screen" : "Back to the conversation") : "");
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link || event.defaultPrevented) return;
  event.preventDefault();
  const task = /^\/tasks\/(\d+)$/.exec(link.getAttribute("href"));
  if (task) return show(task[1]).catch(wrong);
  ask("ui/open-link", { url: link.href }).catch(() => tell(`The host opens no links: ${link.href}`));
});
submitting(document);
begin().catch((problem) => say(problem.message));
