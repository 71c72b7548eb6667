"""Changes cards of board 1 through an app of its own, as another process: FILE SECONDS A_SECOND.

Every other change moves a card; the others give one a title that tells when that was.
"""

import asyncio
import sys
import time
from pathlib import Path

from kanban_mcp.app import open_app
from kanban_mcp.models.caller import Caller
from kanban_mcp.settings import Settings

OPEN = ("backlog", "todo", "in_progress", "review")


async def main(db: str, seconds: str, a_second: str) -> None:
    """Write at a steady pace; what came late is made up for."""
    with open_app(Settings(db=Path(db))) as app:
        cards = (await app.runner.answer("list_tasks", {"limit": 100}, caller=Caller("elsewhere"))).value["rows"]
        began = time.perf_counter()
        for number in range(int(float(seconds) * float(a_second))):
            await asyncio.sleep(max(0.0, began + number / float(a_second) - time.perf_counter()))
            task = {"task_id": cards[number % len(cards)][0]}
            if number % 2:
                await app.runner.answer("move_task", {**task, "status": OPEN[number % 4]}, caller=Caller("elsewhere"))
            else:
                title = {"title": f"told at {time.time():.3f}"}
                await app.runner.answer("update_task", {**task, **title}, caller=Caller("elsewhere"))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
