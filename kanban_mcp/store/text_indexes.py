"""The full-text indexes, and the statements on them."""

from typing import NamedTuple

OPENED, CLOSED = "\x01", "\x02"
"""Round what matches in a snippet."""


class TextIndex(NamedTuple):
    """An index: the columns of it that have text, and the statements."""

    kind: str
    columns: str
    newest: str
    carried: str
    frequent: str
    titled: str
    scored: str
    shown: str
    words: str


def _index(kind: str, text: str, task: str, id_: str, carried: str, author: str) -> TextIndex:
    """The statements on `<kind>s_fts`, whose text is in the columns title and `text`; `task` says how a hit `f` comes
    to its task `t`, `id_` what that one's id is before its row is read, `carried` selects the ids of those on tasks
    with the tags, `author` who wrote it when.
    """
    fts = f"{kind}s_fts"
    newest = f"""
        select f.rowid from {fts} f {task}
        where f.{fts} match :query and t.archived_at is null
            and (:board_id is null or t.board_id = :board_id)
            and (:boards is null or t.board_id in (select value from json_each(:boards)))
            and (:status is null or t.status = :status)
            and (:tags is null or {id_} in (select task_id from task_tags
                 where tag_id in (select value from json_each(:tags))))
        order by f.rowid desc limit +:limit
        """  # noqa: S608 - names of our own tables
    return TextIndex(
        kind,
        f"title {text}",
        # Newest first comes out of the index by itself, so this stops at the limit.
        newest=newest,
        # Few tasks carry the tags: each is looked for in the index, instead of passing over all that match.
        carried=newest.replace("where", f"where f.rowid in ({carried}) and", 1),
        frequent=f"select count(*) from (select 1 from {fts} where {fts} match :query limit +:most)",  # noqa: S608
        # The plus keeps the planner from looking each id up by itself: that starts the whole match anew.
        titled=f"""
            select rowid from {fts} where {fts} match :query and rowid >= :oldest
                and +rowid in (select value from json_each(:ids))
            order by rowid desc limit +:limit
            """,  # noqa: S608
        scored=f"""
            select rowid, -bm25({fts}, 10.0, 1.0) as score from {fts} where {fts} match :query and rowid >= :oldest
                and +rowid in (select value from json_each(:ids))
            order by score desc, rowid desc limit +:limit
            """,  # noqa: S608
        shown=f"""
            select f.rowid, t.id, t.title, t.status, snippet({fts}, 0, char(1), char(2), '…', 12),
                snippet({fts}, 1, char(1), char(2), '…', 12), {author}
            from {fts} f {task}
            where f.{fts} match :query and f.rowid between :oldest and :newest
                and +f.rowid in (select value from json_each(:ids))
            """,  # noqa: S608
        # Each step looks for the next word beyond the one before: nothing in a word comes before char(1).
        words=f"""
            with recursive found (word) as (
                select (select term from {kind}s_words where term >= :begin and term < :end limit 1)
                union all
                select (select term from {kind}s_words where term >= word || char(1) and term < :end limit 1)
                from found where word is not null limit +:limit
            )
            select word from found where word is not null
            """,  # noqa: S608
    )


INDEXES = (
    _index(
        "task",
        "description",
        "cross join tasks t on t.id = f.rowid",
        "+f.rowid",
        "select task_id from task_tags where tag_id in (select value from json_each(:tags))",
        "t.created_by, substr(t.created_at, 1, 10)",
    ),
    _index(
        "note",
        "content",
        "cross join notes n on n.id = f.rowid cross join tasks t on t.id = n.task_id",
        "+n.task_id",
        """
        select o.id from task_tags x cross join notes o on o.task_id = x.task_id
        where x.tag_id in (select value from json_each(:tags))
        """,
        "n.author, substr(n.created_at, 1, 10)",
    ),
)
