"""How much of an agent's context does the list of tools take?"""

from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic_core import to_json

from benchmarks.report import Figure
from kanban_mcp.app import open_app
from kanban_mcp.models.caller import Caller
from kanban_mcp.settings import Settings
from kanban_mcp.transport.wire.introduction import Introduction

BUDGETS = {("core",): 9_000, ("core", "diagnostics"): 12_500, ("all",): 27_000}


def measure() -> list[Figure]:
    """Bytes of `tools/list` by toolset."""
    with TemporaryDirectory() as folder:
        return [_size(Path(folder) / "bench.db", toolsets, budget) for toolsets, budget in BUDGETS.items()]


def _size(db: Path, toolsets: tuple[str, ...], budget: int) -> Figure:
    with open_app(Settings(db=db, toolsets=toolsets)) as app:
        listed = Introduction(app.settings).list_tools(Caller(""), modern=False)
    size = len(to_json(listed))
    return Figure(
        f"tools/list of {','.join(toolsets)}", size, "bytes", budget, "at most", f"{len(listed['tools'])} tools"
    )
