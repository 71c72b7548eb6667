// The part of Markdown that notes use, as elements. No markup of the writer's is ever taken over.
import { h } from "./dom.js";

const INLINE = /(`[^`]+`)|(\*\*[^*]+\*\*)|(\*[^*\s][^*]*\*|_[^_\s][^_]*_)|(\[[^\]]+\]\(https?:\/\/[^\s)]+\))|(https?:\/\/[^\s<>"')\]]+)|(#\d+\b)/;

/** A text as paragraphs, headings, lists, quotes and code. */
export function markdown(text) {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  const blocks = [];
  while (lines.length) blocks.push(block(lines));
  return h("div.prose", {}, blocks);
}

function block(lines) {
  const line = lines.shift();
  if (!line.trim()) return null;
  if (line.startsWith("```")) {
    const code = take(lines, (next) => !next.startsWith("```"));
    lines.shift();
    return h("pre", { tabindex: 0 }, h("code", {}, code.join("\n"))); // long lines are scrolled to, also by keys
  }
  const heading = /^(#{1,6})\s+(.*)/.exec(line);
  if (heading) return h("p.heading", {}, inline(heading[2]));
  if (/^\s*([-*+]|\d+[.)])\s/.test(line)) {
    const ordered = /^\s*\d/.test(line);
    const items = [line, ...take(lines, (next) => /^\s*([-*+]|\d+[.)])\s/.test(next))];
    return h(ordered ? "ol" : "ul", {}, items.map((item) => h("li", {}, inline(item.replace(/^\s*([-*+]|\d+[.)])\s+/, "")))));
  }
  if (line.startsWith(">")) {
    const quoted = [line, ...take(lines, (next) => next.startsWith(">"))].map((next) => next.replace(/^>\s?/, ""));
    return h("blockquote", {}, inline(quoted.join("\n")));
  }
  const rest = take(lines, (next) => next.trim() && !/^(```|#{1,6}\s|>|\s*([-*+]|\d+[.)])\s)/.test(next));
  return h("p", {}, inline([line, ...rest].join("\n")));
}

function take(lines, wanted) {
  const taken = [];
  while (lines.length && wanted(lines[0])) taken.push(lines.shift());
  return taken;
}

function inline(text) {
  const parts = [];
  for (let found; (found = INLINE.exec(text)); text = text.slice(found.index + found[0].length)) {
    parts.push(text.slice(0, found.index), marked(found));
  }
  return [...parts, text];
}

function marked([whole, code, strong, emphasis, link, address]) {
  if (code) return h("code", {}, code.slice(1, -1));
  if (strong) return h("strong", {}, strong.slice(2, -2));
  if (emphasis) return h("em", {}, emphasis.slice(1, -1));
  if (link) {
    const [, name, target] = /^\[([^\]]+)\]\((.+)\)$/.exec(link);
    return outside(target, name);
  }
  if (address) return outside(address, address);
  return h("a", { href: `/tasks/${whole.slice(1)}` }, whole);
}

function outside(target, name) {
  return h("a", { href: target, rel: "noopener noreferrer nofollow", target: "_blank" }, name);
}
