"""A real browser on a real server: one Chromium for a file of tests, a page of its own for each."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, expect, sync_playwright

from kanban_mcp.app import App, open_app
from kanban_mcp.settings import Settings
from tests.http.conftest import serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. Its driver keeps an event loop running, so it ends before tests with loops of their own."""
    if CHROMIUM is None:
        pytest.skip("THE BROWSER TESTS DID NOT RUN: there is no chromium; .ci/run installs Debian's")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def app(db: Path) -> Iterator[App]:
    """Everything open on a new file, by the clock of this machine: the browser has no other."""
    with open_app(Settings(db=db, toolsets=("all",), rate_limit=0)) as opened:
        yield opened


@pytest.fixture
def url(browser: Browser, app: App) -> Iterator[str]:
    """The address of a server; not started where there is no browser."""
    with serving(app) as address:
        yield address


class Rest:
    """Someone else, who calls operations while the page is open."""

    def __init__(self, url: str, actor: str = "ann", key: str | None = None) -> None:
        named = {"X-Actor": actor} if key is None else {"Authorization": f"Bearer {key}"}
        self._client = httpx2.Client(base_url=f"{url}/api", headers=named, timeout=30, verify=False)

    def __call__(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """The answer to a request that must succeed."""
        answered = self._client.request(method, path, json=body or None)
        assert answered.is_success, answered.text
        result: dict[str, Any] = answered.json()
        return result

    def close(self) -> None:
        self._client.close()


@pytest.fixture
def rest(url: str) -> Iterator[Rest]:
    """Someone called ann."""
    someone = Rest(url)
    yield someone
    someone.close()


@pytest.fixture
def board(rest: Rest) -> int:
    """A board with five cards to do: #1 to #5."""
    made = rest("POST", "/boards", name="Plan")
    tasks = [{"title": f"Card {number}", "status": "todo"} for number in range(1, 6)]
    rest("POST", "/tasks/batch", board=made["id"], tasks=tasks)
    return int(made["id"])


Context = Callable[..., BrowserContext]


@pytest.fixture
def context(browser: Browser, url: str) -> Iterator[Context]:
    """Makes a browser's window, closed before the server is.

    An error of a page, what its policy refuses and a dialog each fail the test.
    """
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def asked(dialog: Dialog) -> None:
        wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def make(**options: Any) -> BrowserContext:
        opened = browser.new_context(viewport=options.pop("viewport", {"width": 1280, "height": 800}), **options)
        opened.set_default_timeout(PATIENCE_MS)
        opened.on("weberror", lambda error: wrong.append(str(error.error)))
        opened.on("dialog", asked)
        opened.on("console", lambda said: wrong.append(said.text) if _is_wrong(said.text) else None)
        contexts.append(opened)
        return opened

    yield make
    for opened in contexts:
        opened.close()
    assert wrong == []


def _is_wrong(text: str) -> bool:
    return "Content Security Policy" in text or "TrustedHTML" in text


@pytest.fixture
def page(context: Context, url: str, board: int) -> Page:
    """The board in a window, live."""
    return opened(context().new_page(), f"{url}/boards/{board}")


# Written down in the page itself: an event of Playwright's may come before the test listens for it.
NOTE_SUBSCRIPTION = """
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (text) {
    send.call(this, text);
    if (text.includes('"subscribe"')) document.documentElement.dataset.subscribed = "";
  };
"""


def opened(page: Page, address: str) -> Page:
    """A page that shows a board, and hears of changes."""
    page.add_init_script(NOTE_SUBSCRIPTION)
    page.goto(address)
    shown(page)
    return page


def shown(page: Page) -> None:
    """Wait until a board is shown, and its page has asked to hear of changes."""
    page.wait_for_selector("[data-subscribed] .columns")


def card(number: int) -> str:
    """The selector of a card."""
    return f'.card[data-id="{number}"]'


def column(status: str) -> str:
    """The selector of the cards of a column."""
    return f'.cards[data-status="{status}"]'


def order(page: Page, status: str) -> list[int]:
    """The cards of a column as they stand."""
    found: list[int] = page.eval_on_selector_all(f"{column(status)} .card", "all => all.map(e => Number(e.dataset.id))")
    return found


class StdioAgent:
    """An agent with a server process of its own, over pipes."""

    def __init__(self, db: Path, *flags: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kanban_mcp", "--db", str(db), *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        client = {"name": "agent", "version": "1"}
        self._asked = 0
        self._ask("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client})
        self._say({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def __call__(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The result of a call that must succeed."""
        result = self._ask("tools/call", {"name": tool, "arguments": arguments})
        assert not result["isError"], result
        structured: dict[str, Any] = result["structuredContent"]
        return structured

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=30)

    def _ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self._asked += 1
        self._say({"jsonrpc": "2.0", "id": self._asked, "method": method, "params": params})
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer["result"]  # type: ignore[no-any-return]

    def _say(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()


@pytest.fixture
def agent(db: Path, url: str) -> Iterator[StdioAgent]:
    """An agent called bob."""
    started = StdioAgent(db, "--actor", "bob")
    yield started
    started.close()
