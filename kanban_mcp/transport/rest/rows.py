"""Lists, as programs get them: an object for each row."""

from collections.abc import Mapping
from typing import Any


def whole(value: Any) -> Any:
    """JSON values with each page in them as `{"items": [{...}, ...], "total": ..., "next": ...}`.

    As everywhere, what is null is left out.
    """
    if isinstance(value, list):
        return [whole(part) for part in value]
    if not isinstance(value, dict):
        return value
    if "columns" in value and "rows" in value:
        rest = {name: part for name, part in value.items() if name not in ("columns", "rows")}
        return {"items": _items(value), **rest}
    return {name: whole(part) for name, part in value.items()}


def _items(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    columns = page["columns"]
    return [
        {name: value for name, value in zip(columns, row, strict=True) if value is not None} for row in page["rows"]
    ]
