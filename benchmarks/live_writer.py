"""Writes to a board through an app of its own, as another process: FILE SECONDS A_SECOND BOARD SIZE."""

import asyncio
import sys
from pathlib import Path
from time import perf_counter

from kanban_mcp.app import open_app
from kanban_mcp.models.caller import Caller
from kanban_mcp.settings import Settings


async def main(db: str, seconds: str, a_second: str, board: str, size: str) -> None:
    """Write at a steady pace."""
    with open_app(Settings(db=Path(db))) as app:
        until = perf_counter() + float(seconds)
        while perf_counter() < until:
            arguments = {"board": int(board), "title": "told", "description": "x" * int(size)}
            await app.runner.answer("create_task", arguments, caller=Caller("elsewhere"))
            await asyncio.sleep(1 / float(a_second))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
