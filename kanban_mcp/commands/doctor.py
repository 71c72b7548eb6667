"""`kanban-mcp doctor`: what is wrong with a file, and with --fix the mending of it."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from kanban_mcp.commands.database import database_option, settings_of
from kanban_mcp.commands.flags import UNUSABLE
from kanban_mcp.errors import KanbanError
from kanban_mcp.models.finding import Finding

FOUND = 1
"""Exit code when something is wrong, or still is after mending. Warnings alone leave it at 0."""


@click.command()
@click.option("--fix", is_flag=True, help="Mend what can be, after a backup beside the file.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@database_option
@click.pass_context
def doctor(context: click.Context, fix: bool, as_json: bool, db: Path | None) -> None:
    """Look through a database file for damage, also one that no server opens; --fix mends it.

    Exit code 0: sound, or warnings only. 1: something is wrong. 2: the file cannot be examined.
    """
    path = settings_of(context, db=db).db
    try:
        report = _examined(path, fix)
    except (KanbanError, OSError) as error:
        said = f"{error.message} {error.hint}" if isinstance(error, KanbanError) else error.strerror
        click.echo(f"kanban-mcp: {path}: {said}", err=True)
        sys.exit(UNUSABLE)
    click.echo(json.dumps(report, ensure_ascii=False) if as_json else _told(report))
    wrong = report["remaining"] if fix else report["findings"]
    sys.exit(FOUND if any(not finding.get("warning") for finding in wrong) else 0)


def _examined(path: Path, fix: bool) -> dict[str, Any]:
    """The findings; with `fix` also the backup and what remains."""
    # What it takes to examine and mend is loaded by this command alone.
    from kanban_mcp.store.examination import Examination  # noqa: PLC0415

    examination = Examination(path)
    found = examination.findings()
    report: dict[str, Any] = {"file": str(path), "findings": _listed(found)}
    if not fix:
        return report
    if any(finding.mend for finding in found):
        backup = path.with_name(f"{path.name}.{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.backup")
        examination.mend(found, backup)
        report["backup"] = str(backup)
    return {**report, "remaining": _listed(examination.findings() if "backup" in report else found)}


def _listed(found: list[Finding]) -> list[dict[str, Any]]:
    return [finding.lean() for finding in found]


def _told(report: dict[str, Any]) -> str:
    lines = [_line(finding) for finding in report["findings"]] or ["Nothing is wrong."]
    if "remaining" not in report:
        if any("mend" in finding for finding in report["findings"]):
            lines.append("Run it with --fix to mend this; a backup is made first.")
        return "\n".join(lines)
    if "backup" in report:
        lines.append(f"Mended. The file as it was: {report['backup']}")
    remaining = report["remaining"]
    if remaining:
        lines += ["Still so, and for a backup to restore:", *(_line(finding) for finding in remaining)]
    return "\n".join(lines)


def _line(finding: dict[str, Any]) -> str:
    level = "warning" if finding.get("warning") else "wrong"
    mend = f" --fix {finding['mend']}." if "mend" in finding else ""
    return f"{level:7}  {finding['check']}: {finding['message']}{mend}"
