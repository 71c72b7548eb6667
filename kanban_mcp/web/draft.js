// What someone has begun to write.

/** A text that is being written: kept until it is sent, also when the page is loaded anew. */
export function draft(name) {
  const said = { text: "" };
  try {
    said.text = sessionStorage.getItem(name) ?? "";
    return Object.defineProperty({}, "text", { get: () => sessionStorage.getItem(name) ?? "", set: (text) => sessionStorage.setItem(name, text) });
  } catch {
    return said; // a host's frame keeps nothing
  }
}
