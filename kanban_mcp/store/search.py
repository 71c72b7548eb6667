"""Full text, as rows: any text to a query that cannot fail, and ranked hits from it."""

import re
from typing import NamedTuple

from kanban_mcp.store.database import Database
from kanban_mcp.store.tasks import ids

MOST_TERMS = 16
MOST_CHARACTERS = 256
CANDIDATES = 1000
"""Ranked are the newest so many matches: the cost of a search does not grow with the board."""

_NOT_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_WORDLIKE = re.compile(r"\w", re.UNICODE)


class Hit(NamedTuple):
    """A match; `score` grows with how well it fits."""

    kind: str
    id: int
    task_id: int
    title: str
    status: str
    snippet: str
    score: float


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

    def hits(
        self, text: str, *, board_id: int | None, status: str | None, tags: list[int] | None, count: int
    ) -> list[Hit]:
        """The best matches, all words first; when none has all of them, any word. The last word may be a prefix."""
        words = terms(text)
        if not words:
            return []
        words[-1] += "*"
        for operator in (" AND ", " OR "):
            found = self._matching(operator.join(words), board_id, status, tags, count)
            if found or len(words) == 1:
                break
        return found

    def _matching(
        self, query: str, board_id: int | None, status: str | None, tags: list[int] | None, count: int
    ) -> list[Hit]:
        filters = {"query": query, "board_id": board_id, "status": status, "tags": ids(tags), "count": count}
        tasks = self._db.all("search.tasks", _TASKS, candidates=CANDIDATES, **filters)
        notes = self._db.all("search.notes", _NOTES, candidates=CANDIDATES, **filters)
        hits = sorted((Hit(*row) for row in (*tasks, *notes)), key=lambda hit: (-hit.score, hit.kind, -hit.id))
        return hits[:count]


# Bounds and filters come first, then the ranking; snippets last, since each reads and tokenizes a whole text.
_TASKS = """
with newest (id) as materialized (
    select f.rowid from tasks_fts f cross join tasks t on t.id = f.rowid
    where f.tasks_fts match :query and t.archived_at is null
        and (:board_id is null or t.board_id = :board_id) and (:status is null or t.status = :status)
        and (:tags is null or exists (select 1 from task_tags x where x.task_id = t.id
             and x.tag_id in (select value from json_each(:tags))))
    order by f.rowid desc limit :candidates
), best (id, score) as materialized (
    select f.rowid, -bm25(tasks_fts, 10.0, 1.0) as score
    from tasks_fts f
    where f.tasks_fts match :query and f.rowid >= (select min(id) from newest) and f.rowid in (select id from newest)
    order by score desc, f.rowid desc limit :count
)
select 'task', b.id, b.id, t.title, t.status,
    (select snippet(tasks_fts, -1, '[', ']', '…', 12) from tasks_fts
     where tasks_fts match :query and rowid = b.id), round(b.score, 6)
from best b join tasks t on t.id = b.id
"""

_NOTES = """
with newest (id) as materialized (
    select f.rowid from notes_fts f cross join notes n on n.id = f.rowid cross join tasks t on t.id = n.task_id
    where f.notes_fts match :query and t.archived_at is null
        and (:board_id is null or t.board_id = :board_id) and (:status is null or t.status = :status)
        and (:tags is null or exists (select 1 from task_tags x where x.task_id = t.id
             and x.tag_id in (select value from json_each(:tags))))
    order by f.rowid desc limit :candidates
), best (id, score) as materialized (
    select f.rowid, -bm25(notes_fts, 10.0, 1.0) as score
    from notes_fts f
    where f.notes_fts match :query and f.rowid >= (select min(id) from newest) and f.rowid in (select id from newest)
    order by score desc, f.rowid desc limit :count
)
select 'note', b.id, n.task_id, t.title, t.status,
    (select snippet(notes_fts, -1, '[', ']', '…', 12) from notes_fts
     where notes_fts match :query and rowid = b.id), round(b.score, 6)
from best b join notes n on n.id = b.id join tasks t on t.id = n.task_id
"""
