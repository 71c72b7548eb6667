// The way of operations to the server through the host: calls of its tools.
import { Problem } from "../problem.js";
import { ask } from "./bridge.js";

/** How many questions may be asked for what is good to know: hosts show and count calls. */
export const MOST_ASKED = 10;

const MOST_DONE = 10; // of what the user did, so many are told to the model
const NAMED = ["task_id", "title", "status", "depends_on"];
const server = JSON.parse(document.getElementById("server").textContent);
const done = [];

/** The server's version. */
export const { version } = server;

/** Whether an operation can be called: the server offers it, and its caller may. */
export const offers = (operation) => server.offers.includes(operation);

/** Whether the model shall be told what the user does. */
export const model = { listens: false };

/** Send a call; its result, lists as `items`. Raises Problem. */
export async function send(operation, given) {
  const detail = operation === "list_tasks" ? { detail: "full" } : {};
  const result = await ask("tools/call", { name: operation, arguments: { ...given, ...detail } }).catch((refusal) => {
    throw new Problem({ message: refusal.message });
  });
  const said = result.structuredContent ?? JSON.parse(result.content[0].text);
  if (result.isError) throw new Problem(said);
  if (server.writes.includes(operation)) tellModel(operation, given);
  return whole(said);
}

/** Answers of tools have lists as columns and rows: each row as an object, without what is null. */
export function whole(value) {
  if (Array.isArray(value)) return value.map(whole);
  if (value === null || typeof value !== "object") return value;
  if (!value.rows) return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, whole(part)]));
  const { columns, rows, ...rest } = value;
  const item = (row) => Object.fromEntries(columns.map((name, at) => [name, row[at]]).filter(([, each]) => each !== null));
  return { items: rows.map(item), ...rest };
}

/** What the user does here, the model would not see. Each time the whole is told, since the last replaces all before. */
function tellModel(operation, given) {
  if (!model.listens) return;
  const facts = NAMED.filter((name) => name in given).map((name) => `${name} ${JSON.stringify(given[name])}`);
  done.push([operation, ...facts].join(" "));
  done.splice(0, done.length - MOST_DONE);
  const text = `On the board the user has done this, oldest first: ${done.join("; ")}.`;
  ask("ui/update-model-context", { content: [{ type: "text", text }] }).catch(() => (model.listens = false));
}
