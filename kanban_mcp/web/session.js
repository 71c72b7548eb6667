// Signing in and out.
import { h } from "./dom.js";
import { me } from "./me.js";
import { Problem } from "./problem.js";
import { request } from "./rest.js";

/** Ask the server who this is. Raises Problem, with status 401 where it wants a key. */
export async function ask() {
  Object.assign(me, await request("GET", "/session"));
}

/** Go by this name from now on; letters that a header cannot carry are left out. */
export async function goBy(name) {
  me.name = name.replace(/[^ -~\u00a1-\u00ff]/g, "").trim().slice(0, 100);
  localStorage.setItem("name", me.name);
  await ask();
}

/** The page that asks for a key; `then` is called when it was a good one. */
export function signIn(content, then) {
  document.title = "Sign in";
  const field = h("input", { type: "password", name: "key", required: true, autocomplete: "off", "aria-describedby": "why" });
  const wrong = h("p.wrong", { role: "alert" });
  const send = async (event) => {
    event.preventDefault();
    try {
      await request("POST", "/session", undefined, { Authorization: `Bearer ${field.value.trim()}` });
      await ask();
      then();
    } catch (problem) {
      wrong.textContent = problem instanceof Problem ? problem.words : "That is not a key.";
      field.select();
    }
  };
  content.replaceChildren(
    h(
      "form.sign-in",
      { onsubmit: send },
      h("h1", {}, "Sign in"),
      h("p", { id: "why" }, "This server asks for a key. ", h("code", {}, "kanban-mcp keys create"), " makes one. It is kept in this browser, where no script can read it, until you sign out."),
      h("label", {}, "Key", field),
      h("button.main", {}, "Sign in"),
      wrong,
    ),
  );
  field.focus();
}

/** Forget the key. */
export async function signOut() {
  await request("DELETE", "/session");
  Object.assign(me, { actor: "", writes: false, signedIn: false });
}
