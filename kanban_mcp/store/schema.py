"""The schema, as the steps that made it. Steps are only ever added; a released one is never edited."""

import logging

from sqlite_utils import Database as SchemaTool
from sqlite_utils.migrations import Migrations

from kanban_mcp.store.engine import sqlite3
from kanban_mcp.store.ownership import APPLICATION_ID, SCHEMA_VERSION

migrations = Migrations("kanban")

_FILLED_AT_ONCE = 20_000
"""Rows between two lines of the log."""

log = logging.getLogger(__name__)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file to this program's schema, all in one transaction. The gate is held by the caller.

    The library's own transactions start deferred; inside ours they are savepoints.
    """
    connection.execute("begin immediate")
    try:
        migrations.apply(SchemaTool(connection, execute_plugins=False))
        connection.execute(f"pragma user_version = {SCHEMA_VERSION}")
        connection.execute(f"pragma application_id = {APPLICATION_ID}")
        connection.commit()
    finally:
        if connection.in_transaction:
            connection.rollback()


@migrations(name="0001_board")
def _board(db: SchemaTool) -> None:
    for part in (
        BOARDS,
        TASKS,
        COLUMN_COUNTS,
        TASK_INDEXES,
        NOTES,
        TAGS,
        DEPENDENCIES,
        CHANGES,
        IDEMPOTENCY,
        SEARCH,
    ):
        _run(db, part)


@migrations(name="0002_api_keys")
def _api_keys(db: SchemaTool) -> None:
    _run(db, API_KEYS)


@migrations(name="0003_filters")
def _filters(db: SchemaTool) -> None:
    _run(db, FILTER_INDEXES)


@migrations(name="0004_search_by_board")
def _search_by_board(db: SchemaTool) -> None:
    _run(db, SEARCH_BY_BOARD)
    _fill(db, "tasks", "title, description, board")
    _fill(db, "notes", "title, content, board")


def _run(db: SchemaTool, script: str) -> None:
    """The statements of a script in this transaction, each ending with its line.

    The library's own way looks for the end of a statement after every character: most of what a new file took.
    """
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.execute(statement)
            statement = ""
    if statement.strip():
        db.execute(statement)


def _fill(db: SchemaTool, table: str, columns: str) -> None:
    """Index the text that is there. With much of it this takes seconds, for which other processes wait: it is told."""
    done, total = 0, int(db.execute(f"select coalesce(max(id), 0) from {table}").fetchone()[0])  # noqa: S608
    while done < total:
        log.warning("the text index is built anew", extra={"table": table, "done": done, "of": total})
        db.execute(
            f"insert into {table}_fts (rowid, {columns}) "  # noqa: S608 - names of our own tables
            f"select id, {columns} from {table}_text where id > :done and id <= :done + :some",
            {"done": done, "some": _FILLED_AT_ONCE},
        )
        done += _FILLED_AT_ONCE


# Ids are never reused (autoincrement): a stale id must not name a new thing.
BOARDS = """
create table boards (
    id integer primary key autoincrement,
    name text not null collate nocase unique check (length(name) between 1 and 100),
    description text not null default '',
    version integer not null default 1,
    created_at text not null,
    updated_at text not null,
    archived_at text
) strict;

create table columns (
    id integer primary key autoincrement,
    board_id integer not null references boards (id) on delete cascade,
    status text not null,
    name text not null,
    position integer not null,
    category text not null check (category in ('todo', 'active', 'done')),
    wip_limit integer check (wip_limit > 0),
    task_count integer not null default 0 check (task_count >= 0),
    unique (board_id, status)
) strict;
"""

TASKS = """
create table tasks (
    id integer primary key autoincrement,
    board_id integer not null,
    status text not null,
    position text not null,
    priority integer not null default 5 check (priority between 0 and 10),
    title text not null check (length(title) between 1 and 200),
    description text not null default '',
    acceptance text not null default '[]',
    assignee text,
    created_by text not null,
    parent_id integer references tasks (id) on delete set null,
    due_at text,
    version integer not null default 1,
    created_at text not null,
    updated_at text not null,
    started_at text,
    completed_at text,
    archived_at text,
    blocked_by integer not null default 0 check (blocked_by >= 0),
    claimed_by text,
    lease integer not null default 0,
    lease_expires_at text,
    attempts integer not null default 0,
    check ((claimed_by is null) = (lease_expires_at is null)),
    foreign key (board_id, status) references columns (board_id, status)
) strict;
"""

# Counted where the rows change, so that a total never costs a scan and never drifts.
COLUMN_COUNTS = """
create trigger tasks_counted_in after insert on tasks when new.archived_at is null begin
    update columns set task_count = task_count + 1 where board_id = new.board_id and status = new.status;
end;
create trigger tasks_counted_out after delete on tasks when old.archived_at is null begin
    update columns set task_count = task_count - 1 where board_id = old.board_id and status = old.status;
