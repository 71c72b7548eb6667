// Forms in a frame that submits none: without `allow-forms` the browser does not even say that it was asked to.

/** Let Enter in a field, and a press of a form's button, be the submit that it would be elsewhere. */
export function submitting(root) {
  root.addEventListener("keydown", (event) => event.key === "Enter" && event.target.matches("form input") && submit(event));
  root.addEventListener("click", (event) => event.target.closest("form button")?.type === "submit" && submit(event));
}

function submit(event) {
  const { form } = event.target.closest("input, button");
  event.preventDefault();
  if (form.reportValidity()) form.dispatchEvent(new SubmitEvent("submit", { bubbles: true, cancelable: true }));
}
