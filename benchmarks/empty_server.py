"""This server with one more tool, that does nothing, and without monitors: what calls and what monitors cost."""

import dataclasses
import sys
from pathlib import Path

import anyio

from kanban_mcp.app import open_app
from kanban_mcp.catalog import Catalog
from kanban_mcp.models.record import Record
from kanban_mcp.operations import Operation
from kanban_mcp.settings import Settings
from kanban_mcp.transport import stdio


def empty() -> Record:
    """Do nothing."""
    return Record()


if __name__ == "__main__":
    with open_app(Settings(db=Path(sys.argv[1]), toolsets=("core",))) as app:
        catalog = Catalog([*app.catalog, Operation("core", "read", empty, "GET /empty", point=True)], toolsets=["core"])
        app.runner.catalog = catalog
        app.runner.on_call = app.database.on_query = app.writer.on_group = None
        anyio.run(stdio.serve_app, dataclasses.replace(app, catalog=catalog))
