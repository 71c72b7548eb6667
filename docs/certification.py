"""The page on MCP: what is supported in each era, and what the conformance suite said of it."""

import json
import re
from pathlib import Path
from typing import Any

from kanban_mcp.transport.introduction import HANDSHAKE_VERSIONS, MODERN_VERSION

CONFORMANCE = Path(__file__).parents[1] / "tests" / "conformance"
REVISIONS = (HANDSHAKE_VERSIONS[-1], MODERN_VERSION)

SUPPORTED = (
    ("opening", "`initialize`", "none; `server/discover` tells the same"),
    ("tools", "`tools/list` `tools/call`", "the same"),
    ("resources", "`resources/list` `resources/templates/list` `resources/read`", "the same"),
    ("hearing of changes", "`resources/subscribe` `resources/unsubscribe`", "`subscriptions/listen`"),
    ("prompts", "`prompts/list` `prompts/get`", "the same"),
    ("completion", "`completion/complete`", "the same"),
    ("progress", "`notifications/progress`", "the same"),
    ("cancellation", "`notifications/cancelled`", "the same over stdio; over HTTP the request's stream is closed"),
    ("asking the user", "`elicitation/create` during the call", "`input_required` as the result, and the call again"),
    ("caching hints", "none", "on lists that stay as they are while the server runs, and on `server/discover`"),
    ("what is not there", "error -32002", "error -32602"),
    ("liveness", "`ping`", "none in the revision"),
    ("logging", "not supported: logs go to stderr", "not supported"),
    ("sampling, roots", "never asked for", "never asked for"),
    ("tasks", "not supported", "not supported"),
)


def mcp_page() -> str:
    """The page, without its first line."""
    results: dict[str, dict[str, Any]] = json.loads((CONFORMANCE / "results.json").read_text())
    old, new = REVISIONS
    lines = ["# The Model Context Protocol", ""]
    lines += [
        f"One server speaks every published revision: {', '.join(HANDSHAKE_VERSIONS)}, which begin with a handshake, "
        f"and {new}, in which each request says who asks and how.",
        "",
        f"| | until {old} | {new} |",
        "|---|---|---|",
        *(f"| {what} | {before} | {now} |" for what, before, now in SUPPORTED),
        "",
        "What the lists hold: [operations](operations.md), [resources](resources.md), [prompts](prompts.md). What the "
        "programs that people use make of it: [hosts](hosts.md).",
        "",
        "## What the conformance suite says",
        "",
        "The official suite runs over HTTP against this server, which for that also carries the suite's own tools, "
        "resources and prompts. Written are the checks that passed, of those that ran.",
        "",
        f"| scenario | {old} | {new} |",
        "|---|---|---|",
    ]
    scored = sorted({name for rows in results.values() for name, row in rows.items() if "unscored" not in row})
    lines += [f"| {name} | {_told(results[old].get(name))} | {_told(results[new].get(name))} |" for name in scored]
    lines += ["", "What does not apply, and why:", "", "| revision | scenario or check | |", "|---|---|---|"]
    lines += [f"| {revision} | {name} | {reason} |" for revision in REVISIONS for name, reason in _reasons(revision)]
    lines += [
        "",
        "Run, but not scored by the revision: what is optional, came after the release, or waits for the suite.",
        "",
        "| scenario | revision | checks | |",
        "|---|---|---|---|",
    ]
    for revision in REVISIONS:
        rows = sorted(results[revision].items())
        lines += [
            f"| {name} | {revision} | {_told(row)} | {row['unscored']} |" for name, row in rows if "unscored" in row
        ]
    return "\n".join([*lines, ""])


def _told(row: dict[str, Any] | None) -> str:
    """`3 of 4` of a scenario that ran in the revision."""
    return "" if row is None else f"{row['passed']} of {row['passed'] + row['failed']}"


def _reasons(revision: str) -> list[tuple[str, str]]:
    """What is written beside each entry of a baseline."""
    text = (CONFORMANCE / f"baseline.{revision}.yml").read_text()
    return re.findall(r"^  - (\S+)  # (.+)$", text, re.MULTILINE)
