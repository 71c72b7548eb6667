"""SVG as text: elements and their attributes. What users wrote is escaped and visible here, and nowhere else."""

from xml.sax.saxutils import escape, quoteattr

from kanban_mcp.visible import visible

Value = str | float
"""Of an attribute; numbers are written to a tenth of a pixel."""


def element(name: str, /, *children: str, **attributes: Value) -> str:
    """An element around markup; `class_` is the attribute `class`, `font_size` is `font-size`."""
    named = "".join(
        f" {key.rstrip('_').replace('_', '-')}={quoteattr(_said(value))}" for key, value in attributes.items()
    )
    return f"<{name}{named}>{''.join(children)}</{name}>" if children else f"<{name}{named}/>"


def written(text: str) -> str:
    """Text as markup that means just that."""
    return escape(visible(text))


def label(text: str, x: float, y: float, **attributes: Value) -> str:
    """A line of text at a point."""
    return element("text", written(text), x=x, y=y, **attributes)


def tooltip(text: str) -> str:
    """What is shown over the element around it, and read aloud for it."""
    return element("title", written(text))


def number(value: float) -> str:
    """A number to a tenth, as short as it can be."""
    return f"{value:.1f}".removesuffix(".0")


def _said(value: Value) -> str:
    return visible(value) if isinstance(value, str) else number(value)
