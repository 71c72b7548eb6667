"""Real parts for tests: an app on a file of its own, and a clock that tests set."""

import gc
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest

from kanban_mcp.app import App, open_app
from kanban_mcp.errors import KanbanError
from kanban_mcp.settings import Settings

# A shell that starts us in the background has us ignore one, and nohup the other; servers that tests start would too.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_finish() -> None:
    """What was collected stays to the end: going through it at each collection of garbage took 6 % of the run."""
    gc.freeze()


class Call(Protocol):
    """Runs an operation as some actor and answers its result."""

    async def __call__(self, operation: str, /, actor: str = "ann", **arguments: Any) -> dict[str, Any]: ...


class Refused(Protocol):
    """Runs an operation that must be refused, and answers the error."""

    async def __call__(self, operation: str, /, actor: str = "ann", **arguments: Any) -> KanbanError: ...


class SettableClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **delta: float) -> None:
        """Move on by so many seconds, minutes, hours or days."""
        self.now += timedelta(**delta)


@pytest.fixture
def anyio_backend() -> str:
    """The one event loop the product runs on."""
    return "asyncio"


@pytest.fixture
def clock() -> SettableClock:
    """Noon of the first of January 2026, until moved."""
    return SettableClock()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """A path where no database is yet."""
    return tmp_path / "kanban.db"


@pytest.fixture
def app(db: Path, clock: SettableClock) -> Iterator[App]:
    """Everything open on a new file, with all operations offered."""
    with open_app(Settings(db=db, toolsets=("all",)), clock=clock) as opened:
        yield opened


@pytest.fixture
def call(app: App) -> Call:
    """Operations of the app, without a transport between."""

    async def run(operation: str, /, actor: str = "ann", **arguments: Any) -> dict[str, Any]:
        return await app.runner.call(operation, arguments, actor=actor)

    return run


@pytest.fixture
def refused(app: App) -> Refused:
    """Operations that must be refused; what they log must be nothing."""

    async def run(operation: str, /, actor: str = "ann", **arguments: Any) -> KanbanError:
        before = await _last_seq(app)
        with pytest.raises(KanbanError) as caught:
            await app.runner.call(operation, arguments, actor=actor)
        assert await _last_seq(app) == before
        return caught.value

    return run


@pytest.fixture
async def board(call: Call) -> dict[str, Any]:
    """A board with the default columns."""
    return await call("create_board", name="Alpha")


async def _last_seq(app: App) -> int:
    page = await app.runner.call("list_changes", {"since": 0, "limit": 100}, actor="test")
    while page["rows"] and len(page["rows"]) == 100:
        page = await app.runner.call("list_changes", {"since": int(page["next"]), "limit": 100}, actor="test")
    return int(page["next"])
