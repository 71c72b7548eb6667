// What a card waits for and what waits for it, as a small picture.
import { svg } from "./dom.js";

const WIDTH = 150;
const HEIGHT = 30;
const LETTERS = 18;
const GAP_X = 40;
const GAP_Y = 10;

/** A picture of the tasks around one; what is before it stands left. */
export function graph({ task_id: center, tasks, edges }) {
  const level = levels(center, edges);
  const shown = tasks.filter((task) => level.has(task.id)).slice(0, 30);
  const rows = new Map();
  const least = Math.min(...level.values());
  const place = new Map();
  for (const task of shown) {
    const column = level.get(task.id) - least;
    const row = rows.get(column) ?? 0;
    rows.set(column, row + 1);
    place.set(task.id, [column * (WIDTH + GAP_X), row * (HEIGHT + GAP_Y)]);
  }
  const size = [Math.max(...[...place.values()].map(([x]) => x)) + WIDTH, Math.max(...[...place.values()].map(([, y]) => y)) + HEIGHT];
  const drawn = svg("svg", { viewBox: `-1 -1 ${size[0] + 2} ${size[1] + 2}`, width: size[0] + 2, class: "graph", role: "img", "aria-label": `${shown.length} linked cards; the lists below name them` });
  for (const [task, needs, kind] of edges) if (place.has(task) && place.has(needs)) drawn.append(edge(place.get(needs), place.get(task), kind));
  for (const task of shown) drawn.append(box(task, place.get(task.id), task.id === center));
  return drawn;
}

/** How many steps each task is after the one in the middle; negative before it. */
function levels(center, edges) {
  const level = new Map([[center, 0]]);
  const waiting = [center];
  while (waiting.length) {
    const id = waiting.shift();
    for (const [task, needs] of edges) {
      if (task === id && !level.has(needs)) level.set(needs, level.get(id) - 1) && waiting.push(needs);
      if (needs === id && !level.has(task)) level.set(task, level.get(id) + 1) && waiting.push(task);
    }
  }
  return level;
}

function edge([x1, y1], [x2, y2], kind) {
  const [from, to] = [[x1 + WIDTH, y1 + HEIGHT / 2], [x2, y2 + HEIGHT / 2]];
  const bend = GAP_X / 2;
  return svg("path", { d: `M${from} C${from[0] + bend},${from[1]} ${to[0] - bend},${to[1]} ${to}`, class: `edge ${kind}` });
}

function box(task, [x, y], here) {
  const text = svg("text", { x: 8, y: HEIGHT / 2 + 4 });
  text.textContent = short(`#${task.id} ${task.title}`);
  const clipped = svg("svg", { x, y, width: WIDTH - 4, height: HEIGHT }, text); // letters are as wide as the reader's font has them
  return svg("g", { class: `${here ? "here" : ""} ${task.open ? "" : "closed"}` }, svg("rect", { x, y, width: WIDTH, height: HEIGHT, rx: 4 }), clipped);
}

const short = (text) => (text.length > LETTERS ? `${text.slice(0, LETTERS - 1)}…` : text);
