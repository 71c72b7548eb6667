"""What keeps the code as it is drawn: layers, sizes, names, docstrings."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from kanban_mcp.app import App

ROOT = Path(__file__).parent.parent
SOURCES = sorted(
    path for folder in ("kanban_mcp", "tests", "benchmarks", "docs") for path in (ROOT / folder).rglob("*.py")
)
PACKAGE = [path for path in SOURCES if path.is_relative_to(ROOT / "kanban_mcp")]
LONGEST_FILE = 500
LONGEST_DESCRIPTION = 400
NOT_A_SUBJECT = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_imports_follow_the_layers() -> None:
    linted = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr
    assert "0 broken" in linted.stdout


def test_no_file_is_longer_than_one_can_take_in() -> None:
    assert [name_of(path) for path in SOURCES if len(path.read_text().splitlines()) > LONGEST_FILE] == []


def test_every_file_is_named_after_its_subject() -> None:
    parts = {path: {part.removesuffix(".py") for part in path.relative_to(ROOT).parts} for path in SOURCES}
    assert [name_of(path) for path in SOURCES if NOT_A_SUBJECT & parts[path]] == []


def test_everything_public_says_what_it_is_for() -> None:
    modules = {name_of(path): ast.parse(path.read_text()) for path in PACKAGE}
    assert [name for name, module in modules.items() if not ast.get_docstring(module)] == []
    found = [(name, place, node) for name, module in modules.items() for place, node in public(module)]
    assert [(name, place) for name, place, node in found if not ast.get_docstring(node)] == []


def public(node: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[str, Definition]]:
    """Functions, classes and their methods without an underscore, with their dotted name."""
    for child in node.body:
        if isinstance(child, Definition) and not child.name.startswith("_"):
            yield f"{prefix}{child.name}", child
            if isinstance(child, ast.ClassDef):
                yield from public(child, f"{prefix}{child.name}.")


def test_what_operations_say_to_agents_is_short(app: App) -> None:
    long = {operation.name: len(operation.description) for operation in app.catalog}
    assert {name: size for name, size in long.items() if size >= LONGEST_DESCRIPTION} == {}


def test_no_test_sleeps_to_wait() -> None:
    sleeping = [
        f"{name_of(path)}:{node.lineno}"
        for path in SOURCES
        if path.is_relative_to(ROOT / "tests")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "sleep"
    ]
    assert sleeping == []
