// Elements are built from values, never from markup: whatever an agent wrote is shown as text.

/** An element with properties, `on...` listeners and children; what is null or false is left out. */
export function h(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name || "div");
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(props)) set(element, key, value);
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function set(element, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
  else if (key === "data") Object.assign(element.dataset, value);
  else if (key === "value") element.value = value;
  else element.setAttribute(key, value === true ? "" : value);
}

const SVG = "http://www.w3.org/2000/svg";

/** The same for a picture. */
export function svg(tag, props = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(props)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** Say something to who looks, and to who listens. */
export function tell(text, { wrong = false } = {}) {
  const place = document.getElementById("told");
  place.replaceChildren(h(wrong ? "p.wrong" : "p", {}, text));
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => place.replaceChildren(), wrong ? 8000 : 4000);
}

/** Say what went wrong, and what to do about it. */
export const wrong = (problem) => tell(problem.words ?? problem.message, { wrong: true });

/** How long ago, or how long: "5 min", "3 h", "2 d". */
export function span(milliseconds) {
  const minutes = Math.max(0, Math.round(milliseconds / 60000));
  if (minutes < 1) return "now";
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 36 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

/** A moment as the reader's clock shows it, with how long ago it was. */
export function when(text) {
  const at = new Date(text);
  const ago = span(Date.now() - at);
  return h("time", { datetime: text, title: at.toLocaleString() }, ago === "now" ? "just now" : `${ago} ago`);
}
