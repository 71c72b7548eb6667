// Cards that were put away, and the way to bring them back.
import { call } from "./api.js";
import { h, tell, wrong } from "./dom.js";
import { me } from "./me.js";
import { sheet } from "./sheet.js";

/** Show the archived cards of a board, newest first. */
export async function archive(page) {
  const list = h("ul.plainlist");
  const more = h("button", { type: "button" }, "Older ones");
  sheet("Archive", () => {}, h("h2", {}, "Archive"), list, more);
  let cursor;
  const next = async () => {
    const shown = await call("list_tasks", { board: page.id, archived: true, limit: 50, ...(cursor ? { cursor } : {}) });
    list.append(...shown.items.map((card) => entry(card)));
    if (!list.children.length) list.append(h("li.none", {}, "Nothing was archived yet. A card's page has the button for it."));
    cursor = shown.next;
    more.hidden = !cursor;
  };
  more.addEventListener("click", () => next().catch(wrong));
  await next().catch(wrong);
}

function entry(card) {
  const item = h("li", {}, h("span.id", {}, `#${card.id}`), " ", card.title, " ", me.writes ? h("button", { type: "button", onclick: () => back(card, item) }, "Bring back") : null);
  return item;
}

async function back(card, item) {
  try {
    await call("archive_task", { task_id: card.id, archived: false });
    item.remove();
    tell(`“${card.title}” is back in its column.`);
  } catch (problem) {
    wrong(problem);
  }
}
