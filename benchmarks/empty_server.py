"""This server with two more tools and without monitors at first: what calls and what monitors cost."""

import dataclasses
import sys
from pathlib import Path
from time import process_time

import anyio

from kanban_mcp.app import App, open_app
from kanban_mcp.catalog import Catalog
from kanban_mcp.models.record import Record
from kanban_mcp.operations import Operation
from kanban_mcp.settings import Settings
from kanban_mcp.transport.stdio import stdio


class Spent(Record):
    """Seconds of processor time that the server has taken so far."""

    seconds: float = 0.0


class Tools:
    """The two tools."""

    def __init__(self, app: App) -> None:
        self._app = app

    def empty(self) -> Record:
        """Do nothing."""
        return Record()

    def watch(self, on: bool) -> Spent:
        """Put the monitors where they are put by `app.py`, or take them away."""
        app = self._app
        app.runner.on_call = app.watch.on_call if on else None
        app.database.on_query = app.watch.queries.observe if on else None
        app.writer.on_group = app.watch.batches.observe if on else None
        return Spent(seconds=process_time())


if __name__ == "__main__":
    with open_app(Settings(db=Path(sys.argv[1]), toolsets=("core",))) as _app:
        tools = Tools(_app)
        tools.watch(on=False)
        more = [Operation("core", "read", tool, "GET /bench", point=True) for tool in (tools.empty, tools.watch)]
        catalog = Catalog([*_app.catalog, *more], toolsets=["core"])
        _app.runner.catalog = catalog
        _changed = dataclasses.replace(_app, catalog=catalog)
        anyio.run(stdio.serve_app, _app.settings, lambda: _changed)
