"""The board in a browser, with a thousand cards: how soon is it seen, and does it stay smooth while it changes?"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.http_client import HttpServer, free_port
from benchmarks.report import Figure, full
from benchmarks.workload import seed
from kanban_mcp.app import open_app
from kanban_mcp.settings import Settings

CARDS = 1000
MOVES = 12
A_SECOND = 100
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]

WATCH = """
window.told = [];
new MutationObserver((records) => {
  if (window.seen === undefined && document.querySelectorAll(".card").length >= 500) {
    window.seen = null;
    requestAnimationFrame(() => setTimeout(() => (window.seen = performance.now())));
  }
  for (const { addedNodes } of records) for (const node of addedNodes) {
    const at = /told at ([0-9.]+)/.exec(node.className?.includes?.("card") ? node.textContent : "");
    if (at) requestAnimationFrame(() => window.told.push(Date.now() - 1000 * at[1]));
  }
}).observe(document, { childList: true, subtree: true });
"""
"""Notes when the cards were painted, and how old each told title was."""
FRAMES = """
window.frames = [];
const frame = (at) => (window.frames.push(at), requestAnimationFrame(frame));
requestAnimationFrame(frame);
"""


def measure() -> list[Figure]:
    """On a server process of its own, in Debian's Chromium; nothing where there is none."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("web: NOT MEASURED, there is no chromium; .ci/run installs Debian's", file=sys.stderr)
        return []
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        db = Path(folder) / "bench.db"
        with open_app(Settings(db=db)) as app:
            seed(app, CARDS)
        with _serving(db) as url, playwright.chromium.launch(executable_path=chromium, args=FLAGS) as browser:
            return [*_first(browser, url), _moved(browser, url), *_told(browser, url, db)]


def _first(browser: Browser, url: str) -> list[Figure]:
    """How long after the address is entered there is something, and all open cards."""
    painted, seen = [], []
    for _ in range(9 if full() else 3):
        page = _opened(browser, url)
        painted.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        seen.append(page.evaluate("window.seen"))
        page.context.close()
    worst = f"worst of {len(seen)}: {max(seen):.0f} ms; something is painted after {median(painted):.0f} ms"
    return [Figure(f"a board of {CARDS:,} cards is painted after", median(seen), "ms", 1000, "at most", worst)]


def _moved(browser: Browser, url: str) -> Figure:
    """What the main thread does for a move: the key, the card in its place, the answer, and the news of it."""
    page = _opened(browser, url, frames=False)
    page.wait_for_load_state("networkidle")  # what follows the first sight is no part of a move
    spent, process = [], _renderer(browser)
    for _ in range(MOVES):
        card = page.locator('.cards[data-status="todo"] .card').first
        card.focus()
        page.keyboard.press("m")
        page.get_by_role("menuitem", name="Review").focus()
        before = _busy(process)
        with page.expect_response("**/move"):
            page.keyboard.press("Enter")
        page.wait_for_timeout(300)  # what follows from it: the news, the frames
        spent.append((_busy(process) - before) * 1000)
    page.context.close()
    detail = f"median {median(spent):.0f} ms of processor time; the key and the news are in it"
    return Figure(f"a move's work on the main thread, worst of {MOVES}", max(spent), "ms", 50, "at most", detail)


def _told(browser: Browser, url: str, db: Path) -> list[Figure]:
    """How soon a change of another process is painted, and how many frames there are meanwhile."""
    page = _opened(browser, url)
    calm, _ = _while_writing(page, db, 8, 3)
    seconds = 10 if full() else 5
    process = _renderer(browser)
    before = _busy(process)
    busy, frames = _while_writing(page, db, A_SECOND, seconds)
    share = (_busy(process) - before) / seconds
    page.context.close()
    a_second = [sum(start <= at < start + 1000 for at in frames) for start in range(0, seconds * 1000 - 1000, 1000)]
    detail = (
        f"median {median(a_second):.0f}; main thread {share:.0%}; {len(busy)} titles, 95 % within {_p95(busy):.0f} ms"
    )
    return [
        Figure("a change of another process is painted after: p95", _p95(calm), "ms", 250, "at most", _said(calm)),
        Figure(
            f"{A_SECOND} changes/s for {seconds} s: frames in the worst", min(a_second), "/s", 30, "at least", detail
        ),
    ]


def _while_writing(page: Page, db: Path, a_second: int, seconds: int) -> tuple[list[float], list[float]]:
    """How long each title took to be painted, in ms; the times of frames since the first title."""
    page.evaluate("window.told = []")
    command = [sys.executable, "-m", "benchmarks.board_writer", str(db), str(seconds), str(a_second)]
    with subprocess.Popen(command) as writer:
        page.wait_for_function("window.told.length > 0", timeout=60_000)
        page.evaluate("window.frames = []")
        assert writer.wait() == 0
    times: list[float] = page.evaluate("window.told")
    frames: list[float] = page.evaluate("window.frames.map((at) => at - window.frames[0])")
    return times, frames


def _opened(browser: Browser, url: str, *, frames: bool = True) -> Page:
    """The board in a window of its own, painted and live."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}, bypass_csp=True).new_page()
    page.add_init_script(WATCH + (FRAMES if frames else ""))
    with page.expect_websocket() as connecting:
        page.goto(f"{url}/boards/1")
    with connecting.value.expect_event("framesent", lambda frame: '"subscribe"' in str(frame)):
        page.wait_for_function("window.seen > 0")
    return page


def _renderer(browser: Browser) -> int:
    """The process of the page that is open."""
    told: list[dict[str, Any]] = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    return int(max((each for each in told if each["type"] == "renderer"), key=lambda each: each["cpuTime"])["id"])


def _busy(process: int) -> float:
    """Seconds of processor time that the main thread of a process has had: others that run do not count."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9


def _p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


def _said(values: list[float]) -> str:
    return f"median {median(values):.0f}, at most {max(values):.0f} ms, {len(values)} changes"


@contextmanager
def _serving(db: Path) -> Iterator[str]:
    port = free_port()
    server = HttpServer([sys.executable, "-m", "kanban_mcp", "serve", "--db", str(db), "--port", str(port)], port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.close()
