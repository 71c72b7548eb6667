"""Who calls: in whose name, and what they may do."""

from typing import Literal, NamedTuple, TypeAlias

Scope: TypeAlias = Literal["read", "write", "admin"]

READER: frozenset[Scope] = frozenset({"read"})
WRITER: frozenset[Scope] = frozenset({"read", "write"})
ADMIN: frozenset[Scope] = frozenset({"read", "write", "admin"})


class Caller(NamedTuple):
    """Someone a transport has let in. `boards` are the ids they may see, None for all; `key` is the API key's id."""

    actor: str
    scopes: frozenset[Scope] = ADMIN
    boards: frozenset[int] | None = None
    key: str | None = None


NOBODY = Caller("")
"""The server itself, reading."""
