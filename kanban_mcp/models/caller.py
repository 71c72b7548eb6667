"""Who calls: in whose name, and what they may do."""

from typing import Literal, NamedTuple, TypeAlias

Scope: TypeAlias = Literal["read", "write", "admin"]

Rights: TypeAlias = tuple[frozenset[Scope], bool]
"""The scopes, and whether they hold on some boards alone."""

READER: frozenset[Scope] = frozenset({"read"})
WRITER: frozenset[Scope] = frozenset({"read", "write"})
ADMIN: frozenset[Scope] = frozenset({"read", "write", "admin"})

LONGEST_ACTOR = 100
"""In characters; what a caller names itself is cut to it."""


class Caller(NamedTuple):
    """Someone a transport has let in. `boards` are the ids they may see, None for all; `key` is the API key's id."""

    actor: str
    scopes: frozenset[Scope] = ADMIN
    boards: frozenset[int] | None = None
    key: str | None = None

    @property
    def rights(self) -> Rights:
        """What decides which operations are for the caller."""
        return self.scopes, self.boards is not None

    def may(self, scope: Scope, *, wide: bool) -> bool:
        """Whether what needs this scope is for the caller on some board, or on all at once when it is `wide`."""
        return scope in self.scopes and not (wide and self.boards is not None)

    def named(self, name: str) -> "Caller":
        """The caller, under this name if it has none."""
        return self if self.actor else Caller(name, self.scopes, self.boards, self.key)

    def sees(self, board_id: int | None) -> bool:
        """Whether a board may be shown to the caller; with None, what belongs to no board or to all."""
        return self.boards is None or board_id in self.boards


NOBODY = Caller("")
"""The server itself, reading."""
