// What went wrong, as the server says it.

/** What an operation was refused with: code, message, hint, and what is current. */
export class Problem extends Error {
  constructor(said, status = 0) {
    super(said.message || said.detail || said.title || `The server answered ${status}.`);
    Object.assign(this, { code: said.code, hint: said.hint, current: said.current, status });
  }

  /** The whole of it, for people. */
  get words() {
    return [this.message, this.hint].filter(Boolean).join(" ");
  }
}
