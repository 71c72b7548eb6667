"""The tables, indexes and triggers that a file must have, as the migrations make them in an empty one."""

import contextlib
import functools
from typing import NamedTuple

from kanban_mcp.models.finding import Finding
from kanban_mcp.store.database import Database
from kanban_mcp.store.engine import sqlite3
from kanban_mcp.store.schema import migrate

_OBJECTS = """
    select type, name, sql from sqlite_master where sql is not null and name not like 'sqlite\\_%' escape '\\'
        and name not like '%\\_fts\\_%' escape '\\' or type = 'trigger' order by rowid
"""


class Part(NamedTuple):
    """One object of the schema."""

    kind: str
    name: str
    sql: str


class Blueprint:
    """Compares a file's schema with what it must be. In the transaction of this thread."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def found(self) -> list[Finding]:
        """A finding a missing or altered part. Tables are only made where they are missing."""
        there = self._there()
        return [_finding(part, there.get(part.name)) for part in _wanted() if there.get(part.name) != part.sql]

    def build(self, *, tables: bool) -> None:
        """Make what is missing: tables, or what stands on them. Altered indexes and triggers are made anew."""
        there = self._there()
        for part in _wanted():
            if there.get(part.name) == part.sql or tables != (part.kind == "table"):
                continue
            if part.name in there and part.kind != "table":
                self._db.run(f"blueprint.drop.{part.name}", f"drop {part.kind} {part.name}")
            if part.name not in there or part.kind != "table":
                self._db.run(f"blueprint.{part.name}", part.sql)

    def _there(self) -> dict[str, str]:
        return {name: sql for _, name, sql in self._db.tuples("blueprint.there", _OBJECTS)}


@functools.cache
def _wanted() -> list[Part]:
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as empty:
        migrate(empty)
        return [Part(*row) for row in empty.execute(_OBJECTS)]


def _finding(part: Part, there: str | None) -> Finding:
    if there is None:
        message = f"The {part.kind} {part.name} is missing."
        return Finding(check="schema", message=message, mend=f"makes the {part.kind}")
    mend = f"makes the {part.kind} anew" if part.kind != "table" else None
    return Finding(check="schema", message=f"The {part.kind} {part.name} was altered.", mend=mend)
