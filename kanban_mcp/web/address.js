// The address: which page it names, and what is kept in it.

/** Whether there are other pages beside this one. */
export const pages = true;

/** Go to an address of this site without loading it anew. */
export function go(address, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", address);
  document.dispatchEvent(new Event("gone"));
}

/** What the address keeps under a name. */
export const kept = (name) => new URLSearchParams(location.search).get(name);

/** Keep something in the address, or nothing any more. */
export function keep(name, value) {
  const given = new URLSearchParams(location.search);
  if (value) given.set(name, value);
  else given.delete(name);
  history.replaceState(null, "", `${location.pathname}${given.size ? `?${given}` : ""}`);
}
