"""The header fields of a request by name, and what is concluded from its head: once, for all that it passes."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from starlette.types import Scope

_T = TypeVar("_T")


class Fields(dict[bytes, bytes]):
    """Names, in lower case, and values; of a name that comes several times the last."""

    def __init__(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        super().__init__(headers)
        self.concluded: dict[Callable[[Scope], Any], Any] = {}


def fields(scope: Scope) -> Fields:
    """Those of a request. A server that knows a head from before gives those it had then."""
    found: Fields | None = scope.get("fields")
    if found is None:
        found = scope["fields"] = Fields(scope["headers"])
    return found


def concluded(scope: Scope, judge: Callable[[Scope], _T]) -> _T:
    """What a judge says of a request, who looks at nothing but its head: of one that came before it is known."""
    known = fields(scope).concluded
    if judge not in known:
        known[judge] = judge(scope)
    found: _T = known[judge]
    return found


def repeated(scope: Scope) -> bool:
    """Whether a name comes several times."""
    return len(fields(scope)) != len(scope["headers"])
