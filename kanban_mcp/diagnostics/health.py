"""Whether all is well, and if not what to do."""

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from kanban_mcp import __version__
from kanban_mcp.diagnostics.memory import MemoryMonitor
from kanban_mcp.models.diagnostics import Health
from kanban_mcp.models.finding import LARGE_LOG, LITTLE_DISK
from kanban_mcp.store.database import Database
from kanban_mcp.store.engine import safe_with_many_processes, sqlite3
from kanban_mcp.store.ownership import SCHEMA_VERSION

MANY_WAITING = 1000
TAKEN_AWAY = "The database file was removed or replaced: put it back or restore a backup, then restart this server."
ADVICE = {
    "slow": "Many statements are slow: see get_query_stats.",
    "failing": "Calls failed by a fault of the server: its log says why.",
    "warning": "Memory is getting short: see get_memory, or raise KANBAN_MEMORY_BUDGET_MB.",
    "collecting": "Memory is short: see get_memory, or raise KANBAN_MEMORY_BUDGET_MB.",
    "resting": "Redis does not answer and is left alone for a while: every answer comes from the file.",
}
"""What the verdict of a monitor asks for."""

log = logging.getLogger(__name__)


class HealthMonitor:
    """Looks at the file, the engine and the other monitors; `check` looks through the whole database."""

    def __init__(
        self,
        database: Database,
        memory: MemoryMonitor,
        *,
        verdicts: Mapping[str, Callable[[], str]],
        waiting: Callable[[], int],
        check: Callable[[], list[str]],
        last_seq: Callable[[], int],
    ) -> None:
        self._database = database
        self._memory = memory
        self._verdicts = verdicts
        self._waiting = waiting
        self._check = check
        self._last_seq = last_seq
        self._started = time.monotonic()

    def get_health(self, check: bool = False) -> Health:
        """Whether the server and its file are well. `check` verifies the whole file, counts and indexes too."""
        kept = self._database.place.is_kept()
        problems = [TAKEN_AWAY] if not kept else self._check() if check else []
        warnings = self._warnings()
        return Health(
            status="failing" if problems else "warning" if warnings else "ok",
            problems=problems,
            warnings=warnings,
            monitors=self._monitors(),
            checked=check,
            file=str(self._database.path),
            file_bytes=self._database.place.file_bytes(),
            log_bytes=self._database.place.log_bytes(),
            free_disk_bytes=_free(self._database.path.parent),
            schema_version=SCHEMA_VERSION,
            sqlite=sqlite3.sqlite_version,
            durability=self._database.options.durability,
            last_seq=self._last_seq() if kept else 0,
            writes_waiting=self._waiting(),
            uptime_seconds=round(time.monotonic() - self._started, 1),
            version=__version__,
        )

    def _monitors(self) -> dict[str, str]:
        return {name: verdict() for name, verdict in self._verdicts.items()}

    def answers(self) -> bool:
        """Whether the store can be read from, and is the file at its path; whatever may keep it from that."""
        try:
            self._last_seq()
            return self._database.place.is_kept()
        except Exception:
            log.exception("the store does not answer")
            return False

    def _warnings(self) -> list[str]:
        found = []
        if not safe_with_many_processes():
            found.append(
                f"SQLite {sqlite3.sqlite_version} can damage a file that several processes write at once: "
                "use one process, or a Python with SQLite 3.51.3 or newer."
            )
        if self._database.place.log_bytes() > LARGE_LOG:
            found.append("The write-ahead log is large: some process keeps reading an old state; end it.")
        if _free(self._database.path.parent) < LITTLE_DISK:
            found.append("The disk is nearly full.")
        if self._waiting() > MANY_WAITING:
            found.append("Many writes are waiting: another process holds the file, or the disk is slow.")
        if self._memory.leak() is not None:
            found.append("Memory keeps growing: see get_memory.")
        found += [ADVICE[verdict] for verdict in self._monitors().values() if verdict in ADVICE]
        return found


def _free(folder: Path) -> int:
    """Bytes that are free on the disk of a folder."""
    import shutil  # noqa: PLC0415 - it loads every compression there is

    return shutil.disk_usage(folder).free
