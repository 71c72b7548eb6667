// The way of operations to the server this page is from: REST.
import { me } from "./me.js";
import { Problem } from "./problem.js";

/** How many questions may be asked for what is good to know. */
export const MOST_ASKED = 60;

const ADDRESSES = {
  list_boards: "GET /boards",
  create_board: "POST /boards",
  get_board: "GET /boards/{board}",
  get_flow_metrics: "GET /boards/{board}/flow",
  forecast: "GET /boards/{board}/forecast",
  list_tasks: "GET /tasks",
  create_task: "POST /tasks",
  get_task: "GET /tasks/{task_id}",
  update_task: "PATCH /tasks/{task_id}",
  move_task: "POST /tasks/{task_id}/move",
  archive_task: "POST /tasks/{task_id}/archive",
  link_tasks: "POST /tasks/{task_id}/dependencies",
  unlink_tasks: "DELETE /tasks/{task_id}/dependencies/{depends_on}",
  release_task: "POST /tasks/{task_id}/release",
  get_task_graph: "GET /tasks/{task_id}/graph",
  list_notes: "GET /tasks/{task_id}/notes",
  add_note: "POST /tasks/{task_id}/notes",
  list_changes: "GET /changes",
  search: "GET /search",
  undo: "POST /undo",
  run_batch: "POST /batch",
  get_health: "GET /health/details",
  get_performance: "GET /performance",
  get_query_stats: "GET /queries",
  get_cache_stats: "GET /cache",
  get_batch_stats: "GET /batches",
  get_memory: "GET /memory",
};

/** Whether an operation can be called: here each can. */
export const offers = () => true;

/** Send a call; its result, lists as `items`. Raises Problem. */
export async function send(operation, given) {
  const [method, template] = ADDRESSES[operation].split(" ");
  const rest = { ...given };
  const path = template.replace(/\{(\w+)\}/g, (_, name) => {
    const value = rest[name];
    delete rest[name];
    return encodeURIComponent(value);
  });
  const bodiless = method === "GET" || method === "DELETE";
  const query = bodiless && Object.keys(rest).length ? `?${new URLSearchParams(rest)}` : "";
  return request(method, `/api${path}${query}`, bodiless ? undefined : rest);
}

/** A request to the server this page is from, in the name of who looks; the JSON it answers. Raises Problem. */
export async function request(method, path, body, headers = {}) {
  if (me.name) headers["X-Actor"] = me.name;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Problem({ message: "The server does not answer.", code: "offline" });
  }
  const said = await response.json().catch(() => ({}));
  if (response.ok) return said;
  throw new Problem(said, response.status);
}
