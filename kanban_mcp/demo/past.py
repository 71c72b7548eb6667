"""Fills a new file with the board of the story, as if it had been worked on for five weeks."""

import itertools
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from kanban_mcp.app import App, open_app
from kanban_mcp.demo import story
from kanban_mcp.demo.story import Card, Held
from kanban_mcp.models.board import DEFAULT_COLUMNS
from kanban_mcp.models.caller import Caller
from kanban_mcp.settings import Settings
from kanban_mcp.store.clock import stamp

DAYS = 35
PLANNED = 6
"""Cards at a time, on the days when the team plans."""
HOURS = (9, 30, 16, 52, 7, 21, 78, 12, 27, 44, 5, 18, 96, 14, 33)
"""What work on a card takes, one after the other; among them a few that dragged on."""
REVIEW = (3, 6, 2, 20, 5, 9)
LIMITS = {"todo": 8, "in_progress": 5, "review": 2}
WEEK_MINUTES = 10_080
"""How long claims last while the past is told: agents of the story do not write every half hour."""

Event = tuple[datetime, str, Callable[[], Any]]


def fill(db: Path, now: datetime) -> None:
    """Make the file and the board on it; the same to the byte for the same moment."""
    clock = _Clock(now - timedelta(days=DAYS))
    with open_app(Settings(db=db, lease_minutes=WEEK_MINUTES), clock=clock) as app:
        for at, actor, act in sorted(_Past(app, now).events(), key=lambda event: event[0]):
            clock.now = at
            app.writer.submit(act, caller=Caller(actor)).result()


class _Clock:
    """Shows what it is set to."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class _Past:
    """What happened when."""

    def __init__(self, app: App, now: datetime) -> None:
        self._do = app.services
        self._now = now
        self._ids: dict[str, int] = {}

    def events(self) -> Iterator[Event]:
        """All of it, in no order."""
        begin = self._ago(days=DAYS)
        yield begin, story.PLANNER, partial(self._do.boards.create_board, story.BOARD, story.DESCRIPTION)
        yield from self._finished(begin)
        yield from self._planned(self._ago(days=6), story.READY)
        yield from self._planned(self._ago(hours=26), story.LATER)
        yield from self._planned(self._ago(days=7), story.ASIDE)
        for held in story.WORK:
            yield from self._held(held)
        yield self._ago(hours=1), story.PLANNER, self._rule
        for number, card in enumerate(story.READY):
            yield self._ago(hours=30 - number), story.PLANNER, partial(self._move, card, "todo")
        for card in story.ASIDE:
            yield self._ago(days=2), story.PLANNER, partial(self._archive, card)

    def _ago(self, **span: float) -> datetime:
        return self._now - timedelta(**span)

    def _finished(self, begin: datetime) -> Iterator[Event]:
        """Cards planned some at a time; each agent takes the next as soon as it is free."""
        free = {agent: begin + timedelta(hours=5 + number) for number, agent in enumerate(story.AGENTS)}
        spans = zip(story.PAST, itertools.cycle(HOURS), itertools.cycle(REVIEW), itertools.cycle(story.SAID))
        pace = timedelta(days=DAYS - 3) / (len(story.PAST) / PLANNED)
        for number, (card, hours, review, said) in enumerate(spans):
            planned = begin + timedelta(minutes=1) + number // PLANNED * pace
            yield from self._planned(planned, (card,))
            agent = min(free, key=lambda name: free[name])
            claimed = max(free[agent], planned + timedelta(hours=2))
            reviewed = claimed + timedelta(hours=hours)
            done = reviewed + timedelta(hours=review)
            free[agent] = done + timedelta(hours=1)
            if done < self._ago(hours=1):
                yield planned + (claimed - planned) / 2, story.PLANNER, partial(self._move, card, "todo")
                yield claimed, agent, partial(self._claim, card)
                yield claimed + timedelta(hours=hours / 2), agent, partial(self._note, card, "progress", "Half way.")
                yield reviewed, agent, partial(self._move, card, "review")
                yield done, agent, partial(self._complete, card, said)

    def _held(self, held: Held) -> Iterator[Event]:
        claimed = self._ago(hours=held.hours)
        yield from self._planned(self._ago(hours=held.hours + 40), (held.card,))
        yield claimed, held.agent, partial(self._claim, held.card)
        for number, (category, text) in enumerate(held.notes, start=1):
            at = claimed + timedelta(hours=held.hours * number / (len(held.notes) + 1))
            yield at, held.agent, partial(self._note, held.card, category, text)
        if held.review is not None:
            yield self._ago(hours=held.review), held.agent, partial(self._move, held.card, "review")

    def _planned(self, at: datetime, cards: tuple[Card, ...]) -> Iterator[Event]:
        for card in cards:
            yield at, story.PLANNER, partial(self._plan, card)

    # What is done on the board, in the transaction of its moment

    def _plan(self, card: Card) -> None:
        made = self._do.tasks.create_task(
            card.title,
            description=card.description,
            priority=card.priority,
            tags=list(card.tags) or None,
            depends_on=[self._ids[title] for title in card.needs] or None,
            acceptance=list(card.acceptance) or None,
            due_at=stamp(self._ago(hours=10)) if card.title == story.OVERDUE else None,
        )
        self._ids[card.title] = made.id

    def _claim(self, card: Card) -> None:
        self._do.claims.claim_next(task_id=self._ids[card.title])

    def _note(self, card: Card, category: Any, text: str) -> None:
        self._do.notes.add_note(self._ids[card.title], text, category=category)

    def _move(self, card: Card, status: str) -> None:
        self._do.tasks.move_task(self._ids[card.title], status)

    def _complete(self, card: Card, said: str) -> None:
        self._do.claims.complete_task(self._ids[card.title], note=said)

    def _archive(self, card: Card) -> None:
        self._do.tasks.archive_task(self._ids[card.title])

    def _rule(self) -> None:
        """Limits, once there was too much at a time; what is in review already stays."""
        columns = [column.model_copy(update={"wip_limit": LIMITS.get(column.status)}) for column in DEFAULT_COLUMNS]
        self._do.boards.set_columns(columns)
