"""Full text, as rows: any text to a query that cannot fail, and ranked hits from it.

What a search costs is bounded: words are asked for one by one, so that SQLite reads their lists of matches only as far
as hits are wanted, and each query names the boards, so that it passes over what is on others.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple
from unicodedata import combining, normalize

from kanban_mcp.store.database import Database, Row
from kanban_mcp.store.tasks import few_carry, ids
from kanban_mcp.store.text_indexes import CLOSED, INDEXES, OPENED, TextIndex

MOST_TERMS = 16
MOST_CHARACTERS = 256
CANDIDATES = 100
"""Ranked are the newest so many matches, so that the cost of a search does not grow with the board."""
MOST_WEIGHED = 1000
"""Words are weighed where no more matches than these have any: BM25 reads all of them."""
SHORTEST_BEGINNING = 3
"""Bytes of what may be the beginning of a word: three letters of Latin, one of Chinese."""
MOST_ENDINGS = 50
"""Where more words begin so, SQLite is asked for the beginning, and reads all matches of each."""
MOST_BOARDS = 50
"""More are not named in a query."""
FAR_APART = 100
"""Where matches to show are farther apart, each is looked up by itself, instead of passing over all between them."""

_NOT_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ue000]+")
_WORDLIKE = re.compile(r"\w", re.UNICODE)
_LAST_PART = re.compile(r'([^\W_]+)[\W_]*"$')
_OF_BOARD = "\ue000"
"""Before the id of its board in what is indexed of a text; see the schema."""


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


class _Query(NamedTuple):
    """What is asked of an index: all of some terms, or any of them."""

    terms: tuple[str, ...]
    all: bool = True

    def within(self, columns: str) -> str:
        """As text, of these columns."""
        joined = (" AND " if self.all else " OR ").join(self.terms)
        return f"{{{columns}}} : ({joined})"


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
        """The best matches of all words; if there are none, with the last word as a beginning; then of any word."""
        words = terms(text)
        if not words:
            return []
        asked = None
        for queries in self._queries(words):
            if queries != asked:
                found = [hit for index, query in queries for hit in self._ranked(index, query, filters, count)]
                if found:
                    return self._shown(queries, filters, sorted(found, reverse=True)[:count])
            asked = queries
        return []

    def _queries(self, words: list[str]) -> Iterator[list[tuple[TextIndex, _Query]]]:
        """One after the other, what to ask of each index; the later ones are made only when they are needed."""
        yield [(index, _Query(tuple(words))) for index in INDEXES]
        begun = [(index, (*words[:-1], self._beginning(index, words[-1]))) for index in INDEXES]
        yield [(index, _Query(each)) for index, each in begun]
        if len(words) > 1:
            yield [(index, _Query(each, all=False)) for index, each in begun]

    def _beginning(self, index: TextIndex, term: str) -> str:
        """A term that also finds the words which begin with it; the term itself where none do."""
        last = _LAST_PART.search(term)
        letters = "" if last is None else _folded(last[1])
        if last is None or len(letters.encode()) < SHORTEST_BEGINNING:
            return term
        rows = self._db.all(
            f"search.{index.kind}s.words",
            index.words,
            begin=letters,
            end=letters + "\U0010ffff",
            limit=MOST_ENDINGS + 1,
        )
        if len(rows) > MOST_ENDINGS or not (rows or letters.isascii()):
            # SQLite folds letters of all scripts; where this knows no such word, it still may.
            return f"{term}*"
        # What is indexed are stems. Asked for, a stem is stemmed again, and may lose its end, as "databas" does; with
        # an e it comes out whole.
        before = term[1 : last.start(1)]
        stems = [f'"{before}{row[0]}{end}"' for row in rows for end in ("", "e")]
        return f"({' OR '.join([term, *stems])})" if stems else term

    def _ranked(self, index: TextIndex, query: _Query, filters: Filters, count: int) -> list[_Ranked]:
        asked = self._boards(filters) + query.within(index.columns)
        few = _lazy(asked) and few_carry(self._db, filters.tags)
        rows = self._db.all(
            f"search.{index.kind}s.{'carried' if few else 'newest'}",
            index.carried if few else index.newest,
            query=asked,
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
        weighed = len(newest) < CANDIDATES and self._db.seen is None and self._rare(index, query)
        ranks = (
            self._scored(index, query, newest, count)
            if weighed
            else self._titles_first(index, query, filters, newest, count)
        )
        return [_Ranked(score, index.kind, found) for found, score in ranks.items()]

    def _rare(self, index: TextIndex, query: _Query) -> bool:
        """Whether few enough have any of the words to weigh these."""
        found: int = self._db.value(
            f"search.{index.kind}s.frequent",
            index.frequent,
            query=query._replace(all=False).within(index.columns),
            most=MOST_WEIGHED,
        )
        return found < MOST_WEIGHED

    def _titles_first(
        self, index: TextIndex, query: _Query, filters: Filters, newest: list[int], count: int
    ) -> dict[int, float]:
        """Those in titles, then the newest: to weigh words, all matches would have to be read."""
        rows = self._db.all(
            f"search.{index.kind}s.titled",
            index.titled,
            query=self._boards(filters) + query.within("title"),
            oldest=newest[-1],
            ids=ids(newest),
            limit=count,
        )
        titled = {int(row[0]): 1.0 for row in rows}
        others = {found: 0.1 for found in newest if found not in titled}
        return dict(list({**titled, **others}.items())[:count])

    def _scored(self, index: TextIndex, query: _Query, newest: list[int], count: int) -> dict[int, float]:
        """By BM25, a word in the title counting ten times. The board is no part of it: that would be weighed too."""
        rows = self._db.all(
            f"search.{index.kind}s.scored",
            index.scored,
            query=query.within(index.columns),
            oldest=newest[-1],
            ids=ids(newest),
            limit=count,
        )
        return {int(row[0]): round(float(row[1]), 6) for row in rows}

    def _shown(self, queries: list[tuple[TextIndex, _Query]], filters: Filters, ranked: list[_Ranked]) -> list[Hit]:
        """The hits with title, status and a snippet, best first."""
        hits: dict[tuple[str, int], Hit] = {}
        for index, query in queries:
            best = {hit.id: hit.score for hit in ranked if hit.kind == index.kind}
            if best:
                for row in self._rows(index, self._boards(filters) + query.within(index.columns), list(best)):
                    hits[index.kind, row[0]] = _hit(index, row, best[row[0]])
        return [hits[hit.kind, hit.id] for hit in ranked]

    def _rows(self, index: TextIndex, query: str, best: list[int]) -> list[Row]:
        return self._db.all(
            f"search.{index.kind}s.shown",
            _looking_up(index.shown, query, best),
            query=query,
            oldest=min(best),
            newest=max(best),
            ids=ids(best),
        )

    def _boards(self, filters: Filters) -> str:
        """The part of a query that names the boards; empty for all."""
        boards = self._db.transaction.caller.boards if filters.board_id is None else (filters.board_id,)
        if boards is None or not 0 < len(boards) <= MOST_BOARDS:
            return ""
        named = " OR ".join(f'"{_OF_BOARD}{board}"' for board in sorted(boards))
        return f"board : ({named}) AND "


def _lazy(query: str) -> bool:
    """Whether matches of a query are read one by one; those of a beginning are collected first, each time anew."""
    return "*" not in query


def _looking_up(sql: str, query: str, found: list[int]) -> str:
    """A statement on some matches, or that which looks each up by itself."""
    far = _lazy(query) and max(found) - min(found) > FAR_APART * len(found)
    return sql.replace("+f.rowid", "f.rowid") if far else sql


def _hit(index: TextIndex, row: Row, score: float) -> Hit:
    """A row as a hit: its snippet is of the text, or of the title where only that matches."""
    found, task_id, title, status, of_title, of_text, author, on = row
    snippet = of_text if OPENED in of_text else of_title
    return Hit(
        index.kind,
        found,
        task_id,
        title,
        status,
        snippet.replace(OPENED, "[").replace(CLOSED, "]"),
        author,
        on,
        score,
    )


def _folded(word: str) -> str:
    """A word as the index has it, as far as its letters go: small, without accents."""
    return normalize("NFC", "".join(each for each in normalize("NFD", word.lower()) if not combining(each)))
