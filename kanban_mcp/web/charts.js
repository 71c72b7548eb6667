// How work flows: pictures drawn by the server, each with its figures beside it.
import { call } from "./api.js";
import { h } from "./dom.js";
import { request } from "./rest.js";

export async function chartsPage(content, id) {
  const board = await call("get_board", { board: id, limit: 1 });
  const { charts } = await request("GET", `/boards/${id}/charts.json`);
  document.title = `${board.name}: charts`;
  content.replaceChildren(h("div.head", {}, h("h1", {}, `${board.name}: how work flows`), h("a", { href: `/boards/${id}` }, "The board")), ...charts.map((chart) => figure(id, chart)));
}

function figure(id, chart) {
  const { columns, rows } = chart.table;
  return h(
    "figure.chart",
    {},
    h("img", { src: `/boards/${id}/charts/${chart.name}.svg`, alt: chart.description, loading: "lazy" }),
    h("figcaption", {}, h("details", {}, h("summary", {}, `${chart.title}: the figures`), table(columns, rows))),
  );
}

/** Rows as a table. */
export function table(columns, rows) {
  const cells = (tag, values) => values.map((value) => h(tag, tag === "th" ? { scope: "col" } : {}, value === null || value === undefined ? "" : String(value)));
  return h("div.scroll", { tabindex: 0, role: "region", "aria-label": "Figures" }, h("table", {}, h("thead", {}, h("tr", {}, cells("th", columns))), h("tbody", {}, rows.map((row) => h("tr", {}, cells("td", row))))));
}
