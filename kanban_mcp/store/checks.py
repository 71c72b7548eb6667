"""What must be so in a sound database, as named statements: each finds the rows where it is not, and may mend them."""

import functools
from collections.abc import Callable
from typing import NamedTuple

from kanban_mcp.models.finding import Finding
from kanban_mcp.progress import report
from kanban_mcp.store.database import Database
from kanban_mcp.store.engine import sqlite3

INDEXES = ("tasks_fts", "notes_fts")
SHOWN = 20
"""Findings of one check that are told one by one."""


class RowCheck(NamedTuple):
    """`sql` finds the rows, `message` says each, with its columns in braces. `mends` puts all of them right.

    `mend` says what that does. Where it is None, or `mends` is empty, statements do not suffice; see `mending`.
    """

    name: str
    sql: str
    message: str
    mend: str
    mends: tuple[str, ...] = ()
    warning: bool = False


BLOCKERS = """
    (select count(*) from dependencies d join tasks b on b.id = d.depends_on
     where d.task_id = t.id and d.kind = 'blocks' and b.completed_at is null and b.archived_at is null)
    + (select count(*) from tasks s where s.parent_id = t.id and s.completed_at is null and s.archived_at is null)
"""
"""How many open tasks `t` waits for."""

_COUNTED = """
    (select count(*) from tasks t where t.board_id = c.board_id and t.status = c.status and t.archived_at is null)
"""
_CATEGORY = "(select c.category from columns c where c.board_id = t.board_id and c.status = t.status)"

ROWS = (
    RowCheck(
        "columns",
        """
        select t.id, t.status, t.board_id from tasks t left join columns c on c.board_id = t.board_id
            and c.status = t.status left join boards b on b.id = t.board_id
        where c.id is null or b.id is null order by t.id
        """,
        "Task {id} is in the column {status!r} of board {board_id}, which is not there.",
        "makes the column again, and the board if need be",
    ),
    RowCheck(
        "references",
        """
        select 'A note' as what, 'task' as kind, n.task_id as missing, count(*) as number from notes n
        left join tasks t on t.id = n.task_id where t.id is null group by n.task_id
        union all select 'A tagging', 'task', x.task_id, count(*) from task_tags x
        left join tasks t on t.id = x.task_id where t.id is null group by x.task_id
        union all select 'A tagging', 'tag', x.tag_id, count(*) from task_tags x
        left join tags g on g.id = x.tag_id where g.id is null group by x.tag_id
        union all select 'A link', 'task', d.task_id, count(*) from dependencies d
        left join tasks t on t.id = d.task_id where t.id is null group by d.task_id
        union all select 'A link', 'task', d.depends_on, count(*) from dependencies d
        left join tasks t on t.id = d.depends_on where t.id is null group by d.depends_on
        union all select 'A subtask', 'task', s.parent_id, count(*) from tasks s
        left join tasks t on t.id = s.parent_id where s.parent_id is not null and t.id is null group by s.parent_id
        union all select 'A tag', 'tag', g.parent_id, count(*) from tags g
        left join tags p on p.id = g.parent_id where g.parent_id is not null and p.id is null group by g.parent_id
        union all select 'An empty column', 'board', c.board_id, count(*) from columns c
        left join boards b on b.id = c.board_id where b.id is null and not exists (
            select 1 from tasks t where t.board_id = c.board_id and t.status = c.status) group by c.board_id
        """,
        "{what} belongs to {kind} {missing}, which is not there ({number} in all).",
        "takes out what belongs to nothing; subtasks and tags stay, without their parent",
        (
            "delete from notes where task_id not in (select id from tasks)",
            """
            delete from task_tags where task_id not in (select id from tasks) or tag_id not in (select id from tags)
            """,
            """
            delete from dependencies where task_id not in (select id from tasks)
                or depends_on not in (select id from tasks)
            """,
            "update tasks set parent_id = null where parent_id not in (select id from tasks)",
            "update tags set parent_id = null where parent_id not in (select id from tags)",
            "delete from columns where board_id not in (select id from boards)",
        ),
    ),
    RowCheck(
        "acceptance",
        """
        select id from tasks
        where case when json_valid(acceptance) then json_type(acceptance) <> 'array' else true end
        """,
        "The acceptance list of task {id} cannot be read.",
        "keeps its text as the list's one item",
        (
            """
            update tasks set acceptance = json_array('[ ] ' || substr(acceptance, 1, 500))
            where case when json_valid(acceptance) then json_type(acceptance) <> 'array' else true end
            """,
        ),
    ),
    RowCheck(
        "completion",
        f"""
        select t.id, t.status, iif(t.completed_at is null, 'open', 'completed') as state from tasks t
        where (t.completed_at is not null) <> coalesce({_CATEGORY} = 'done', t.completed_at is not null)
        """,  # noqa: S608 - constant parts
        "Task {id} is {state}, but its column {status!r} says otherwise.",
        "goes by the column",
        (
            f"""
            update tasks as t set completed_at = iif({_CATEGORY} = 'done', t.updated_at, null)
            where (t.completed_at is not null) <> coalesce({_CATEGORY} = 'done', t.completed_at is not null)
            """,  # noqa: S608
        ),
    ),
    RowCheck(
        "claims",
        """
        select id, claimed_by from tasks
        where claimed_by is not null and (archived_at is not null or completed_at is not null)
        """,
        "Task {id} is over, but {claimed_by} still holds it.",
        "releases it",
        (
            """
            update tasks set claimed_by = null, lease_expires_at = null
            where claimed_by is not null and (archived_at is not null or completed_at is not null)
            """,
        ),
    ),
    RowCheck(
        "abandoned",
        """
        select id, claimed_by, substr(lease_expires_at, 1, 10) as day from tasks where claimed_by is not null
            and archived_at is null and completed_at is null
            and lease_expires_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 day')
        """,
        "The lease of {claimed_by} on task {id} ran out on {day}; the next claim may take it.",
        "releases it where it stands",
        (
            """
            update tasks set claimed_by = null, lease_expires_at = null where claimed_by is not null
                and archived_at is null and completed_at is null
                and lease_expires_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 day')
            """,
        ),
        warning=True,
    ),
    RowCheck(
        "positions",
        """
        with shared as (
            select board_id, status, position, min(id) as first from tasks
            where archived_at is null group by board_id, status, position having count(*) > 1
        )
        select t.id, t.board_id, t.status from tasks t left join shared s on s.board_id = t.board_id
            and s.status = t.status and s.position = t.position and s.first < t.id
        where t.archived_at is null and (s.first is not null or length(t.position) < 12
            or substr(t.position, 1, 12) glob '*[^0-9a-f]*' or substr(t.position, 13) glob '*[^0-9A-Za-z]*'
            or (length(t.position) > 12 and t.position glob '*0'))
        """,
        "Task {id} has no place of its own in column {status!r} of board {board_id}.",
        "numbers the places of the column anew, in their order",
    ),
    RowCheck(
        "task_counts",
        f"select c.board_id, c.status from columns c where c.task_count <> {_COUNTED}",  # noqa: S608
        "The count of tasks in column {status!r} of board {board_id} is wrong.",
        "counts anew",
        (f"update columns as c set task_count = {_COUNTED} where c.task_count <> {_COUNTED}",),  # noqa: S608
    ),
    RowCheck(
        "blocked_counts",
        f"select t.id from tasks t where t.blocked_by <> {BLOCKERS}",  # noqa: S608
        "The count of what blocks task {id} is wrong.",
        "counts anew",
        (f"update tasks as t set blocked_by = {BLOCKERS} where t.blocked_by <> {BLOCKERS}",),  # noqa: S608
    ),
    RowCheck(
        "sequences",
        """
        with used as (
            select 'boards' as name, max(entity_id) as highest from changes where entity = 'board'
            union all select 'tasks', max(entity_id) from changes where entity = 'task'
            union all select 'notes', max(entity_id) from changes where entity = 'note'
            union all select 'tags', max(entity_id) from changes where entity = 'tag'
        )
        select u.name, u.highest from used u left join sqlite_sequence s on s.name = u.name
        where u.highest > coalesce(s.seq, 0)
        """,
        "Ids of {name} up to {highest} were given before, and would be given again.",
        "goes on above them",
    ),
)


