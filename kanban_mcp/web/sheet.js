// A sheet beside the board: the board stays in sight and in use.
import { h } from "./dom.js";

/** Show a sheet; `closed` is called once when it is closed, by its button, by Escape or by `close`. */
export function sheet(label, closed, ...children) {
  const close = () => {
    if (!element.isConnected) return;
    document.removeEventListener("keydown", onkeydown);
    element.remove();
    closed();
  };
  const onkeydown = (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    close();
  };
  const element = h("dialog.sheet", { "aria-label": label, tabindex: -1 }, h("button.close", { type: "button", "aria-label": "Close", onclick: close }, "×"), children);
  document.addEventListener("keydown", onkeydown); // not of the sheet: what had the focus may be drawn anew
  document.body.append(element);
  element.show();
  element.focus();
  return { element, close };
}
