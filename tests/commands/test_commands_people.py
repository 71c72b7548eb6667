"""The operations as people type them, through a terminal and through pipes."""

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kanban_mcp.app import App
from kanban_mcp.cli import main
from kanban_mcp.commands.people import described
from kanban_mcp.commands.words import ALONE, NOT_TYPED, NOUNS
from tests.commands.terminals import Terminal

Typed = Callable[..., Result]


@pytest.fixture
def typed(db: Path) -> Typed:
    """`kanban-mcp` with its output piped."""
    return lambda *words, **more: CliRunner().invoke(main, ["--db", str(db), *words], **more)


@pytest.fixture
def plan(typed: Typed) -> None:
    """A board with two tasks, one of which waits for the other."""
    for words in (
        "board add Plan",
        "task add first --priority 8 --tags core --tags parser",
        "task add second --depends-on 1",
    ):
        assert typed(*words.split()).exit_code == 0


@pytest.fixture
def terminal(db: Path) -> Iterator[Callable[..., Terminal]]:
    """Terminals on the file."""
    opened = []

    def run(*words: str, **more: Any) -> Terminal:
        opened.append(Terminal(db, *words, **more))
        return opened[-1]

    yield run
    for one in opened:
        one.close()


def test_every_operation_on_boards_has_a_word_or_a_reason(app: App) -> None:
    typed = {word.operation for _, verbs in NOUNS.values() for word in verbs.values()}
    typed |= {word.operation for word in ALONE.values()}
    assert typed | set(NOT_TYPED) == set(described())
    assert not typed & set(NOT_TYPED)
    for name, operation in described().items():
        assert operation.schema == app.catalog[name].schema


def test_a_day_of_work_is_typed(typed: Typed, plan: None) -> None:
    def answer(*words: str) -> dict[str, object]:
        result = typed(*words)
        assert result.exit_code == 0, result.output
        return dict(json.loads(result.stdout))

    assert answer("--actor", "ann", "task", "claim")["task"]
    assert answer("task", "show", "1", "--actor", "bob")["claimed_by"] == "ann"
    assert answer("note", "add", "1", "half way", "--category", "progress", "--actor", "ann")["id"] == 1
    assert answer("task", "move", "1", "review", "--actor", "ann")["status"] == "review"
    assert answer("task", "done", "1", "--actor", "ann")["unblocked"] == [2]
    assert answer("search", "half", "way")["rows"]
    assert answer("task", "tag", "2", "core", "later")
    assert answer("board", "show", "Plan")["name"] == "Plan"
    assert answer("board", "show", "1")["name"] == "Plan"
    assert answer("task", "archive", "1", "--archived")["archived"] is True
    columns = '[{"status":"open","category":"todo"},{"status":"done","category":"done"}]'
    assert answer("board", "add", "Small", "--columns", columns)["id"] == 2
    assert len(answer("changes", "--since", "0", "--board", "Plan")["rows"]) > 5  # type: ignore[arg-type]
    assert answer("task", "delete", "2", "--yes")["deleted"] == 2


@pytest.mark.parametrize(
    ("words", "code", "sentences"),
    [
        ("task move 77 review", 1, ["There is no task 77.", "`task list` and search show"]),
        ("task delete 1", 1, ["Repeat with --yes, or use `task archive`."]),
        ("task add x --priority 99", 1, ["priority: Input should be less than or equal to 10"]),
        ("board add x --columns [oops", 2, ["is not JSON"]),
        ("task fly 1", 2, ["No such command 'fly'"]),
        ("note add 1", 2, ["Missing argument 'CONTENT'"]),
    ],
)
def test_what_is_refused_is_said_on_stderr_with_what_to_do(
    typed: Typed, plan: None, words: str, code: int, sentences: list[str]
) -> None:
    result = typed(*words.split())
    assert (result.exit_code, result.stdout) == (code, "")
    for sentence in sentences:
        assert sentence in result.stderr


def test_looking_makes_no_file(typed: Typed, db: Path) -> None:
    result = typed("task", "list")
    assert result.exit_code == 2
    assert "There is no database file" in result.stderr
    assert typed("task", "add", "--help").exit_code == 0
    assert list(db.parent.iterdir()) == []


def test_a_terminal_gets_tables_that_fit_with_bold_heads(
    typed: Typed, plan: None, terminal: Callable[..., Terminal]
) -> None:
    typed("task", "add", "a title that goes on " * 9)
    shown = terminal("task", "list")
    assert shown.ended() == 0
    assert "\x1b[1m" in shown.text
    plain = terminal("task", "list", "--no-color")
    assert plain.ended() == 0
    lines = plain.text.splitlines()
    assert lines[0].split() == ["id", "title", "status", "priority", "blocked", "by", "tags"]
    assert "core, parser" in lines[1]
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in plain.text
    for silent in (terminal("task", "list", NO_COLOR="1"), terminal("task", "list", TERM="dumb")):
        assert silent.ended() == 0
        assert "\x1b" not in silent.text
    asked = terminal("task", "list", "--json")
    assert asked.ended() == 0
    assert json.loads(asked.text)["rows"]


