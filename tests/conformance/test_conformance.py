"""The official conformance suite, over HTTP, against our server with the suite's fixtures beside our own tools."""

import json
import os
import re
from collections import Counter
from pathlib import Path
from subprocess import DEVNULL, run
from typing import Any

import pytest
import yaml

from kanban_mcp.app import open_app
from kanban_mcp.settings import Settings
from kanban_mcp.transport.server import asgi
from tests.conformance.fixtures import fixtured
from tests.conformance.programs import NODE, environment, package
from tests.http.conftest import serving

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
"""What the suite said of each scenario, by revision; the reference page shows it."""
SUITE = "@modelcontextprotocol/conformance"
PATIENCE = 300


@pytest.mark.parametrize(
    "lane", [pytest.param(True, id="fast lane"), pytest.param(False, id="sdk only", marks=pytest.mark.long)]
)
@pytest.mark.parametrize("revision", ["2025-11-25", "2026-07-28"])
def test_the_official_suite_finds_nothing_but_what_is_written_down(
    revision: str, lane: bool, db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = package(SUITE)
    monkeypatch.setattr(asgi, "McpServer", fixtured)
    settings = Settings(db=db, toolsets=("all",), fast_lane=lane)
    with open_app(settings) as app, serving(app) as url:
        command: list[str | Path] = [
            NODE,
            suite / "dist" / "index.js",
            "server",
            "--url",
            f"{url}/mcp",
            "--requirements",
            revision,
        ]
        command += ["-o", tmp_path / "said", "--expected-failures", HERE / f"baseline.{revision}.yml"]
        ended = run(
            command, env=environment(), capture_output=True, text=True, stdin=DEVNULL, timeout=PATIENCE, check=False
        )
    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-2000:]
    check_results(revision, said(tmp_path / "said", suite / "requirements" / f"{revision}.yaml"))


def said(folder: Path, requirements: Path) -> dict[str, Any]:
    """How many checks of each scenario passed and did not, and why it is not scored, by name."""
    unscored = {row["scenario"]: row["reason"] for row in yaml.safe_load(requirements.read_text())["not_scored"]}
    found = {}
    for file in sorted(folder.glob("*/checks.json")):
        name = re.sub(r"-\d{4}-\d\d-\d\dT[\d-]+Z$", "", file.parent.name.removeprefix("server-"))
        counts = Counter(check["status"] for check in json.loads(file.read_text()))
        row: dict[str, Any] = {"passed": counts["SUCCESS"], "failed": counts["FAILURE"] + counts["WARNING"]}
        found[name] = {**row, "unscored": unscored[name]} if name in unscored else row
    return found


def check_results(revision: str, now: dict[str, Any]) -> None:
    known: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if os.environ.get("UPDATE_SNAPSHOTS"):
        RESULTS.write_text(json.dumps({**known, revision: now}, indent=1, sort_keys=True) + "\n")
    else:
        # What the suite itself does not score yet comes out now one way, now another.
        scored = {name: each for name, each in now.items() if not each.get("unscored")}
        kept = {name: each for name, each in known[revision].items() if not each.get("unscored")}
        assert scored == kept, "write it with UPDATE_SNAPSHOTS=1 and `make docs`, and read the diff"
