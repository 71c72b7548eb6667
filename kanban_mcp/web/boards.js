// All boards.
import { go } from "./address.js";
import { all, call } from "./api.js";
import { h, wrong } from "./dom.js";
import { me } from "./me.js";

export async function boardsPage(content) {
  document.title = "Boards";
  const items = await all("list_boards");
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
    board.open + board.done ? h("progress", { max: board.open + board.done, value: board.done, "aria-hidden": "true" }) : null,
    h("span.counts", {}, board.open + board.done ? `${board.open} open, ${board.done} done` : "no cards yet"),
    board.description ? h("p", {}, board.description) : null,
  );
}

function newBoard() {
  const name = h("input", { name: "name", required: true, maxlength: 100, placeholder: "Name of a new board", "aria-label": "Name of a new board" });
  const create = async (event) => {
    event.preventDefault();
    try {
      go(`/boards/${(await call("create_board", { name: name.value })).id}`);
    } catch (problem) {
      wrong(problem);
    }
  };
  return h("form.new", { onsubmit: create }, name, h("button.main", {}, "Create a board"));
}
