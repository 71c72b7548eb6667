// JSON-RPC with the host whose frame this page is in.

let last = 0;
const asked = new Map();
const told = new Map();
const questions = new Map([["ping", () => ({})]]);

/** Ask the host; its result. Raises an Error with what it says. */
export function ask(method, params = {}) {
  const id = ++last;
  return new Promise((answered, failed) => {
    asked.set(id, { answered, failed });
    post({ id, method, params });
  });
}

/** Tell the host. */
export function tellHost(method, params = {}) {
  post({ method, params });
}

/** Hear what the host tells. */
export function hear(method, heard) {
  told.set(method, heard);
}

/** Answer what the host asks. */
export function answer(method, answering) {
  questions.set(method, answering);
}

function post(message) {
  window.parent.postMessage({ jsonrpc: "2.0", ...message }, "*"); // the origin of hosts is not known to servers
}

window.addEventListener("message", ({ source, data: message }) => {
  if (source !== window.parent || message?.jsonrpc !== "2.0") return;
  if (message.method === undefined) settle(message);
  else if (message.id === undefined) told.get(message.method)?.(message.params ?? {});
  else reply(message);
});

function settle({ id, result, error }) {
  const { answered, failed } = asked.get(id) ?? {};
  asked.delete(id);
  if (error) failed?.(new Error(error.message));
  else answered?.(result);
}

function reply({ id, method, params }) {
  const answering = questions.get(method);
  post(answering ? { id, result: answering(params ?? {}) } : { id, error: { code: -32601, message: `There is no ${method} here.` } });
}
