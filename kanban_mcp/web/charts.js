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
    h("div.picture", { tabindex: 0, role: "group", "aria-label": `${chart.title}: the picture` }, h("img", { src: `/boards/${id}/charts/${chart.name}.svg`, alt: chart.description, width: 720, height: 320, loading: "lazy" })),
    h("figcaption", {}, h("h2", {}, chart.title), rows.length ? table(columns, rows, chart.title) : h("p.none", {}, "Nothing to count yet.")),
  );
}

const NUMBER = /^-?[\d.,]+( ?(%|h|d|min))?$/;

/** Rows as a table; columns of numbers stand to the right. */
export function table(columns, rows, label = "Figures") {
  const text = (value) => (value === null || value === undefined ? "" : String(value));
  const numbers = columns.map((_, at) => rows.every((row) => text(row[at]) === "" || NUMBER.test(text(row[at]))));
  const cells = (tag, values, props = {}) => values.map((value, at) => h(numbers[at] ? `${tag}.number` : tag, props, text(value)));
  return h("div.scroll", { tabindex: 0, role: "region", "aria-label": label }, h("table", {}, h("thead", {}, h("tr", {}, cells("th", columns, { scope: "col" }))), h("tbody", {}, rows.map((row) => h("tr", {}, cells("td", row))))));
}
