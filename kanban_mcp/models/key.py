"""API keys, without their secrets."""

from typing import NamedTuple

from kanban_mcp.models.caller import ADMIN, READER, WRITER, Caller, Scope

SCOPES: dict[Scope, frozenset[Scope]] = {"read": READER, "write": WRITER, "admin": ADMIN}
"""What each scope of a key lets its holder do; each includes the one before."""


class Key(NamedTuple):
    """An API key; `digest` is the SHA-256 of its text, `boards` the ids it is limited to, None for all."""

    id: str
    digest: bytes
    actor: str
    scope: Scope
    boards: tuple[int, ...] | None
    created_at: str
    expires_at: str | None = None
    last_used_at: str | None = None
    revoked_at: str | None = None

    def usable_at(self, now: str) -> bool:
        """Whether it lets anyone in at a moment, as stored."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    @property
    def caller(self) -> Caller:
        """Whoever holds it."""
        boards = None if self.boards is None else frozenset(self.boards)
        return Caller(self.actor, SCOPES[self.scope], boards, self.id)
