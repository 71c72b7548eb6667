"""`kanban-mcp report`, as it is typed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kanban_mcp.app import open_app
from kanban_mcp.cli import main
from kanban_mcp.models.caller import Caller
from kanban_mcp.settings import Settings

Typed = Callable[..., Result]


@pytest.fixture
def typed(db: Path) -> Typed:
    """`kanban-mcp report` over a file with one board of one task."""

    def fill() -> None:
        app.services.boards.create_board("Alpha")
        app.services.tasks.create_task("work", board="Alpha", tags=["api"])

    with open_app(Settings(db=db)) as app:
        app.writer.submit(fill, caller=Caller("ann")).result()

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["--db", str(db), "report", *arguments])

    return run


def test_a_report_is_printed_as_markdown(typed: Typed) -> None:
    result = typed("Alpha")
    assert result.exit_code == 0
    assert result.stdout.startswith("# Flow of Alpha\n")


@pytest.mark.parametrize(("form", "begins"), [("md", "# Flow"), ("html", "<!doctype html>"), ("svg", "<svg")])
def test_the_form_of_a_report_is_asked_for_or_told_by_the_name_of_the_file(
    typed: Typed, tmp_path: Path, form: str, begins: str
) -> None:
    file = tmp_path / f"report.{form}"
    assert typed("Alpha", "--output", str(file)).exit_code == 0
    assert file.read_text(encoding="utf-8").startswith(begins)
    assert typed("1", "--format", form).stdout.startswith(begins)


def test_a_report_is_narrowed_to_a_period_and_a_tag(typed: Typed) -> None:
    result = typed("Alpha", "--since", "2026-01-01", "--tag", "api")
    assert "arrived **1**" in result.stdout
    assert "arrived **0**" in typed("Alpha", "--until", "2026-01-02", "--since", "2026-01-01").stdout


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (("Beta",), "There is no board 'Beta'.", 1),
        (("Alpha", "--tag", "none"), "There is no tag 'none'.", 1),
        (("Alpha", "--since", "soon"), "must be a date or time", 2),
        (("Alpha", "--format", "pdf"), "'pdf' is not one of", 2),
        (("Alpha", "--output", "/nowhere/report.md"), "/nowhere/report.md: No such file or directory", 2),
        (("Alpha", "--db", "/nowhere/kanban.db"), "There is no database file", 2),
    ],
)
def test_what_cannot_be_reported_is_said_with_the_exit_code_of_its_kind(
    typed: Typed, arguments: tuple[str, ...], said: str, code: int
) -> None:
    result = typed(*arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("end", ["", "-wal", ".lock"])
def test_a_report_is_never_written_over_the_database(typed: Typed, db: Path, end: str) -> None:
    before = db.stat()
    ended = typed("Alpha", "--output", f"{db}{end}")
    assert (ended.exit_code, "is the database itself" in ended.output) == (2, True)
    after = db.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
