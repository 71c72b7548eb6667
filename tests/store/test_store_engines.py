"""Both engines do the same, and nothing goes to the file but through one of them."""

import ast
import subprocess
import sys
from pathlib import Path

import kanban_mcp

PACKAGE = Path(kanban_mcp.__file__).parent
ROOT = PACKAGE.parent

WITH_THE_INTERPRETERS_OWN = """
import sys
sys.modules["pysqlite3"] = None
import sqlite3
import pytest
from kanban_mcp.store import engine
assert engine.sqlite3 is sqlite3
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[1:]]))
"""


BOTH = [
    "services/test_services_claims.py::test_a_tag_takes_in_the_tags_below_it",
    "services/test_services_links.py::test_counts_places_and_lists_stay_right_whatever_happens",
    "services/test_services_search.py::test_any_text_finds_what_it_names",
    "services/test_services_search.py::test_no_text_fails",
    "services/test_services_paging.py::test_the_pages_of_any_filter_hold_what_it_means_in_the_order_of_the_board",
    "store/test_store_plans.py",
    "store/test_store_text_index.py",
]
"""Where engines may differ: counting triggers, recursion, full text, JSON, and what the planner chooses."""


def test_the_interpreters_own_sqlite_does_the_same() -> None:
    tests = [str(ROOT / "tests" / test) for test in BOTH]
    ended = subprocess.run(
        [sys.executable, "-c", WITH_THE_INTERPRETERS_OWN, *tests],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr


MEANS = {"open", "fdopen", "read_bytes", "read_text", "write_bytes", "write_text", "touch", "copyfile", "copy2"}
"""Names of what opens a file, but for an engine."""
SANCTIONED = {
    ("__main__.py", "open"),
    ("commands/config.py", "copy2"),
    ("commands/config.py", "fdopen"),
    ("commands/config.py", "read_text"),
    ("commands/looking.py", "open"),
    ("commands/report.py", "write_text"),
    ("files.py", "open"),
    ("store/bench.py", "open"),
    ("store/database.py", "open"),
    ("store/database.py", "touch"),
    ("store/gate.py", "open"),
    ("transport/mcp/host_page.py", "read_text"),
    ("transport/wire/introduction.py", "read_bytes"),
    ("transport/stdio/pipes.py", "open"),
    ("transport/pages/web.py", "read_bytes"),
}
"""The empty file is made with its rights before anything is in it; the gate has a file beside it; pipes are pipes; a
report is never written over the database; nor is what is exported, which only ever makes new files; a copy is opened
once it is closed, to be sure it is on the disk; pages and the list of tools are part of the package; what is looked at
is opened in a browser; the files of `config` are those of clients; a backup before mending is a new file; output that
no place has space for goes to the null device.
"""


def test_nothing_reaches_for_the_file_behind_the_engines_back() -> None:
    found = set()
    for path in PACKAGE.rglob("*.py"):
        calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        names = {call.attr for call in calls if isinstance(call, ast.Attribute)}
        names |= {call.id for call in calls if isinstance(call, ast.Name)}
        found |= {(path.relative_to(PACKAGE).as_posix(), name) for name in names & MEANS}
    assert found == SANCTIONED