end;
create trigger tasks_counted_on after update of status, archived_at on tasks
when old.status is not new.status or (old.archived_at is null) <> (new.archived_at is null) begin
    update columns set task_count = task_count - 1
    where board_id = old.board_id and status = old.status and old.archived_at is null;
    update columns set task_count = task_count + 1
    where board_id = new.board_id and status = new.status and new.archived_at is null;
end;
"""

TASK_INDEXES = """
create unique index tasks_by_position on tasks (board_id, status, position) where archived_at is null;
create index tasks_ready on tasks (board_id, status, priority desc, position)
    where archived_at is null and blocked_by = 0;
create index tasks_assigned on tasks (board_id, assignee, status, position)
    where assignee is not null and archived_at is null;
create index tasks_held on tasks (board_id, lease_expires_at) where claimed_by is not null;
create index tasks_archived on tasks (board_id, id) where archived_at is not null;
create index tasks_completed on tasks (board_id, completed_at) where completed_at is not null;
create index tasks_due on tasks (board_id, due_at)
    where due_at is not null and completed_at is null and archived_at is null;
create index tasks_blocked on tasks (board_id) where blocked_by > 0 and archived_at is null;
create index tasks_high on tasks (board_id) where priority >= 8 and completed_at is null and archived_at is null;
create index tasks_children on tasks (parent_id) where parent_id is not null;
"""

NOTES = """
create table notes (
    id integer primary key autoincrement,
    task_id integer not null references tasks (id) on delete cascade,
    title text not null default '',
    content text not null check (length(content) > 0),
    category text not null
        check (category in ('general', 'progress', 'decision', 'blocker', 'question', 'handoff')),
    pinned integer not null default 0 check (pinned in (0, 1)),
    author text not null,
    created_at text not null,
    updated_at text not null
) strict;
create index notes_of_task on notes (task_id, pinned desc, id desc);
"""

TAGS = """
create table tags (
    id integer primary key autoincrement,
    name text not null collate nocase unique check (length(name) between 1 and 50),
    parent_id integer references tags (id) on delete set null,
    color text not null default ''
) strict;
create index tags_children on tags (parent_id) where parent_id is not null;

create table task_tags (
    task_id integer not null references tasks (id) on delete cascade,
    tag_id integer not null references tags (id) on delete cascade,
    primary key (task_id, tag_id)
) strict, without rowid;
create index task_tags_by_tag on task_tags (tag_id, task_id);
"""

DEPENDENCIES = """
create table dependencies (
    task_id integer not null references tasks (id) on delete cascade,
    depends_on integer not null references tasks (id) on delete cascade,
    kind text not null check (kind in ('blocks', 'relates')),
    primary key (task_id, depends_on),
    check (task_id <> depends_on)
) strict, without rowid;
create index dependencies_reversed on dependencies (depends_on, task_id);
"""

# Without foreign keys: the log outlives what it tells of.
CHANGES = """
create table changes (
    seq integer primary key autoincrement,
    at text not null,
    actor text not null,
    action text not null,
    entity text not null check (entity in ('board', 'task', 'note', 'tag', 'dependency')),
    entity_id integer not null,
    board_id integer,
    task_id integer,
    "before" text,
    "after" text
) strict;
create index changes_of_board on changes (board_id, seq);
create index changes_of_task on changes (task_id, seq) where task_id is not null;
create index changes_of_entity on changes (entity, entity_id, seq);
create index changes_of_actor on changes (actor, seq);
"""

IDEMPOTENCY = """
create table idempotency (
    actor text not null,
    key text not null,
    operation text not null,
    arguments text not null,
    result text not null,
    created_at text not null,
    primary key (actor, key)
) strict, without rowid;
create index idempotency_by_age on idempotency (created_at);
"""

# External content: the index holds no copy of the text, so a change must take the old words out itself.
SEARCH = """
create virtual table tasks_fts using fts5 (
    title, description, content = 'tasks', content_rowid = 'id', tokenize = 'porter unicode61'
);
create trigger tasks_fts_insert after insert on tasks begin
    insert into tasks_fts (rowid, title, description) values (new.id, new.title, new.description);
end;
create trigger tasks_fts_delete after delete on tasks begin
    insert into tasks_fts (tasks_fts, rowid, title, description)
    values ('delete', old.id, old.title, old.description);
end;
create trigger tasks_fts_update after update of title, description on tasks
when old.title is not new.title or old.description is not new.description begin
    insert into tasks_fts (tasks_fts, rowid, title, description)
    values ('delete', old.id, old.title, old.description);
    insert into tasks_fts (rowid, title, description) values (new.id, new.title, new.description);
end;

create virtual table notes_fts using fts5 (
    title, content, content = 'notes', content_rowid = 'id', tokenize = 'porter unicode61'
);
create trigger notes_fts_insert after insert on notes begin
    insert into notes_fts (rowid, title, content) values (new.id, new.title, new.content);
end;
create trigger notes_fts_delete after delete on notes begin
    insert into notes_fts (notes_fts, rowid, title, content) values ('delete', old.id, old.title, old.content);
