"""Colours, light and dark by the reader's system: custom properties, which a page around a chart may set otherwise."""

from kanban_mcp.models.flow import Band

_LIGHT = {
    "surface": "#ffffff",
    "panel": "#f6f8fa",
    "ink": "#1f2328",
    "muted": "#59636e",
    "line": "#d9dee3",
    "accent": "#0b69c7",
    "calm": "#2f8f5b",
    "warn": "#b7791f",
    "alarm": "#c2364b",
}
_DARK = {
    "surface": "#0f1419",
    "panel": "#171d24",
    "ink": "#e6eaef",
    "muted": "#9aa6b2",
    "line": "#2c353f",
    "accent": "#5aa9f5",
    "calm": "#56b981",
    "warn": "#e0ad4c",
    "alarm": "#f0717f",
}
_RAMPS = {
    "todo": (("#c3ccd6", "#8f9cab"), ("#3d4854", "#6b7a8b")),
    "active": (("#8fc1f2", "#0b5cad"), ("#2a5f94", "#8cc4fa")),
    "done": (("#8ed1aa", "#5fb487"), ("#2f6b4a", "#3f8a60")),
}
"""For each category the colours between which its columns lie, light and dark: the nearer to done, the stronger."""


def style() -> str:
    """The rules of all charts."""
    return f"""
.kb {{ {_properties(_LIGHT)} font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }}
@media (prefers-color-scheme: dark) {{ .kb {{ {_properties(_DARK)} }} }}
.kb text {{ fill: var(--kb-ink); }}
.kb .muted {{ fill: var(--kb-muted); }}
.kb .small {{ font-size: 12px; }}
.kb .heading {{ font-size: 16px; font-weight: 600; }}
.kb .figure {{ font-size: 22px; font-weight: 600; }}
.kb .grid {{ stroke: var(--kb-line); }}
.kb .axis {{ stroke: var(--kb-muted); }}
.kb .mark {{ stroke: var(--kb-ink); stroke-dasharray: 5 4; stroke-width: 1.2; }}
.kb .bar {{ fill: var(--kb-accent); }}
.kb .dot {{ fill: var(--kb-accent); }}
.kb .dot.over50 {{ fill: var(--kb-warn); }}
.kb .dot.over85, .kb .dot.over95 {{ fill: var(--kb-alarm); }}
.kb .dot.within {{ fill: var(--kb-calm); }}
.kb .band {{ stroke: var(--kb-surface); stroke-width: 1; }}
.kb .surface {{ fill: var(--kb-surface); }}
.kb .panel {{ fill: var(--kb-panel); stroke: var(--kb-line); }}
""".strip()


def band_style(bands: tuple[Band, ...]) -> tuple[str, dict[str, str]]:
    """Rules for the columns of a board, and the class of each."""
    light, dark, classes = [], [], {}
    for category, ramps in _RAMPS.items():
        alike = [band for band in bands if band.category == category]
        for number, band in enumerate(alike):
            name = f"{category}{number}"
            share = number / (len(alike) - 1) if len(alike) > 1 else 0.5
            light.append(f".kb .{name} {{ fill: {_between(*ramps[0], share)}; }}")
            dark.append(f".kb .{name} {{ fill: {_between(*ramps[1], share)}; }}")
            classes[band.status] = name
    return f"{' '.join(light)} @media (prefers-color-scheme: dark) {{ {' '.join(dark)} }}", classes


def _properties(colours: dict[str, str]) -> str:
    return " ".join(f"--kb-{name}: {colour};" for name, colour in colours.items())


def _between(first: str, last: str, share: float) -> str:
    pairs = [(int(first[at : at + 2], 16), int(last[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(start + (end - start) * share):02x}" for start, end in pairs)
