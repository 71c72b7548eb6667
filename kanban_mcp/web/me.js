// Who looks at the board: someone with a key, pasted once, or whoever is at this machine.

/** `name` is what someone without a key goes by; `actor` what the log will say. */
export const me = { actor: "", writes: true, signedIn: false, name: kept() };

function kept() {
  try {
    return localStorage.getItem("name") ?? "";
  } catch {
    return ""; // a host's frame keeps nothing
  }
}
