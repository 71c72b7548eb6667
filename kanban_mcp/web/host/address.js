// A page in a host has no address: what it keeps, it keeps while it is open.

const all = new Map();

/** Whether there are other pages beside this one. */
export const pages = false;

/** What is kept under a name. */
export const kept = (name) => all.get(name) ?? null;

/** Keep something, or nothing any more. */
export function keep(name, value) {
  if (value) all.set(name, String(value));
  else all.delete(name);
}
