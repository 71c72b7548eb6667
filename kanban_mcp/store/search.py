"""Full text, as rows: any text to a query that cannot fail, and ranked hits from it."""

import re
from typing import NamedTuple

from kanban_mcp.store.database import Database, Row
from kanban_mcp.store.tasks import ids

MOST_TERMS = 16
MOST_CHARACTERS = 256
CANDIDATES = 200
"""Ranked are the newest so many matches, so that the cost of a search does not grow with the board."""

_NOT_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_WORDLIKE = re.compile(r"\w", re.UNICODE)


class Hit(NamedTuple):
    """A match, with who wrote it on which day; `score` grows with how well it fits."""

    kind: str
    id: int
    task_id: int
    title: str
    status: str
    snippet: str
    author: str
    on: str
    score: float


class Filters(NamedTuple):
    """What hits must have; None filters nothing. `tags` are ids of which a task has at least one."""

    board_id: int | None = None
    status: str | None = None
    tags: list[int] | None = None


class _Ranked(NamedTuple):
    """A match by what orders it: its score, tasks before notes, the newest first."""

    score: float
    kind: str
    id: int


class _Statements(NamedTuple):
    """The statements on one of the indexes."""

    kind: str
    newest: str
    titled: str
    scored: str
    shown: str


def terms(text: str) -> list[str]:
    """The words of a text as quoted terms of the query language, in which nothing is special any more.

    A word with punctuation inside, like `POL-358`, is a phrase. Control characters separate words.
    """
    words = _NOT_TEXT.sub(" ", text[: MOST_CHARACTERS * 4])[:MOST_CHARACTERS].split()
    quoted = ['"' + word.replace('"', "") + '"' for word in words if _WORDLIKE.search(word)]
    return list(dict.fromkeys(quoted))[:MOST_TERMS]


class SearchStore:
    """The full-text indexes `tasks_fts` and `notes_fts`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def hits(self, text: str, filters: Filters, *, count: int) -> list[Hit]:
        """The best matches of all words; if there are none, with the last word as a prefix; then of any word."""
        words = terms(text)
        if not words:
            return []
        prefixed = [*words[:-1], words[-1] + "*"]
        for query in (" AND ".join(words), " AND ".join(prefixed), " OR ".join(prefixed)):
            found = [*self._ranked(_TASKS, query, filters, count), *self._ranked(_NOTES, query, filters, count)]
            if found:
                return self._shown(query, sorted(found, reverse=True)[:count])
        return []

    def _ranked(self, index: _Statements, query: str, filters: Filters, count: int) -> list[_Ranked]:
        rows = self._db.all(
            f"search.{index.kind}s.newest",
            index.newest,
            query=query,
            limit=CANDIDATES,
            board_id=filters.board_id,
            boards=self._db.seen,
            status=filters.status,
            tags=ids(filters.tags),
        )
        newest = [int(row[0]) for row in rows]
        if not newest:
            return []
        # Weights of words tell how often they are on all boards, also on those the caller may not see.
        unweighted = len(newest) == CANDIDATES or self._db.seen is not None
        rank = self._titles_first if unweighted else self._scored
        return [_Ranked(score, index.kind, found) for found, score in rank(index, query, newest, count).items()]

    def _titles_first(self, index: _Statements, query: str, newest: list[int], count: int) -> dict[int, float]:
        """Of very many matches those in titles, then the newest: to weigh words, all matches would have to be read."""
        rows = self._db.all(
            f"search.{index.kind}s.titled",
            index.titled,
            query=f"{{title}} : ({query})",
            oldest=newest[-1],
            ids=ids(newest),
            limit=count,
        )
        titled = {int(row[0]): 1.0 for row in rows}
        others = {found: 0.1 for found in newest if found not in titled}
        return dict(list({**titled, **others}.items())[:count])

    def _scored(self, index: _Statements, query: str, newest: list[int], count: int) -> dict[int, float]:
        """By BM25, a word in the title counting ten times."""
        rows = self._db.all(
            f"search.{index.kind}s.scored",
            index.scored,
            query=query,
            oldest=newest[-1],
            ids=ids(newest),
            limit=count,
        )
        return {int(row[0]): round(float(row[1]), 6) for row in rows}

    def _shown(self, query: str, ranked: list[_Ranked]) -> list[Hit]:
        """The hits with title, status and a snippet, best first."""
        hits: dict[tuple[str, int], Hit] = {}
        for index in (_TASKS, _NOTES):
            best = {hit.id: hit.score for hit in ranked if hit.kind == index.kind}
            if best:
                for row in self._rows(index, query, list(best)):
                    hits[index.kind, row[0]] = Hit._make((index.kind, *row, best[row[0]]))
        return [hits[hit.kind, hit.id] for hit in ranked]

    def _rows(self, index: _Statements, query: str, best: list[int]) -> list[Row]:
        return self._db.all(
            f"search.{index.kind}s.shown",
            index.shown,
            query=query,
            oldest=min(best),
            newest=max(best),
            ids=ids(best),
        )


def _statements(kind: str, task: str, id_: str, author: str) -> _Statements:
    """The statements on `<kind>s_fts`; `task` says how a hit `f` comes to its task `t`, `id_` what that one's id is
    before its row is read, `author` who wrote it when.
    """
    fts = f"{kind}s_fts"
    return _Statements(
        kind,
        # Newest first comes out of the index by itself, so this stops at the limit.
        newest=f"""
            select f.rowid from {fts} f {task}
            where f.{fts} match :query and t.archived_at is null
                and (:board_id is null or t.board_id = :board_id)
                and (:boards is null or t.board_id in (select value from json_each(:boards)))
                and (:status is null or t.status = :status)
                and (:tags is null or {id_} in (select task_id from task_tags
                     where tag_id in (select value from json_each(:tags))))
            order by f.rowid desc limit +:limit
            """,  # noqa: S608 - names of our own tables
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
            select f.rowid, t.id, t.title, t.status, snippet({fts}, -1, '[', ']', '…', 12), {author}
            from {fts} f {task}
            where f.{fts} match :query and f.rowid between :oldest and :newest
                and +f.rowid in (select value from json_each(:ids))
            """,  # noqa: S608
    )


_TASKS = _statements(
    "task", "cross join tasks t on t.id = f.rowid", "+f.rowid", "t.created_by, substr(t.created_at, 1, 10)"
)
_NOTES = _statements(
    "note",
    "cross join notes n on n.id = f.rowid cross join tasks t on t.id = n.task_id",
    "+n.task_id",
    "n.author, substr(n.created_at, 1, 10)",
)
