"""What keeps the code as it is drawn: layers, sizes, names, docstrings."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_file_is_longer_than_one_can_take_in(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_every_file_is_named_after_its_subject(path: Path) -> None:
    assert not NOT_A_SUBJECT & {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}


@pytest.mark.parametrize("path", PACKAGE, ids=name_of)
def test_everything_public_says_what_it_is_for(path: Path) -> None:
    module = ast.parse(path.read_text())
    assert ast.get_docstring(module), "the module"
    assert [place for place, node in public(module) if not ast.get_docstring(node)] == []


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
