"""Whole boards, as lines going out and as rows coming in."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, TypeAlias

from kanban_mcp.store.database import Database, Row

Numbered: TypeAlias = Literal["boards", "tasks", "notes", "tags"]


class ExchangeStore:
    """Many rows of all tables at a time. SQLite writes the JSON: rows need not pass through Python one by one."""

    def __init__(self, database: Database) -> None:
        self._db = database

    # Out

    def lines(self, board_id: int) -> Iterator[str]:
        """A board's records as JSON, one state of it when read in one transaction."""
        for name, sql in _LINES.items():
            for row in self._db.each(f"exchange.{name}", sql, board_id=board_id):
                yield row[0]

    def tasks(self, board_id: int) -> Iterator[Row]:
        """A board's tasks by column and place, archived ones last, with tags and links as text with commas."""
        return self._db.each(
            "exchange.table",
            """
            select t.id, t.title, t.status, t.priority, t.assignee, t.parent_id,
                (select group_concat(name, ', ') from (select g.name from task_tags x join tags g on g.id = x.tag_id
                    where x.task_id = t.id order by g.name)) as tags,
                (select group_concat(depends_on, ' ') from (select d.depends_on from dependencies d
                    where d.task_id = t.id and d.kind = 'blocks' order by d.depends_on)) as depends_on,
                t.blocked_by, t.due_at, t.created_by, t.created_at, t.started_at, t.completed_at, t.archived_at,
                t.acceptance, t.description
            from tasks t join columns c on c.board_id = t.board_id and c.status = t.status
            where t.board_id = :board_id
            order by t.archived_at is not null, c.position, t.position, t.id
            """,
            board_id=board_id,
        )

    def count(self, board_id: int) -> int:
        """How many tasks a board has, archived ones too."""
        return int(
            self._db.value("exchange.count", "select count(*) from tasks where board_id = :board_id", board_id=board_id)
        )

    # In

    def last_id(self, table: Numbered) -> int:
        """The highest id a table has ever had."""
        last: int | None = self._db.value(
            "exchange.last_id", "select seq from sqlite_sequence where name = :name", name=table
        )
        return last or 0

    def reserve(self, table: Numbered, last: int) -> None:
        """Let no row of a table get an id up to this one: the log names it."""
        self._db.run(
            "exchange.reserve",
            "update sqlite_sequence set seq = max(seq, :last) where name = :name",
            name=table,
            last=last,
        )

    def first_seq(self) -> int:
        """The lowest seq of the log, 0 when nothing was imported yet."""
        return int(self._db.value("exchange.first_seq", "select min(coalesce(min(seq), 0), 0) from changes"))

    def put_board(self, board: Mapping[str, Any]) -> None:
        """A board with its id, without columns."""
        self._db.run(
            "exchange.put_board",
            """
            insert into boards (id, name, description, version, created_at, updated_at, archived_at)
            values (:id, :name, :description, :version, :created_at, :updated_at, :archived_at)
            """,
            **board,
        )

    def put_tasks(self, tasks: Iterable[Mapping[str, Any]]) -> None:
        """Tasks with their ids and counts; their parents may follow."""
        self._db.defer_references()
        self._db.many(
            "exchange.put_tasks",
            """
            insert into tasks (id, board_id, status, position, priority, title, description, acceptance, assignee,
                created_by, parent_id, due_at, version, created_at, updated_at, started_at, completed_at, archived_at,
                blocked_by, claimed_by, lease, lease_expires_at, attempts)
            values (:id, :board_id, :status, :position, :priority, :title, :description, :acceptance, :assignee,
                :created_by, :parent_id, :due_at, :version, :created_at, :updated_at, :started_at, :completed_at,
                :archived_at, :blocked_by, :claimed_by, :lease, :lease_expires_at, :attempts)
            """,
            tasks,
        )

    def put_links(self, links: Iterable[Mapping[str, Any]]) -> None:
        """Links between tasks, in the right counts already."""
        self._db.many(
            "exchange.put_links",
            "insert into dependencies (task_id, depends_on, kind) values (:task_id, :depends_on, :kind)",
            links,
        )

    def put_task_tags(self, pairs: Iterable[Mapping[str, Any]]) -> None:
        """Tags on tasks."""
        self._db.many(
            "exchange.put_task_tags", "insert into task_tags (task_id, tag_id) values (:task_id, :tag_id)", pairs
        )

    def put_notes(self, notes: Iterable[Mapping[str, Any]]) -> None:
        """Notes with their ids."""
        self._db.many(
            "exchange.put_notes",
            """
            insert into notes (id, task_id, title, content, category, pinned, author, created_at, updated_at)
            values (:id, :task_id, :title, :content, :category, :pinned, :author, :created_at, :updated_at)
            """,
            notes,
        )

    def put_changes(self, changes: Iterable[Mapping[str, Any]]) -> None:
        """Entries of the log with their seqs, `before` and `after` as JSON."""
        self._db.many(
            "exchange.put_changes",
            """
            insert into changes (seq, at, actor, action, entity, entity_id, board_id, task_id, "before", "after")
            values (:seq, :at, :actor, :action, :entity, :entity_id, :board_id, :task_id, :before, :after)
            """,
            changes,
        )


