// The shell: which page an address shows, and who is looking.
import { go } from "./address.js";
import { call } from "./api.js";
import { boardPage } from "./board.js";
import { boardsPage } from "./boards.js";
import { chartsPage } from "./charts.js";
import { diagnosticsPage } from "./diagnostics.js";
import { h, wrong } from "./dom.js";
import { me } from "./me.js";
import { ask, goBy, signIn, signOut } from "./session.js";

const ROUTES = [
  [/^\/$/, boardsPage],
  [/^\/boards\/(\d+)$/, boardPage],
  [/^\/boards\/(\d+)\/charts$/, chartsPage],
  [/^\/diagnostics$/, diagnosticsPage],
];
let leave = () => {};

async function show() {
  leave();
  leave = () => {};
  const content = document.getElementById("content");
  const showing = (show.now = {}); // another page may be asked for while this one is read
  try {
    await ask();
    bar();
    const task = /^\/tasks\/(\d+)$/.exec(location.pathname);
    if (task) return go(`/boards/${(await call("get_task", { task_id: task[1] })).board_id}?task=${task[1]}`, { replace: true });
    const [route, page] = ROUTES.find(([pattern]) => pattern.test(location.pathname)) ?? [];
    if (!page) return content.replaceChildren(h("p", {}, "There is no such page. ", h("a", { href: "/" }, "All boards")));
    const left = (await page(content, ...route.exec(location.pathname).slice(1))) ?? (() => {});
    if (showing === show.now) leave = left;
    else left();
  } catch (problem) {
    if (showing !== show.now) return;
    document.getElementById("bar").replaceChildren(home({ href: "/" }));
    if (problem.status === 401) return signIn(content, show);
    bar();
    content.replaceChildren(h("p.wrong", { role: "alert" }, problem.message), h("p", {}, problem.hint ?? ""));
  }
}

function bar() {
  const here = (address) => ({ href: address, "aria-current": location.pathname === address ? "page" : null });
  document.getElementById("bar").replaceChildren(
    home(here("/")),
    h("nav", { "aria-label": "Pages" }, h("a", here("/diagnostics"), "Diagnostics"), h("a", { href: "/docs" }, "API")),
    h("span.me", {}, me.writes ? null : "You may look, and not change. ", me.signedIn || !me.writes ? me.actor : name()),
    me.signedIn ? h("button", { onclick: () => signOut().then(show) }, "Sign out") : "",
  );
}

function home(props) {
  return h("a.home", props, h("img", { src: new URL("icon.svg", import.meta.url).pathname, alt: "" }), "Kanban");
}

/** What someone without a key goes by in the history. */
function name() {
  const change = (event) => goBy(event.target.value).then(bar, wrong);
  return h("label", {}, "You are ", h("input.who", { value: me.name, placeholder: "your name", maxlength: 100, autocomplete: "nickname", onchange: change }));
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='/']");
  const plain = !event.defaultPrevented && event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey);
  if (!link || !plain || link.target || link.pathname === "/docs") return;
  event.preventDefault();
  go(link.getAttribute("href"));
});
document.addEventListener("gone", show);
window.addEventListener("popstate", show);
show();
