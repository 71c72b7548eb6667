"""Agents that go on with the board of the story, so that whoever looks at it sees it move."""

import itertools
from collections.abc import Iterator
from typing import Any

import anyio

from kanban_mcp.app import App
from kanban_mcp.demo import story
from kanban_mcp.demo.story import Card
from kanban_mcp.errors import KanbanError

PAUSE = 4.0
"""Seconds between one thing that happens and the next: slow enough to be read."""
WORKING = story.AGENTS[:2]
"""The third one is stuck, and stays so."""


async def go_on(app: App) -> None:
    """Claim, note and complete in turns, until all that was ever planned is done."""
    later = iter(story.NEXT)
    turns = [_Agent(app, name, said) for name, said in zip(WORKING, (story.SAID, story.SAID[::-1]), strict=True)]
    for agent in itertools.cycle(turns):
        await anyio.sleep(PAUSE)
        if not await agent.turn() and not await _plan(app, later) and not any(each.task for each in turns):
            return


async def _plan(app: App, cards: Iterator[Card]) -> bool:
    """Write the next card; whether there was one left."""
    card = next(cards, None)
    if card is not None:
        new = {"title": card.title, "tags": list(card.tags), "priority": card.priority, "status": "todo"}
        await app.runner.call("create_task", {"board": story.BOARD, **new}, actor=story.PLANNER)
    return card is not None


class _Agent:
    """One agent, and the task it has."""

    def __init__(self, app: App, name: str, said: tuple[str, ...]) -> None:
        self.task: dict[str, Any] | None = None
        self._runner = app.runner
        self._name = name
        self._said = itertools.cycle(said)
        self._noted = False

    async def turn(self) -> bool:
        """The next step; whether there was one. What people change meanwhile, it gives up."""
        try:
            if self.task is None:
                self.task = (await self._do("claim_next", board=story.BOARD)).get("task")
                self._noted = False
                return self.task is not None
            held = {"task_id": self.task["id"], "lease": self.task["lease"]}
            if not self._noted:
                self._noted = True
                await self._do("add_note", **held, content="Half way; no surprises so far.", category="progress")
            else:
                self.task = None
                await self._do("complete_task", **held, note=next(self._said))
        except KanbanError:
            self.task = None
        return True

    async def _do(self, operation: str, **arguments: Any) -> dict[str, Any]:
        return await self._runner.call(operation, arguments, actor=self._name)
