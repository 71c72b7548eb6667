"""Which key lets whom in; asked with every request, answered from the file only after something was committed."""

import asyncio
import contextlib
import functools
import hmac
import time

from kanban_mcp.app import App
from kanban_mcp.errors import Busy, Unauthorized
from kanban_mcp.models.caller import Caller
from kanban_mcp.models.key import Key
from kanban_mcp.services.keys import digest, id_of
from kanban_mcp.store.cache import Moment
from kanban_mcp.store.clock import stamp

USED_SECONDS = 600.0
"""How exactly the last use of a key is kept: each time costs a commit, after which caches are read anew."""


class Keyring:
    """The keys of a file, as they are in this moment, whichever process made or revoked them.

    `moment` is when they were looked at last. For the event loop alone.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self.moment: Moment | None = None
        self._held = False
        self._known: dict[str, Key] = {}
        self._any = False
        self._used: dict[str, float] = {}

    def caller(self, text: str) -> Caller:
        """Who holds a key. Raises Unauthorized."""
        key_id = id_of(text)
        key = None if key_id is None else self._key(key_id)
        if key is None or not hmac.compare_digest(key.digest, digest(text)):
            raise Unauthorized("The API key is not valid.", hint="`kanban-mcp keys create` makes one.")
        if not self._usable(key):
            ended = "was revoked" if key.revoked_at else "has expired"
            raise Unauthorized(f"The API key {ended}.", hint="`kanban-mcp keys create` makes another.")
        self._note_use(key)
        return key.caller

    def still_valid(self, caller: Caller) -> bool:
        """Whether a caller let in earlier would be let in now. Connections that live long ask at each heartbeat."""
        if caller.key is None:
            return self.empty
        key = self._key(caller.key)
        return key is not None and self._usable(key)

    @property
    def empty(self) -> bool:
        """Whether no key was ever made."""
        self._look()
        return not self._any

    def hold(self) -> None:
        """What was just seen, when a caller was let in, holds for this turn of the event loop.

        For requests as they are read: all of a turn had begun to come before it, and so need not show what is committed
        in it.
        """
        if not self._held:
            self._held = True
            asyncio.get_running_loop().call_soon(self._let_go)

    def _key(self, key_id: str) -> Key | None:
        self._look()
        if key_id not in self._known:
            with self._app.database.reading():
                found = self._app.services.keys.get(key_id)
            if found is None:
                # Not remembered: there are more strings than keys.
                return None
            self._known[key_id] = found
        return self._known[key_id]

    def _look(self) -> None:
        """Forget what a commit may have changed."""
        if self._held:
            return
        moment = self._app.follower.follow()
        if moment != self.moment:
            self._known.clear()
            with self._app.database.reading():
                self._any = self._any or self._app.services.keys.any()
            self.moment = moment

    def _let_go(self) -> None:
        self._held = False

    def _usable(self, key: Key) -> bool:
        return key.usable_at(stamp(self._app.database.clock()))

    def _note_use(self, key: Key) -> None:
        now = time.monotonic()
        if now - self._used.get(key.id, -USED_SECONDS) >= USED_SECONDS:
            self._used[key.id] = now
            with contextlib.suppress(Busy):
                note = functools.partial(self._app.services.keys.used, key.id)
                self._app.writer.submit(note, caller=Caller("kanban-mcp"))
