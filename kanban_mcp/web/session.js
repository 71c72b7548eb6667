// Who looks at the board: a key pasted once, or whoever is at this machine.
import { h } from "./dom.js";

export const me = { actor: "", writes: true, signedIn: false };

/** Ask the server who this is. */
export async function ask() {
  const response = await fetch("/session");
  if (response.ok) Object.assign(me, await response.json());
  return response.ok;
}

/** The page that asks for a key; `then` is called when it was a good one. */
export function signIn(content, then) {
  const field = h("input", { type: "password", name: "key", required: true, autocomplete: "off", "aria-describedby": "why" });
  const wrong = h("p.wrong", { role: "alert" });
  const form = h(
    "form.sign-in",
    { onsubmit: (event) => send(event, field, wrong, then) },
    h("h1", {}, "Sign in"),
    h("p", { id: "why" }, "This board wants a key. `kanban-mcp keys create` makes one; it is kept in this browser alone."),
    h("label", {}, "Key ", field),
    h("button", {}, "Sign in"),
    wrong,
  );
  content.replaceChildren(form);
  field.focus();
}

async function send(event, field, wrong, then) {
  event.preventDefault();
  const headers = { "Content-Type": "application/json" };
  const response = await fetch("/session", { method: "POST", headers, body: JSON.stringify({ key: field.value.trim() }) });
  if (response.ok) {
    await ask();
    then();
  } else {
    wrong.textContent = "That key is not valid here, or no longer.";
    field.select();
  }
}

/** Forget the key. */
export async function signOut() {
  await fetch("/session", { method: "DELETE" });
  Object.assign(me, { actor: "", signedIn: false });
  await ask();
}