# Nulls and defaults stay in: each line of a kind has the same keys, and a reader needs to know none of them.
_BOARD = """
select json_object('type', 'board', 'id', b.id, 'name', b.name, 'description', b.description,
    'version', b.version, 'created_at', b.created_at, 'updated_at', b.updated_at, 'archived_at', b.archived_at,
    'columns', (select json_group_array(json_object('status', c.status, 'name', c.name, 'category', c.category,
            'wip_limit', c.wip_limit))
        from (select * from columns where board_id = b.id order by position) c))
from boards b where b.id = :board_id
"""
_TAGS = """
with recursive used (id) as (
    select x.tag_id from tasks t join task_tags x on x.task_id = t.id where t.board_id = :board_id
    union select g.parent_id from used join tags g on g.id = used.id where g.parent_id is not null
)
select json_object('type', 'tag', 'id', g.id, 'name', g.name, 'parent', p.name, 'color', g.color)
from used join tags g on g.id = used.id left join tags p on p.id = g.parent_id order by g.id
"""
# The plus keeps the order of ids, in which the table lies, instead of sorting what an index gives.
_TASKS = """
select json_object('type', 'task', 'id', t.id, 'status', t.status, 'position', t.position,
    'priority', t.priority, 'title', t.title, 'description', t.description, 'acceptance', json(t.acceptance),
    'assignee', t.assignee, 'created_by', t.created_by, 'parent_id', t.parent_id, 'due_at', t.due_at,
    'version', t.version, 'created_at', t.created_at, 'updated_at', t.updated_at,
    'started_at', t.started_at, 'completed_at', t.completed_at, 'archived_at', t.archived_at,
    'claimed_by', t.claimed_by, 'lease', t.lease, 'lease_expires_at', t.lease_expires_at, 'attempts', t.attempts,
    'tags', (select json_group_array(name) from (select g.name from task_tags x join tags g on g.id = x.tag_id
        where x.task_id = t.id order by g.name)),
    'depends_on', (select json_group_array(json_array(depends_on, kind)) from (select depends_on, kind
        from dependencies where task_id = t.id order by depends_on)))
from tasks t where +t.board_id = :board_id order by t.id
"""
_NOTES = """
select json_object('type', 'note', 'id', n.id, 'task_id', n.task_id, 'title', n.title, 'content', n.content,
    'category', n.category, 'pinned', json(case n.pinned when 1 then 'true' else 'false' end),
    'author', n.author, 'created_at', n.created_at, 'updated_at', n.updated_at)
from tasks t cross join notes n on n.task_id = t.id where +t.board_id = :board_id order by t.id, n.id
"""
# What was imported here is told by the file's own entries; that it was imported is no part of the board's history.
_CHANGES = """
select json_object('type', 'change', 'at', at, 'actor', actor, 'action', action, 'entity', entity,
    'entity_id', entity_id, 'task_id', task_id, 'before', json("before"), 'after', json("after"))
from changes where board_id = :board_id and action <> 'imported' order by seq
"""
_LINES = {"board": _BOARD, "tags": _TAGS, "tasks": _TASKS, "notes": _NOTES, "changes": _CHANGES}
