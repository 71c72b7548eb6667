"""A server that measures how late its loop is: FILE PORT FOLDER LAGS. At its end it writes the lags, in seconds."""

import asyncio
import json
import sys
from pathlib import Path

from kanban_mcp.app import App, open_app
from kanban_mcp.settings import Settings
from kanban_mcp.transport.http import serve

EVERY = 0.002
"""Seconds between two looks."""


async def watched(late: list[float]) -> None:
    """Note by how much each look comes later than it should."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + EVERY
        await asyncio.sleep(EVERY)
        late.append(loop.time() - due)


def main(db: str, port: str, folder: str, lags: str) -> None:
    """Serve until a signal asks for the end."""
    late: list[float] = []
    settings = Settings(db=Path(db), port=int(port), files=Path(folder), toolsets=("all",), rate_limit=0)
    with open_app(settings) as app:
        asyncio.run(_served(app, late))
    Path(lags).write_text(json.dumps(late))


async def _served(app: App, late: list[float]) -> None:
    watching = asyncio.ensure_future(watched(late))
    await serve(app)
    watching.cancel()


if __name__ == "__main__":
    main(*sys.argv[1:])
