// How the host looks, taken over.

// Ours, and the host's that stands for it where the host has one.
const COLORS = {
  "--page": "--color-background-secondary",
  "--sheet": "--color-background-primary",
  "--ink": "--color-text-primary",
  "--soft": "--color-text-secondary",
  "--line": "--color-border-primary",
  "--wrong": "--color-text-danger",
  "--high": "--color-text-danger",
  "--blocked": "--color-text-warning",
  "--held": "--color-text-success",
};
const fonts = new CSSStyleSheet();

/** Look as the host does; later contexts tell only what has changed. */
export function follow({ theme, styles, safeAreaInsets: insets, containerDimensions: container, displayMode }) {
  const { style, dataset } = document.documentElement;
  if (theme) style.colorScheme = theme;
  if (styles?.variables) paint(style, styles.variables);
  if (styles?.css?.fonts) fonts.replaceSync(styles.css.fonts);
  if (insets) style.padding = ["top", "right", "bottom", "left"].map((side) => `${insets[side]}px`).join(" ");
  if (displayMode) dataset.display = displayMode;
  if (container) {
    dataset.height = "height" in container ? "fixed" : "free";
    if (container.maxHeight) style.setProperty("--most", `${container.maxHeight}px`);
  }
}

function paint(style, variables) {
  for (const [name, value] of Object.entries(variables)) if (name.startsWith("--") && value) style.setProperty(name, value);
  for (const [ours, theirs] of Object.entries(COLORS)) if (variables[theirs]) style.setProperty(ours, `var(${theirs})`);
}

/** Tell how high the page is, now and whenever that changes; `tell` is given width and height in pixels. */
export function measure(tell) {
  document.adoptedStyleSheets = [fonts];
  const root = document.documentElement;
  let last = 0;
  new ResizeObserver(() => {
    const height = Math.ceil(root.getBoundingClientRect().height);
    if (height !== last) tell({ width: window.innerWidth, height: (last = height) });
  }).observe(root);
}
