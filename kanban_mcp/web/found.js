// What the server finds by words: cards and notes, the finished and the long ones too.
import { keep } from "./address.js";
import { call } from "./api.js";
import { h } from "./dom.js";

/** Search a board and show what fits, best first. */
export async function found(page, words) {
  keep("find", words.trim());
  if (!words.trim()) return page.results.replaceChildren();
  const { items } = await call("search", { query: words, board: page.id, limit: 50 });
  const close = () => {
    keep("find", "");
    page.results.replaceChildren();
    page.tools.querySelector("input").focus();
  };
  page.results.replaceChildren(
    h(
      "section.found",
      { "aria-label": "Found" },
      h("header", {}, h("h2", { role: "status" }, items.length ? `Found ${items.length}${items.length === 50 ? " or more" : ""} for “${words}”` : `Nothing found for “${words}”`), h("button", { type: "button", onclick: close }, "Close")),
      h("ol", {}, items.map((hit) => entry(page, hit))),
    ),
  );
}

function entry(page, hit) {
  const open = (event) => {
    event.preventDefault();
    page.open(hit.task_id);
  };
  return h(
    "li",
    {},
    h("a", { href: `/tasks/${hit.task_id}`, onclick: open }, `#${hit.task_id} ${hit.title}`),
    h("span.facts", {}, ` ${hit.kind === "note" ? `a note by ${hit.author}` : page.state.column(hit.status)?.name ?? hit.status}, ${hit.on}`),
    h("p", {}, marked(hit.snippet)),
  );
}

/** The words that were found stand in brackets. */
function marked(snippet) {
  return snippet.split(/(\[[^\]]*\])/).map((part) => (/^\[.*\]$/s.test(part) ? h("mark", {}, part.slice(1, -1)) : part));
}
