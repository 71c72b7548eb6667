// What the server is doing: calls, statements, cache, batches, memory over time.
import { get } from "./api.js";
import { table } from "./charts.js";
import { h, svg } from "./dom.js";
import { ask } from "./session.js";

const PARTS = [
  ["Health", "/health/details"],
  ["Calls", "/performance"],
  ["Statements, slowest first", "/queries?sort=max&limit=20"],
  ["Cache", "/cache"],
  ["Groups of writes", "/batches"],
];
const EVERY = 5000;

export async function diagnosticsPage(content) {
  await ask();
  document.title = "Diagnostics";
  const samples = [];
  const places = PARTS.map(([name]) => h("section.part", {}, h("h2", {}, name)));
  const memory = h("section.part", {}, h("h2", {}, "Memory"));
  content.replaceChildren(h("h1", {}, "Diagnostics"), h("div.parts", {}, memory, ...places));
  const refresh = async () => {
    await Promise.all(PARTS.map(([name, path], at) => show(places[at], name, path)));
    const now = await get("/memory").catch((problem) => ({ problem }));
    if (now.rss) samples.push(now.rss);
    memory.replaceChildren(h("h2", {}, "Memory"), curve(samples.slice(-120)), now.problem ? h("p.wrong", {}, now.problem.message) : facts(now));
  };
  await refresh();
  const timer = setInterval(() => document.hidden || refresh(), EVERY);
  return () => clearInterval(timer);
}

async function show(place, name, path) {
  const said = await get(path).catch((problem) => ({ problem }));
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

function curve(samples) {
  const most = Math.max(...samples, 1) * 1.2;
  const points = samples.map((bytes, at) => `${(at / Math.max(samples.length - 1, 1)) * 300},${60 - (bytes / most) * 60}`).join(" ");
  return svg("svg", { viewBox: "0 0 300 60", class: "curve", role: "img", "aria-label": `Memory now ${(samples.at(-1) / 1e6 || 0).toFixed(0)} MB` }, svg("polyline", { points }));
}
