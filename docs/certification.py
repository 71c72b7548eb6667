"""The page on MCP: what is supported in each era, and what the conformance suite said of it."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from kanban_mcp.transport.wire.introduction import HANDSHAKE_VERSIONS, MODERN_VERSION

CONFORMANCE = Path(__file__).parents[1] / "tests" / "conformance"
REVISIONS = (HANDSHAKE_VERSIONS[-1], MODERN_VERSION)


class Part(NamedTuple):
    """A part of the protocol: what is supported of it before and since the newest revision, and a test of that."""

    name: str
    before: str
    now: str
    test: str


SUPPORTED = (
    Part("stdio", "yes", "yes", "test_mcp_tools:test_each_era_is_spoken"),
    Part("Streamable HTTP, `/mcp`", "in sessions", "each request by itself", "test_mcp_tools:test_each_era_is_spoken"),
    Part("HTTP with SSE, `/sse`", "yes, deprecated", "not in it", "test_mcp_tools:test_each_era_is_spoken"),
    Part(
        "opening",
        "`initialize`",
        "none; `server/discover` tells the same",
        "test_mcp_supported:test_what_is_there_is_declared_and_nothing_else",
    ),
    Part(
        "tools",
        "`tools/list` `tools/call`",
        "the same",
        "test_mcp_tools:test_the_tools_are_the_operations_with_the_core_first",
    ),
    Part(
        "resources",
        "`resources/list` `resources/templates/list` `resources/read`",
        "the same",
        "test_mcp_resources:test_boards_and_what_is_always_there_are_listed",
    ),
    Part(
        "hearing of changes",
        "`resources/subscribe` `resources/unsubscribe`",
        "`subscriptions/listen`",
        "test_mcp_subscriptions:test_an_older_client_hears_of_what_it_subscribed_to",
    ),
    Part(
        "change of the list of resources",
        "`notifications/resources/list_changed`",
        "the same, on `subscriptions/listen`",
        "test_mcp_subscriptions:test_the_list_is_told_to_have_changed_when_boards_come_go_or_change_their_name",
    ),
    Part(
        "change of the lists of tools and prompts",
        "none: they stay",
        "none: they stay",
        "test_mcp_subscriptions:test_what_is_never_told_is_not_acknowledged",
    ),
    Part(
        "prompts",
        "`prompts/list` `prompts/get`",
        "the same",
        "test_mcp_prompts:test_the_prompts_are_listed_with_their_arguments",
    ),
    Part(
        "completion",
        "`completion/complete`",
        "the same",
        "test_mcp_resources:test_parts_of_addresses_are_completed",
    ),
    Part(
        "pages",
        "`cursor` `nextCursor` of the list of resources; the others are one page",
        "the same",
        "test_mcp_resources:test_the_list_is_paged",
    ),
    Part(
        "progress", "`notifications/progress`", "the same", "test_mcp_calls:test_a_long_call_tells_how_far_it_has_come"
    ),
    Part(
        "cancellation",
        "`notifications/cancelled`",
        "the same over stdio; over HTTP the request's stream is closed",
        "test_mcp_calls:test_a_write_cancelled_before_its_commit_is_undone_and_not_answered",
    ),
    Part(
        "asking the user",
        "`elicitation/create` during the call",
        "`input_required` as the result, and the call again",
        "test_mcp_calls:test_where_the_user_can_be_asked_a_deletion_waits_for_their_yes",
    ),
    Part(
        "caching hints",
        "none",
        "on lists that stay as they are while the server runs, and on `server/discover`",
        "test_mcp_resources:test_lists_that_stay_may_be_kept_and_what_boards_show_may_not",
    ),
    Part(
        "what is not there",
        "error -32002",
        "error -32602",
        "test_mcp_resources:test_what_is_not_there_is_answered_as_the_era_says",
    ),
    Part(
        "odd JSON",
        "of a key given twice the last counts, a byte order mark before a message is passed over; half a pair of "
        "surrogates, and arguments like `NaN`, are refused",
        "the same",
        "test_lanes:test_odd_json_is_taken_or_refused_by_both",
    ),
    Part("liveness", "`ping`", "none in it", "test_mcp_supported:test_only_the_older_era_has_a_ping"),
    Part(
        "logging",
        "not supported: logs go to stderr",
        "not supported",
        "test_mcp_supported:test_logs_are_not_sent_to_clients",
    ),
    Part(
        "sampling, roots",
        "never asked for",
        "never asked for",
        "test_mcp_supported:test_neither_a_model_nor_folders_are_asked_for",
    ),
    Part(
        "pages (the extension MCP Apps)",
        "to clients that declare it",
        "declared, and to clients that declare it",
        "test_mcp_apps:test_clients_that_show_pages_are_offered_the_board_and_others_are_not",
    ),
    Part(
        "tasks",
        "not supported",
        "not supported",
        "test_mcp_supported:test_what_is_there_is_declared_and_nothing_else",
    ),
)
"""The tests are in tests/transport."""


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
        *(f"| {part.name} | {part.before} | {part.now} |" for part in SUPPORTED),
        "",
        "Behind each line is a test, which `docs/certification.py` names. What clients do is tested with the SDK's "
        "own, in memory and over every transport, in each era that it is about; every tool with the Inspector too.",
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
