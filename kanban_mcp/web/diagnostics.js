// What the server is doing: calls, statements, cache, batches, memory over time.
import { call } from "./api.js";
import { table } from "./charts.js";
import { h, span, svg } from "./dom.js";

const PARTS = [
  ["Health", "get_health"],
  ["Calls", "get_performance"],
  ["Statements, slowest first", "get_query_stats", { sort: "max", limit: 20 }],
  ["Cache", "get_cache_stats"],
  ["Groups of writes", "get_batch_stats"],
];
const EVERY = 5000;
const MOST_SAMPLES = 720; // an hour

export async function diagnosticsPage(content) {
  document.title = "Diagnostics";
  const samples = new Map();
  const places = PARTS.map(([name]) => h("section.part", {}, h("h2", {}, name)));
  const memory = h("section.part", {}, h("h2", {}, "Memory"));
  content.replaceChildren(h("h1", {}, "Diagnostics"), h("div.parts", {}, memory, ...places));
  const refresh = async () => {
    await Promise.all(PARTS.map(([name, operation, given], at) => show(places[at], name, operation, given)));
    const said = await call("get_memory").catch((problem) => ({ problem }));
    for (const [at, bytes] of [...(said.snapshots ?? []), ...(said.now ? [[said.now.at, said.now.rss_bytes]] : [])]) samples.set(at, bytes);
    memory.replaceChildren(h("h2", {}, "Memory"), ...drawn(samples), said.problem ? h("p.wrong", {}, said.problem.message) : facts({ ...said.now, ...said, now: undefined, snapshots: undefined }));
  };
  await refresh();
  const timer = setInterval(() => document.hidden || refresh(), EVERY);
  return () => clearInterval(timer);
}

async function show(place, name, operation, given) {
  const said = await call(operation, given).catch((problem) => ({ problem }));
  place.replaceChildren(h("h2", {}, name), said.problem ? h("p.wrong", {}, said.problem.message) : facts(said));
}

/** Any answer: values as a list, lists of objects as tables. */
function facts(value) {
  const plain = Object.entries(value).filter(([, part]) => typeof part !== "object");
  const nested = Object.entries(value).filter(([, part]) => part && typeof part === "object");
  return h("div", {}, h("dl", {}, plain.map(([name, part]) => [h("dt", {}, words(name)), h("dd", {}, shown(name, part))])), nested.map(([name, part]) => h("details", { open: name === "items" || Array.isArray(part.items) }, h("summary", {}, words(name)), inner(part))));
}

function inner(part) {
  const rows = Array.isArray(part) ? part : (part.items ?? null);
  if (!rows) return facts(part);
  if (!rows.length) return h("p.none", {}, "None.");
  if (typeof rows[0] !== "object") return h("ul", {}, rows.map((row) => h("li", {}, String(row))));
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return table(columns.map(words), rows.map((row) => columns.map((name) => (typeof row[name] === "object" && row[name] ? JSON.stringify(row[name]) : row[name]))));
}

const words = (name) => name.replaceAll("_", " ");
const shown = (name, part) => (typeof part === "number" && /bytes|rss|memory|size$/.test(name) && part > 10000 ? `${(part / 1e6).toFixed(1)} MB` : String(part));

/** Memory since the server keeps count, as a line and in words. */
function drawn(samples) {
  const points = [...samples].map(([at, bytes]) => [Date.parse(at), bytes]).sort(([one], [other]) => one - other).slice(-MOST_SAMPLES);
  if (points.length < 2) return [];
  const [[first], [last, now]] = [points[0], points.at(-1)];
  const most = Math.max(...points.map(([, bytes]) => bytes));
  const place = ([at, bytes]) => `${(((at - first) / (last - first)) * 300).toFixed(1)},${(58 - (bytes / most) * 52).toFixed(1)}`;
  const said = `Now ${megabytes(now)}, at most ${megabytes(most)} in the last ${span(last - first)}`;
  return [svg("svg", { viewBox: "0 0 300 60", class: "curve", role: "img", preserveAspectRatio: "none", "aria-label": said }, svg("polyline", { points: points.map(place).join(" ") })), h("p.facts", {}, said)];
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;
