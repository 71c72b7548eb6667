"""`python -m benchmarks.flame FILE`: where the time of a call over stdio goes, as a flame graph."""

import signal
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

from pydantic_core import from_json, to_json

from benchmarks.workload import seed
from kanban_mcp.app import App, open_app
from kanban_mcp.charts.svg import element, written
from kanban_mcp.settings import Settings
from kanban_mcp.transport.wire.fast_lane import FastLane
from kanban_mcp.transport.wire.recognition import Asker, request_in

CALLS = 60_000
EVERY = 0.001
WIDTH, ROW, LEAST = 1200, 17, 0.004
COLORS = {"transport": "#d9853b", "store": "#4c78a8", "diagnostics": "#b279a2", "services": "#72a87c"}
ROOT = Path(__file__).parents[1]

Stack = tuple[str, ...]


def main(target: Path) -> None:
    """Answer many calls, look at the stack every millisecond, draw what was seen."""
    seen: Counter[Stack] = Counter()
    with TemporaryDirectory() as folder, open_app(Settings(db=Path(folder) / "bench.db")) as app:
        seed(app, 1000)
        signal.signal(signal.SIGPROF, lambda _, frame: seen.update([_stack(frame)]))
        signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
        _answer(app)
        signal.setitimer(signal.ITIMER_PROF, 0)
    target.write_text(_drawn(seen))


def _answer(app: App) -> None:
    """What the loop over stdio does with a line, without the pipes."""
    lane = FastLane(app.settings, lambda: app.runner, "stdio")
    for number in range(CALLS):
        params = {"name": "get_task", "arguments": {"task_id": 1 + number % 500}}
        line = to_json({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params})
        request = request_in(from_json(line))
        assert request is not None
        assert isinstance(lane.legacy(request, Asker("bench")), bytes)


def _stack(frame: FrameType | None) -> Stack:
    names: list[str] = []
    while frame is not None:
        path = frame.f_code.co_filename
        place = path.rpartition("site-packages/")[2].removeprefix(f"{ROOT}/").removeprefix(sys.base_prefix)
        names.append(f"{frame.f_code.co_qualname} ({place})")
        frame = frame.f_back
    whole = tuple(reversed(names))
    start = next((at for at, name in enumerate(whole) if name.startswith("_answer ")), len(whole))
    return whole[start:]


def _drawn(seen: Counter[Stack]) -> str:
    total = sum(count for stack, count in seen.items() if stack)
    boxes: list[str] = []
    deepest = 0

    def draw(prefix: Stack, left: float) -> None:
        nonlocal deepest
        depth = len(prefix)
        deepest = max(deepest, depth)
        children = Counter[str]()
        for stack, count in seen.items():
            if len(stack) > depth and stack[:depth] == prefix:
                children[stack[depth]] += count
        for name, count in sorted(children.items()):
            if count / total >= LEAST:
                boxes.append(_box(name, left, depth, count / total))
                draw((*prefix, name), left)
            left += count / total

    draw((), 0.0)
    height = (deepest + 1) * ROW
    style = "text{font:11px system-ui,sans-serif;fill:#111}rect{stroke:#fff}"
    title = written("A call of get_task over stdio: each box as wide as the time spent in it")
    return element(
        "svg",
        element("title", title),
        element("style", style),
        *boxes,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {height}",
        role="img",
    )


def _box(name: str, left: float, depth: int, share: float) -> str:
    color = next((color for layer, color in COLORS.items() if f"/{layer}/" in name), "#c8c8c8")
    x, y, width = round(left * WIDTH, 1), depth * ROW, round(share * WIDTH, 1)
    said = f"{name}: {share:.1%}"
    text = name[: int(width / 6.2)] if width > 30 else ""
    box = element("rect", element("title", written(said)), x=x, y=y, width=width, height=ROW - 1, fill=color)
    return box + (element("text", written(text), x=x + 3, y=y + 12) if text else "")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