end;
create trigger notes_fts_update after update of title, content on notes
when old.title is not new.title or old.content is not new.content begin
    insert into notes_fts (notes_fts, rowid, title, content) values ('delete', old.id, old.title, old.content);
    insert into notes_fts (rowid, title, content) values (new.id, new.title, new.content);
end;
"""

# `boards` is a JSON array of ids, null for all. The secret itself is nowhere.
API_KEYS = """
create table api_keys (
    id text primary key check (length(id) = 8),
    digest blob not null check (length(digest) = 32),
    actor text not null,
    scope text not null check (scope in ('read', 'write', 'admin')),
    boards text,
    created_at text not null,
    expires_at text,
    last_used_at text,
    revoked_at text
) strict, without rowid;
"""

# What a statement asks of a row stands in the index itself, also what its condition says already: SQLite reads the row
# for it otherwise, and the counts of `boards.totals` and `tags.page` took a hundred times longer on a large board.
# With the assignee, who may not take a task passes it over without its row (`claims.ready`); what has not changed for
# longest is the first of its column (`columns.ages`).
FILTER_INDEXES = """
drop index tasks_ready;
create index tasks_ready on tasks (board_id, status, priority desc, position, assignee)
    where archived_at is null and blocked_by = 0;
create index tasks_unchanged on tasks (board_id, status, updated_at)
    where completed_at is null and archived_at is null;
drop index tasks_blocked;
create index tasks_blocked on tasks (board_id, blocked_by, completed_at, archived_at)
    where blocked_by > 0 and completed_at is null and archived_at is null;
drop index tasks_high;
create index tasks_high on tasks (board_id, priority, completed_at, archived_at)
    where priority >= 8 and completed_at is null and archived_at is null;
drop index tasks_due;
create index tasks_due on tasks (board_id, due_at, completed_at, archived_at)
    where due_at is not null and completed_at is null and archived_at is null;
drop index tasks_archived;
create index tasks_archived on tasks (board_id, id, archived_at) where archived_at is not null;
"""

# The board of a text is a word of it, in a column of its own: a search on a board reads the list of that word beside
# those of the words asked for, and passes over what is on other boards without looking at it. Its first character is of
# those that Unicode gives to no script. No task ever changes its board.
# The index wants the old text back when it forgets it, so notes go before their task: its board can still be told then.
# `_words` are the words of an index in their order, to see which begin with some letters.
SEARCH_BY_BOARD = """
drop trigger tasks_fts_insert;
drop trigger tasks_fts_delete;
drop trigger tasks_fts_update;
drop table tasks_fts;
create view tasks_text as select id, title, description, char(57344) || board_id as board from tasks;
create virtual table tasks_fts using fts5 (
    title, description, board, content = 'tasks_text', content_rowid = 'id', tokenize = 'porter unicode61'
);
create virtual table tasks_words using fts5vocab (tasks_fts, instance);
create trigger tasks_fts_insert after insert on tasks begin
    insert into tasks_fts (rowid, title, description, board)
    values (new.id, new.title, new.description, char(57344) || new.board_id);
end;
create trigger tasks_fts_delete after delete on tasks begin
    insert into tasks_fts (tasks_fts, rowid, title, description, board)
    values ('delete', old.id, old.title, old.description, char(57344) || old.board_id);
end;
create trigger tasks_fts_update after update of title, description on tasks
when old.title is not new.title or old.description is not new.description begin
    insert into tasks_fts (tasks_fts, rowid, title, description, board)
    values ('delete', old.id, old.title, old.description, char(57344) || old.board_id);
    insert into tasks_fts (rowid, title, description, board)
    values (new.id, new.title, new.description, char(57344) || new.board_id);
end;

drop trigger notes_fts_insert;
drop trigger notes_fts_delete;
drop trigger notes_fts_update;
drop table notes_fts;
create view notes_text as
    select n.id, n.title, n.content, (select char(57344) || board_id from tasks where id = n.task_id) as board
    from notes n;
create virtual table notes_fts using fts5 (
    title, content, board, content = 'notes_text', content_rowid = 'id', tokenize = 'porter unicode61'
);
create virtual table notes_words using fts5vocab (notes_fts, instance);
create trigger notes_fts_insert after insert on notes begin
    insert into notes_fts (rowid, title, content, board)
    values (new.id, new.title, new.content, (select char(57344) || board_id from tasks where id = new.task_id));
end;
create trigger notes_fts_delete after delete on notes begin
    insert into notes_fts (notes_fts, rowid, title, content, board)
    values ('delete', old.id, old.title, old.content,
        (select char(57344) || board_id from tasks where id = old.task_id));
end;
create trigger notes_fts_update after update of title, content on notes
when old.title is not new.title or old.content is not new.content begin
    insert into notes_fts (notes_fts, rowid, title, content, board)
    values ('delete', old.id, old.title, old.content,
        (select char(57344) || board_id from tasks where id = old.task_id));
    insert into notes_fts (rowid, title, content, board)
    values (new.id, new.title, new.content, (select char(57344) || board_id from tasks where id = new.task_id));
end;
create trigger tasks_notes_first before delete on tasks begin
    delete from notes where task_id = old.id;
end;
"""
