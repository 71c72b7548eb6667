"""API keys: who may speak over HTTP. Not operations: keys are made by whoever has the file."""

import hashlib
import re
import secrets
import string
from collections.abc import Sequence

from kanban_mcp.errors import Invalid, NotFound, Unauthorized
from kanban_mcp.models.caller import Scope
from kanban_mcp.models.key import Key
from kanban_mcp.services.boards import Boards
from kanban_mcp.store.store import Store

_FORM = re.compile(r"kbn_([0-9A-Za-z]{8})_[0-9A-Za-z_-]{43}")
"""A prefix that scanners for secrets can know, the id that logs and lists may show, and 256 random bits."""


class Keys:
    """Makes, lists and ends keys."""

    def __init__(self, store: Store, boards: Boards) -> None:
        self._store = store
        self._boards = boards

    def create(
        self, actor: str, scope: Scope, *, boards: Sequence[int | str] = (), expires_at: str | None = None
    ) -> tuple[Key, str]:
        """A new key, and its text, which is not kept. Raises NotFound for a board, Invalid."""
        if boards and scope == "admin":
            raise Invalid("An admin sees the whole server.", hint="Limit keys of scope read or write to boards.")
        if expires_at is not None and expires_at <= self._store.now:
            raise Invalid("The key would have expired already.", hint="Give a later end, or none.")
        key_id = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(8))
        text = f"kbn_{key_id}_{secrets.token_urlsafe(32)}"
        ids = tuple(sorted({self._boards.resolve(board).id for board in boards})) or None
        key = Key(key_id, digest(text), actor, scope, ids, self._store.now, expires_at)
        self._store.keys.insert(key)
        return key, text

    def all(self) -> list[Key]:
        """Every key, the oldest first; revoked and expired ones too."""
        return self._store.keys.all()

    def revoke(self, key_id: str) -> Key:
        """End a key at once, by its id or its text; one that was revoked stays so. Raises NotFound."""
        found = self.get(id_of(key_id) or key_id)
        if found is None:
            raise NotFound(f"There is no key {key_id[:8]!r}.", hint="`kanban-mcp keys list` shows the keys.")
        if found.revoked_at is not None:
            return found
        self._store.keys.revoke(found.id, self._store.now)
        return found._replace(revoked_at=self._store.now)

    def get(self, key_id: str) -> Key | None:
        """A key by id, usable or not."""
        return self._store.keys.get(key_id)

    def check(self, key_id: str) -> None:
        """Raise Unauthorized if a key that let its holder in has ended since."""
        key = self.get(key_id)
        if key is None or not key.usable_at(self._store.now):
            raise Unauthorized("The API key has ended.", hint="`kanban-mcp keys create` makes another.")

    def any(self) -> bool:
        """Whether there is a key, usable or not."""
        return self._store.keys.any()

    def any_usable(self) -> bool:
        """Whether there is a key that lets anyone in now."""
        return any(key.usable_at(self._store.now) for key in self.all())

    def used(self, key_id: str) -> None:
        """Note that a key was used."""
        self._store.keys.used(key_id, self._store.now)


def digest(text: str) -> bytes:
    """What is kept of a key's text. A plain hash: 256 random bits cannot be guessed, however fast it is."""
    return hashlib.sha256(text.encode()).digest()


def id_of(text: str) -> str | None:
    """The id in a key's text; None for what is no key."""
    form = _FORM.fullmatch(text)
    return form[1] if form else None
