// The operations, over REST.

/** What an operation was refused with: code, message, hint, and what is current. */
export class Problem extends Error {
  constructor(said, status) {
    super(said.detail || said.title || `The server answered ${status}.`);
    Object.assign(this, { code: said.code, hint: said.hint, current: said.current, status });
  }
}

/** Call an operation; its result. Raises Problem. */
export async function api(method, path, body) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  let response;
  try {
    response = await fetch(`/api${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Problem({ detail: "The server does not answer.", code: "offline" }, 0);
  }
  const said = await response.json().catch(() => ({}));
  if (response.ok) return said;
  if (response.status === 401) document.dispatchEvent(new Event("signed-out"));
  throw new Problem(said, response.status);
}

export const get = (path) => api("GET", path);
export const post = (path, body = {}) => api("POST", path, body);
export const patch = (path, body) => api("PATCH", path, body);
export const remove = (path) => api("DELETE", path);

/** All items of a list, page by page; `seen` is given each page as it comes. */
export async function all(path, seen = () => {}) {
  const items = [];
  let cursor = null;
  do {
    const joint = path.includes("?") ? "&" : "?";
    const page = await get(path + joint + "limit=100" + (cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""));
    items.push(...page.items);
    seen(page.items);
    cursor = page.next;
  } while (cursor);
  return items;
}
