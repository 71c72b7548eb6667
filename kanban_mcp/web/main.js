// The shell: which page an address shows, and who is looking.
import { boardPage } from "./board.js";
import { boardsPage } from "./boards.js";
import { chartsPage } from "./charts.js";
import { diagnosticsPage } from "./diagnostics.js";
import { h, tell } from "./dom.js";
import { get } from "./api.js";
import { me, signIn, signOut } from "./session.js";

const ROUTES = [
  [/^\/$/, boardsPage],
  [/^\/boards\/(\d+)$/, boardPage],
  [/^\/boards\/(\d+)\/charts$/, chartsPage],
  [/^\/diagnostics$/, diagnosticsPage],
];
let leave = () => {};

/** Go to an address of this site without loading it anew. */
export function go(address, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", address);
  show();
}

async function show() {
  leave();
  leave = () => {};
  const content = document.getElementById("content");
  const task = /^\/tasks\/(\d+)$/.exec(location.pathname);
  try {
    if (task) return go(`/boards/${(await get(`/tasks/${task[1]}`)).board_id}?task=${task[1]}`, { replace: true });
    const [route, page] = ROUTES.find(([pattern]) => pattern.test(location.pathname)) ?? [];
    if (!page) return content.replaceChildren(h("p", {}, "There is no such page. ", h("a", { href: "/" }, "All boards")));
    bar();
    leave = (await page(content, ...route.exec(location.pathname).slice(1))) ?? (() => {});
  } catch (problem) {
    if (problem.status === 401) return signIn(content, show);
    content.replaceChildren(h("p.wrong", {}, problem.message), problem.hint ? h("p", {}, problem.hint) : null ?? "");
  }
}

function bar() {
  const here = (address) => ({ href: address, "aria-current": location.pathname === address ? "page" : null });
  document.getElementById("bar").replaceChildren(
    h("a.home", here("/"), "Kanban"),
    h("nav", { "aria-label": "Pages" }, h("a", here("/diagnostics"), "Diagnostics"), h("a", { href: "/docs" }, "API")),
    h("span.me", {}, me.actor, me.writes ? null : " (may only look)"),
    me.signedIn ? h("button", { onclick: () => signOut().then(show) }, "Sign out") : null ?? "",
  );
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='/']");
  const plain = !event.defaultPrevented && event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey);
  if (!link || !plain || link.target || link.pathname === "/docs") return;
  event.preventDefault();
  go(link.getAttribute("href"));
});
document.addEventListener("signed-out", () => tell("Your key is not valid here, or no longer.", { wrong: true }));
window.addEventListener("popstate", show);
show();
