"""Everything that can go wrong, as the caller is told it.

KanbanError
├── NotFound        ├── Invalid         ├── ReadOnly
├── Conflict        ├── Unauthorized    ├── Busy
│   ├── StaleVersion├── Forbidden       ├── Internal
│   ├── WipLimit    ├── RateLimited     └── Unusable   (at start only)
│   ├── WouldCycle
│   └── Held
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class KanbanError(Exception):
    """An operation was refused and changed nothing.

    `message` says what is wrong, `hint` what to do next, `current` how the thing stands now.
    """

    code: ClassVar[str] = "internal"

    def __init__(self, message: str, *, hint: str = "", current: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.current = current

    def as_dict(self) -> dict[str, Any]:
        """The error as every transport says it; empty parts are left out."""
        said = {"code": self.code, "message": self.message, "hint": self.hint, "current": self.current}
        return {key: value for key, value in said.items() if value}


class NotFound(KanbanError):
    """There is no such board, task, note, tag, column or operation."""

    code = "not_found"


class Conflict(KanbanError):
    """The request is sound, but not as things stand now."""

    code = "conflict"


class StaleVersion(Conflict):
    """Someone else changed the same field since the version the caller read."""

    code = "stale_version"


class WipLimit(Conflict):
    """The column is full."""

    code = "wip_limit"


class WouldCycle(Conflict):
    """The link would make a task wait for itself."""

    code = "would_cycle"


class Held(Conflict):
    """Another holder has the task, or the caller's lease is no longer the current one."""

    code = "held"


class Invalid(KanbanError):
    """The arguments are wrong."""

    code = "invalid"


class Unconfirmed(Invalid):
    """What is to be deleted for good was not confirmed."""


class Unauthorized(KanbanError):
    """The caller has not said who it is."""

    code = "unauthorized"


class Forbidden(KanbanError):
    """The caller may not do this."""

    code = "forbidden"


class RateLimited(KanbanError):
    """The caller asks too often."""

    code = "rate_limited"


class ReadOnly(KanbanError):
    """This server, or the file, takes no writes."""

    code = "read_only"


class Busy(KanbanError):
    """The store cannot serve this now; the same call may succeed later."""

    code = "busy"


class Internal(KanbanError):
    """A fault of the server; the log has the details, the caller gets neutral words."""

    code = "internal"


class Unusable(KanbanError):
    """The server cannot start on this database file."""

    code = "unusable"


class Unreachable(Unusable):
    """The server cannot listen at the address it was given."""
