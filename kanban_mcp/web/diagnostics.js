// What the server is doing: calls, statements, cache, batches, memory over time.
import { call } from "./api.js";
import { table } from "./charts.js";
import { h, span, svg } from "./dom.js";
import { bytes, labelled, said } from "./figures.js";

const EVERY = 5000;
const MOST_SAMPLES = 720; // an hour

/** Each part: its heading, the operation it asks, whether it is as wide as the page, what it shows of this and all answers. */
const PARTS = [
  ["Memory", "get_memory", {}, false, ({ now: { at, ...now }, snapshots, ...rest }, { get_performance: calls }) => [memory(snapshots, calls.memory_usage?.rss ?? now.rss_bytes), facts({ ...now, ...rest })]],
  ["Health", "get_health", {}, false, (health) => [facts(health)]],
  ["Groups of writes", "get_batch_stats", {}, false, (batches) => [facts(batches)]],
  ["Calls", "get_performance", {}, true, ({ operations, ...rest }) => [list(operations.items, "No calls yet."), facts(rest)]],
  ["Statements, slowest first", "get_query_stats", { sort: "max", limit: 20 }, true, statements],
  ["Cache", "get_cache_stats", {}, true, ({ views, ...rest }) => [facts(rest), list(views.items, "Nothing was kept yet.")]],
];

export async function diagnosticsPage(content) {
  document.title = "Diagnostics";
  const tiles = h("dl.tiles");
  const places = PARTS.map(([name, , , wide]) => h(wide ? "section.part.wide" : "section.part", {}, h("h2", {}, name)));
  content.replaceChildren(h("h1", {}, "Diagnostics"), tiles, h("div.parts", {}, places));
  const refresh = async () => {
    const asked = PARTS.map(async ([, operation, given]) => [operation, await call(operation, given).catch((problem) => ({ problem }))]);
    const answers = Object.fromEntries(await Promise.all(asked));
    PARTS.forEach(([name, operation, , , shown], at) => {
      const { problem } = answers[operation];
      renew(places[at], h("h2", {}, name), problem ? [h("p.wrong", {}, problem.words ?? problem.message)] : shown(answers[operation], answers));
    });
    tiles.replaceChildren(...summary(answers));
  };
  await refresh();
  const timer = setInterval(() => document.hidden || refresh(), EVERY);
  return () => clearInterval(timer);
}

/** Put other children in a place; what was opened, scrolled or focused there stays so. */
function renew(place, heading, children) {
  const kept = "details, summary, .scroll";
  const before = [...place.querySelectorAll(kept)].map((each) => [each.open, each.scrollLeft, each === document.activeElement]);
  place.replaceChildren(heading, ...children);
  [...place.querySelectorAll(kept)].forEach((each, at) => {
    const [open, left, focused] = before[at] ?? [];
    if (open) each.open = true;
    if (left) each.scrollLeft = left;
    if (focused) each.focus({ preventScroll: true });
  });
}

/** What one wants to know first. */
function summary({ get_health: health, get_performance: calls, get_cache_stats: cache, get_query_stats: statements }) {
  const errors = Object.values(calls.errors ?? {}).reduce((sum, count) => sum + count, 0);
  const tiles = [
    ["Health", health.status],
    ["Calls a second", calls.requests_per_second],
    ["95 % of calls within", said("p95_ms", calls.api_response_time?.p95)],
    ["Calls refused", calls.errors && errors],
    ["Slow statements", statements.queries && (statements.slow_count ?? 0)],
    ["Found in the cache", said("hit_rate", cache.hit_rate)],
    ["Memory", said("rss", calls.memory_usage?.rss)],
  ];
  return tiles.filter(([, value]) => value !== undefined && value !== "").map(([name, value]) => h("div.tile", {}, h("dt", {}, name), h("dd", {}, String(value))));
}

function statements({ queries, slow, plans, ...rest }) {
  const plan = ({ name, steps }) => h("li", {}, h("code", {}, name), ": ", steps.join("; "));
  return [
    list(queries.items, "No statements yet."),
    facts(rest),
    slow?.length ? h("details", {}, h("summary", {}, "The last slow ones"), table(["statement", "ms", "rows"], slow.map((row) => row.map((value) => said("", value))), "Slow statements")) : null,
    plans?.length ? h("details", {}, h("summary", {}, "How they run"), h("ul", {}, plans.map(plan))) : null,
  ].filter(Boolean);
}

/** Values with their names, in the units that people read. */
function facts(values) {
  const shown = Object.entries(values).map(([name, value]) => [labelled(name), said(name, value)]);
  return h("dl", {}, shown.filter(([, value]) => value !== "").map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

/** Objects as the rows of a table. */
function list(items, none) {
  if (!items?.length) return h("p.none", {}, none);
  const columns = [...new Set(items.flatMap((item) => Object.keys(item)))];
  return table(columns.map((name) => name.replaceAll("_", " ")), items.map((item) => columns.map((name) => said(name === "hit_rate" ? name : "", item[name]))));
}

/** Memory since the server keeps count, as a line and in words. */
function memory(snapshots = [], now) {
  for (const [at, size] of snapshots) memory.seen.set(Date.parse(at), size);
  memory.seen.set(Date.now(), now);
  const seen = [...memory.seen].sort(([one], [other]) => one - other).slice(-MOST_SAMPLES);
  memory.seen = new Map(seen);
  if (seen.length < 2) return h("p.none", {}, "A line is drawn once there are two measurements.");
  const [[first], [last, newest]] = [seen[0], seen.at(-1)];
  const most = Math.max(...seen.map(([, size]) => size));
  const place = ([at, size]) => `${(((at - first) / (last - first)) * 300).toFixed(1)},${(58 - (size / most) * 52).toFixed(1)}`;
  const words = `Now ${bytes(newest)}, at most ${bytes(most)} in the last ${span(last - first)}`;
  return h("div", {}, svg("svg", { viewBox: "0 0 300 60", class: "curve", role: "img", preserveAspectRatio: "none", "aria-label": words }, svg("polyline", { points: seen.map(place).join(" ") })), h("p.facts", {}, words));
}
memory.seen = new Map(); // the server keeps few; a page that stays open has them all
