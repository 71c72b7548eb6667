// What a board shows, read from the server.
import { all, call, maybe } from "./api.js";
import { MOST_ASKED } from "./rest.js";
import { BoardState } from "./state.js";

/** A board with its open cards. */
export async function openBoard(id) {
  const board = await call("get_board", { board: id, limit: 100 });
  const open = board.columns.filter((column) => column.category !== "done");
  const cards = await Promise.all(open.map((column) => all("list_tasks", { board: id, status: column.status })));
  return new BoardState(board, cards.flat());
}

/** Take finished cards in, the newest first: of each column as many as were shown `before`, and a page at least. Their ids. */
export async function finished(state, before = null) {
  const ids = [];
  for (const { status } of state.columns.filter((column) => column.category === "done")) {
    const wanted = before?.finished.get(status)?.read ?? 1;
    do ids.push(...(await older(state, status)));
    while (state.finished.get(status).next && state.finished.get(status).read < wanted);
  }
  return ids;
}

/** Take the next page of finished cards of a column in; the ids of its cards. */
export async function older(state, status) {
  const { next, read = 0 } = state.finished.get(status) ?? {};
  const page = await call("list_tasks", { board: state.board.id, status, finished: true, limit: 100, ...(next ? { cursor: next } : {}) });
  state.add(page.items);
  state.finished.set(status, { next: page.next, read: read + page.items.length, total: page.total });
  return page.items.map((card) => card.id);
}

/** Tell of cards what each waits for, one by one: lists tell only how much. */
export async function blockers(state, ids, told) {
  for (const id of ids.slice(0, MOST_ASKED)) {
    const card = state.cards.get(id);
    if (!card?.blocked_by) continue;
    const brief = await maybe("get_task", { task_id: id });
    if (!brief) return;
    card.blockers = [...(brief.blockers ?? []), ...(brief.subtasks ?? [])].filter((task) => task.open);
    told(id);
  }
}
