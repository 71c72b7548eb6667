// Operations by name, as agents call them; by which way they go to the server is decided elsewhere.
import { offers, send } from "./rest.js";

/** Call an operation; its result, lists as `items`. Raises Problem. */
export const call = (operation, given = {}) => send(operation, given);

/** What an operation answers, or null where it is not to be had: for what is good to know and not needed. */
export const maybe = (operation, given) => (offers(operation) ? call(operation, given).catch(() => null) : Promise.resolve(null));

/** All items of a list, page by page. */
export async function all(operation, given) {
  const items = [];
  let cursor;
  do {
    const page = await call(operation, { ...given, limit: 100, ...(cursor ? { cursor } : {}) });
    items.push(...page.items);
    cursor = page.next;
  } while (cursor);
  return items;
}