def test_who_sits_at_a_terminal_is_asked_before_anything_is_deleted(
    plan: None, terminal: Callable[..., Terminal]
) -> None:
    for answer, code, end in (("n", 1, "Repeat with --yes"), ("y", 0, "deleted")):
        asked = terminal("task", "delete", "1")
        asked.until(lambda text: "Delete for good?" in text)
        asked.type(f"{answer}\n")
        assert asked.ended() == code
        assert end in asked.text


def test_changes_are_followed_as_other_processes_make_them(typed: Typed, plan: None, db: Path) -> None:
    command = [sys.executable, "-m", "kanban_mcp", "--db", str(db), "changes", "--since", "0", "--follow"]
    following = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    with following, contextlib.ExitStack() as stopping:
        assert following.stdout is not None
        stopping.callback(following.kill)
        first = json.loads(following.stdout.readline())
        assert len(first["rows"]) >= 5
        typed("note", "add", "1", "news", "--actor", "bob")
        assert json.loads(following.stdout.readline())["rows"][0][2:6] == ["bob", "created", "note", 1]
        following.send_signal(signal.SIGINT)
        assert following.wait(30) == 0


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("boa", ["board"]),
        ("task re", ["ready", "release"]),
        ("board show ", ["Plan"]),
        ("task show ", ["1", "2"]),
        ("task move 1 in", ["in_progress"]),
        ("task list --tag p", ["parser"]),
        ("note list 1 --category pro", ["progress"]),
    ],
)
def test_a_shell_completes_commands_and_what_is_in_the_file(
    typed: Typed, plan: None, db: Path, words: str, offered: list[str]
) -> None:
    line = f"kanban-mcp --db {db} {words}"
    asked = {"_KANBAN_MCP_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    result = CliRunner().invoke(main, [], env=asked, prog_name="kanban-mcp", complete_var="_KANBAN_MCP_COMPLETE")
    assert [line.partition(",")[2] for line in result.stdout.splitlines()] == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_script(typed: Typed, shell: str) -> None:
    script = typed("completion", shell).stdout
    assert f"_KANBAN_MCP_COMPLETE={shell}_complete" in script


def test_commands_load_neither_the_protocol_nor_a_server(plan: None, db: Path) -> None:
    program = (
        "import sys, click; from kanban_mcp.cli import main\n"
        f"main(['--db', {str(db)!r}, 'task', 'list'], standalone_mode=False)\n"
        "print([name for name in ('mcp', 'starlette', 'uvicorn', 'sqlite_utils', 'yaml') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


def test_starting_a_server_loads_no_command_for_people() -> None:
    program = "import sys; import kanban_mcp.cli; print(sorted(n for n in sys.modules if 'commands.' in n))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "['kanban_mcp.commands.flags', 'kanban_mcp.commands.group']"


def test_the_first_example_of_the_page_works_as_it_stands(typed: Typed) -> None:
    page = (Path(__file__).parents[2] / "docs/howto/use-the-command-line.md").read_text()
    for line in page.split("```")[1].strip().splitlines():
        result = typed(*shlex.split(line)[1:])
        assert result.exit_code == 0, (line, result.output)
    assert json.loads(typed("task", "ready").stdout)["rows"][0][0] == 2


# What stands around them


def test_who_types_the_bare_name_is_told_what_waits_and_how_it_ends(db: Path) -> None:
    terminal = Terminal(db)
    try:
        terminal.until(lambda text: "waits for a client" in text and "kanban-mcp demo" in text)
        terminal.type("\x03")
        assert terminal.ended() in (0, 1)  # 1 from click, when the server was only starting
        assert "Traceback" not in terminal.text
    finally:
        terminal.close()


def test_a_server_whose_client_speaks_through_a_pipe_says_nothing_on_its_own(db: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "kanban_mcp", "--db", str(db)], input="", capture_output=True, text=True, check=True
    )
    assert (ended.stdout, ended.stderr) == ("", "")


@pytest.mark.parametrize("words", ["", "serve", "task list"])
def test_ctrl_c_before_a_command_has_begun_ends_it_without_a_word(db: Path, tmp_path: Path, words: str) -> None:
    (tmp_path / "click.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)")
    ended = subprocess.run(
        [sys.executable, "-m", "kanban_mcp", "--db", str(db), *words.split()],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


@pytest.mark.usefixtures("plan")
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="not run: this system has no /dev/full")
@pytest.mark.parametrize("words", ["task list", "--help"])
def test_output_for_which_there_is_no_space_ends_a_command_in_one_line(db: Path, words: str) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "kanban_mcp", "--db", str(db), *words.split()],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (ended.returncode, ended.stderr) == (1, "kanban-mcp: There is no space where the output goes.\n")


@pytest.mark.usefixtures("plan")
def test_a_command_whose_reader_has_left_ends_without_a_word(db: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "kanban_mcp", "--db", str(db), "task", "list"],
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writing)
    assert ended.stderr == ""
