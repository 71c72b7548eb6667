// All boards.
import { get, post } from "./api.js";
import { h, tell } from "./dom.js";
import { go } from "./main.js";
import { ask, me } from "./session.js";

export async function boardsPage(content) {
  await ask();
  document.title = "Boards";
  const { items } = await get("/boards?limit=100");
  content.replaceChildren(
    h("h1", {}, "Boards"),
    items.length ? h("ul.boards", {}, items.map(entry)) : h("p", {}, "There is no board yet. Name the first one:"),
    me.writes ? newBoard() : "",
  );
}

function entry(board) {
  return h(
    "li",
    {},
    h("a", { href: `/boards/${board.id}` }, board.name),
    h("span.counts", {}, `${board.open} open, ${board.done} done`),
    board.description ? h("p", {}, board.description) : null,
  );
}

function newBoard() {
  const name = h("input", { name: "name", required: true, maxlength: 100, "aria-label": "Name of a new board" });
  const create = async (event) => {
    event.preventDefault();
    try {
      go(`/boards/${(await post("/boards", { name: name.value })).id}`);
    } catch (problem) {
      tell(problem.message, { wrong: true });
    }
  };
  return h("form.new", { onsubmit: create }, name, h("button", {}, "Create a board"));
}