class Checks:
    """Looks through everything; what it finds is said in sentences. In the transaction of this thread."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def of_rows(self) -> list[Finding]:
        """Pages, references, and what is kept beside what it is made of. For a connection of its own."""
        found = self.guarded("pages", self.pages)
        for number, check in enumerate(ROWS, start=2):
            found += self.guarded(check.name, functools.partial(self.rows, check))
            report(number, self.steps)
        return found

    @property
    def steps(self) -> int:
        """Of how many steps progress is told: pages, each check of rows, the indexes."""
        return len(ROWS) + 2

    def of_indexes(self) -> list[Finding]:
        """The text indexes against the text. For a writing transaction: the check is said as an insert."""
        found = []
        for index in INDEXES:
            try:
                self._db.run(
                    f"checks.{index}",
                    f"insert into {index} ({index}, rank) values ('integrity-check', 1)",  # noqa: S608
                )
            except sqlite3.DatabaseError:
                message = f"The text index {index} does not fit the text: searches miss or invent hits."
                found.append(Finding(check="text_indexes", message=message, mend="builds the index anew"))
        report(self.steps, self.steps)
        return found

    def pages(self) -> list[Finding]:
        """The pages of the file and its indexes; the text index is another check's."""
        rows = [row[0] for row in self._db.all("checks.pages", f"pragma integrity_check({SHOWN})")]
        return [_page(said) for said in rows if said != "ok" and "fts" not in said.lower()]

    def rows(self, check: RowCheck) -> list[Finding]:
        """What one of ROWS finds, the first of them each by itself."""
        rows = self._db.all(f"checks.{check.name}", check.sql)
        said = [check.message.format_map(dict(row)) for row in rows[:SHOWN]]
        if len(rows) > SHOWN:
            said.append(f"{len(rows) - SHOWN} more of the kind: {check.message.format_map(dict(rows[-1]))}")
        return [Finding(check=check.name, message=one, mend=check.mend, warning=check.warning) for one in said]

    def guarded(self, name: str, check: Callable[[], list[Finding]]) -> list[Finding]:
        """What a check finds; that it cannot be made is a finding too."""
        try:
            return check()
        except sqlite3.DatabaseError as error:
            return [Finding(check=name, message=f"{name} could not be checked: {error}.")]


def _page(said: str) -> Finding:
    """A finding of SQLite's own; what it says of indexes is mended from the tables."""
    mend = "builds the indexes anew" if " index " in said else None
    return Finding(check="pages", message=f"The file is damaged: {said}.", mend=mend)
