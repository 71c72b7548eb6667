"""The header fields of a request by name: read once, for all that it passes."""

from collections.abc import Mapping

from starlette.types import Scope


def fields(scope: Scope) -> Mapping[bytes, bytes]:
    """Names, in lower case, and values; of a name that comes several times the last."""
    found: dict[bytes, bytes] | None = scope.get("fields")
    if found is None:
        found = scope["fields"] = dict(scope["headers"])
    return found


def repeated(scope: Scope) -> bool:
    """Whether a name comes several times."""
    return len(fields(scope)) != len(scope["headers"])
