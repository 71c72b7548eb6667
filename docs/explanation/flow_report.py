"""Draws the report of the demo's board as if it had taken weeks: `python -m docs.explanation.flow_report`.

The board and its log are made by the operations themselves, under a clock that is moved; chance is seeded, so that the
picture is the same each time.
"""

import asyncio
import random
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from kanban_mcp.app import App, open_app
from kanban_mcp.models.caller import Caller
from kanban_mcp.reports.picture import picture
from kanban_mcp.reports.report import Report, report
from kanban_mcp.settings import Settings
from kanban_mcp.transport.demo import AGENTS, BACKLOG, BOARD

PICTURE = Path(__file__).parent / "flow-report.svg"
BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HOURS = 22 * 24 + 5
"""Up to the Tuesday of the fourth week, at noon."""


class Weeks:
    """A board's weeks, hour by hour: a planner, and two agents whose work is reviewed before it is done."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._chance = random.Random(7)
        self._working: dict[str, tuple[int, int]] = {}
        self._reviews: list[tuple[int, int, str]] = []

    async def live(self, moments: list[datetime]) -> None:
        """Every working hour, the demo's backlog anew each Monday; `moments` is the clock, of which the last is now."""
        await self._do("planner", "create_board", name=BOARD, description="The importer, ready for others to use")
        for hour in range(HOURS):
            moments.append(BEGIN + timedelta(hours=hour))
            now = moments[-1]
            if now.weekday() > 4 or not 8 <= now.hour < 18:
                continue
            if now.hour == 8 and now.weekday() == 0:
                await self._do("planner", "create_tasks", board=BOARD, tasks=BACKLOG)
            for agent in AGENTS:
                await self._work(agent, hour)
            await self._review(hour)

    async def _work(self, agent: str, hour: int) -> None:
        """Take a task, or hand the one that is ready to review."""
        if agent not in self._working:
            task = (await self._do(agent, "claim_next", board=BOARD)).get("task")
            if task is not None:
                self._working[agent] = (task["id"], hour + round(self._chance.lognormvariate(1.9, 0.9)))
            return
        task_id, ready = self._working[agent]
        if hour >= ready:
            del self._working[agent]
            await self._do(agent, "move_task", task_id=task_id, status="review")
            self._reviews.append((hour + round(self._chance.expovariate(1 / 12)), task_id, agent))

    async def _review(self, hour: int) -> None:
        for review in [review for review in self._reviews if review[0] <= hour]:
            self._reviews.remove(review)
            await self._do(review[2], "complete_task", task_id=review[1])

    async def _do(self, actor: str, operation: str, **arguments: Any) -> dict[str, Any]:
        return (await self._app.runner.answer(operation, arguments, caller=Caller(actor))).value


def demo_report() -> Report:
    """The figures of the demo's board."""
    moments = [BEGIN]
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(db=Path(folder) / "demo.db", toolsets=("all",), lease_minutes=7 * 24 * 60)
        with open_app(settings, clock=lambda: moments[-1]) as app:
            asyncio.run(Weeks(app).live(moments))
            return report(app, BOARD)


if __name__ == "__main__":
    PICTURE.write_text(picture(demo_report()) + "\n", encoding="utf-8")
