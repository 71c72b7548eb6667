"""A host of MCP Apps: it has a server process over stdio, and shows the page of one of its tools in a frame."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal, TypeAlias

Era: TypeAlias = Literal["2025-11-25", "2026-07-28"]
CAPABILITIES = {"extensions": {"io.modelcontextprotocol/ui": {"mimeTypes": ["text/html;profile=mcp-app"]}}}
CLIENT = {"name": "a host", "version": "1"}
PAGE = Path(__file__).with_name("host.html")
PATIENCE = 30


class Server:
    """A server process of the host's own; any number of requests may be under way."""

    def __init__(self, db: Path, era: Era, *flags: str, capabilities: dict[str, Any] | None = None) -> None:
        self._modern = era == "2026-07-28"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kanban_mcp", "--db", str(db), *flags], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._asked: dict[int, Future[dict[str, Any]]] = {}
        self._lock = threading.Lock()
        self._capabilities = CAPABILITIES if capabilities is None else capabilities
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        if not self._modern:
            hello = {"protocolVersion": era, "capabilities": self._capabilities, "clientInfo": CLIENT}
            self.ask("initialize", hello)
            self._say({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """The answer to a request, whole: it has a `result` or an `error`."""
        if self._modern:
            meta = {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": CLIENT,
                "io.modelcontextprotocol/clientCapabilities": self._capabilities,
            }
            params = {**params, "_meta": meta}
        answered: Future[dict[str, Any]] = Future()
        with self._lock:
            number = len(self._asked) + 1
            self._asked[number] = answered
        self._say({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return answered.result(PATIENCE)

    def result(self, method: str, **params: Any) -> dict[str, Any]:
        """The result of a request that must succeed."""
        answer: dict[str, Any] = self.ask(method, params)["result"]
        return answer

    def close(self) -> None:
        """End it, without waiting for questions that wait for news."""
        self._process.kill()
        self._process.wait(PATIENCE)
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._reader.join(PATIENCE)

    def _say(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        with self._lock:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message = json.loads(line)
            if (number := message.get("id")) is not None:
                self._asked[number].set_result(message)
        self._process.stdout.close()
        for asked in self._asked.values():
            if not asked.done():
                asked.set_result({"error": {"code": -32000, "message": "The server is gone."}})


def policy(declared: dict[str, list[str]]) -> str:
    """The Content-Security-Policy that hosts make of what a page declares, as the specification writes it."""

    def listed(name: str, default: str = "") -> str:
        return " ".join(declared.get(name, [])) or default

    none, own = "'none'", "'self'"
    resources = listed("resourceDomains")
    return (
        f"default-src 'none'; script-src 'self' 'unsafe-inline' {resources}; "
        f"style-src 'self' 'unsafe-inline' {resources}; connect-src 'self' {listed('connectDomains')}; "
        f"img-src 'self' data: {resources}; font-src 'self' {resources}; media-src 'self' data: {resources}; "
        f"frame-src {listed('frameDomains', none)}; object-src 'none'; base-uri {listed('baseUriDomains', own)}"
    )


@contextmanager
def hosting(server: Server) -> Iterator[str]:
    """The address of the host's page."""
    (tool,) = (tool for tool in server.result("tools/list")["tools"] if "ui" in tool.get("_meta", {}))
    (content,) = server.result("resources/read", uri=tool["_meta"]["ui"]["resourceUri"])["contents"]
    assert content["mimeType"] == "text/html;profile=mcp-app"

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/view":
                self._send("text/html", content["text"], policy(content["_meta"]["ui"]["csp"]))
            elif self.path == "/":
                self._send("text/html", PAGE.read_text())
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self._send("application/json", json.dumps(server.ask(asked["method"], asked["params"])))

        def _send(self, kind: str, text: str, policy: str | None = None) -> None:
            body = text.encode()
            self.send_response(200)
            self.send_header("content-type", f"{kind}; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            if policy is not None:
                self.send_header("content-security-policy", policy)
            self.end_headers()
            with suppress(ConnectionError):  # the page is closed while it waits for news
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as pages:
        pages.daemon_threads = True
        thread = threading.Thread(target=pages.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{pages.server_port}"
        finally:
            pages.shutdown()
            thread.join(PATIENCE)
