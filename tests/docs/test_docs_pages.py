"""What the pages say is so."""

import ast
import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.certification import SUPPORTED, Part
from docs.specification import PARTS
from kanban_mcp.app import App
from kanban_mcp.cli import main
from kanban_mcp.transport.server.asgi import site
from tests.docs.flags import options

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "kanban_mcp"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
EXAMPLES = ["docs/tutorial/first_board.py", "docs/explanation/working_together.py"]

CLASSES = (
    "PerformanceMetrics",
    "DatabaseConnection:",
    "DatabaseConnectionPool",
    "QueryMonitor",
    "compressionMiddleware",
    "ResponseCache",
    "cacheMiddleware",
    "BatchProcessor",
    "RateLimiter",
    "rateLimitMiddleware",
    "WebSocketConnectionManager",
    "MessageBatcher",
    "MemoryMonitor",
    "LeakDetector",
    "CacheManager",
    "CacheInvalidator",
    "PerformanceMonitor",
    "Profiler",
    "productionConfig",
    "MonitoringSystem",
)
"""What the specification names, in its order."""


def ran(example: str, folder: Path) -> str:
    """What an example prints, with its moments left out."""
    result = subprocess.run(
        [sys.executable, str(ROOT / example), str(folder / "example.db")], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "…", result.stdout)


def test_the_transcript_of_agents_working_together_is_what_happens(tmp_path: Path) -> None:
    page = (ROOT / "docs/explanation/working-together.md").read_text()
    assert ran("docs/explanation/working_together.py", tmp_path).rstrip() in page


def test_the_tutorial_shows_its_program_and_what_it_prints(tmp_path: Path) -> None:
    page = (ROOT / "docs/tutorial/first-board.md").read_text()
    assert (ROOT / "docs/tutorial/first_board.py").read_text().rstrip() in page
    assert ran("docs/tutorial/first_board.py", tmp_path).replace("…", "...").rstrip() in page


def test_the_program_that_follows_a_board_prints_what_its_page_says(tmp_path: Path) -> None:
    page = (ROOT / "docs/howto/use-prompts-and-resources.md").read_text()
    assert (ROOT / "docs/howto/follow_a_board.py").read_text().rstrip() in page
    assert f"```\n{ran('docs/howto/follow_a_board.py', tmp_path)}```" in page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_flags_and_operations_exist(offering: App, page: Path) -> None:
    text = page.read_text()
    used = set(re.findall(r"kanban-mcp[^\n`]*?(--[a-z-]+)", text.replace("--cli", "")))
    assert used - options(main) <= {"--help", "--method", "--scope", "--tool-name", "--tool-arg"}
    called = set(re.findall(r"`([a-z]+_[a-z_]+)\(", text))
    assert called <= {operation.name for operation in offering.catalog} | {"open_app"}


def test_every_setting_has_its_reason() -> None:
    page = (ROOT / "docs/reference/settings.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| `KANBAN_")]
    assert rows
    assert all(len(row.split("|")[3].strip()) > 20 for row in rows)


def test_every_part_of_the_specification_is_where_the_table_says(app: App) -> None:
    routes, paths = {each.http for each in app.catalog.everything()}, site(app).paths
    offered = {operation.name for operation in app.catalog}
    for part in PARTS:
        assert (ROOT / part.place).is_file(), part
        assert part.test.partition("::")[2] in functions_of(ROOT / part.test.partition("::")[0]), part
        assert not part.benchmark or re.fullmatch(r"benchmarks/bench_\w+\.py", part.benchmark), part
        assert (ROOT / part.benchmark).exists(), part
        method, _, path = part.reached.rpartition(" ")
        if method:
            assert f"{method} {path.removeprefix('/api')}" in routes or path in paths, part
        else:
            assert path in offered | {""}, part


@functools.cache
def functions_of(file: Path) -> set[str]:
    """The test functions of a file."""
    nodes = [
        node for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return {node.name for node in nodes if node.name.startswith("test_")}


def test_no_class_of_the_specification_is_left_out() -> None:
    told = " ".join(part.name for part in PARTS)
    assert [name for name in CLASSES if name not in told] == []


@pytest.mark.parametrize("part", SUPPORTED, ids=lambda part: part.name)
def test_every_part_of_the_protocol_has_the_test_it_names(part: Part) -> None:
    module, _, name = part.test.partition(":")
    text = (ROOT / "tests" / "transport" / f"{module}.py").read_text()
    assert f"def {name}(" in text


def test_generated_pages_are_as_the_code_says() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "docs.generate", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def told_of(folder: str) -> set[str]:
    """What the map for contributors names where it tells of a folder; of the package itself, before any."""
    text = (ROOT / "CONTRIBUTING.md").read_text().replace("```", "").partition("\n`tests/` is")[0]
    first, *others = re.split(r"\bIn `([a-z]+)/`,", text)
    told = {"": first, **dict(zip(others[::2], others[1::2], strict=True))}
    return set(re.findall(r"[a-z_]+", "\n".join(re.findall(r"`([^`]+)`", told.get(folder, "")))))


@pytest.mark.parametrize("folder", ["", *sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))])
def test_the_map_for_contributors_names_every_file(folder: str) -> None:
    there = {path.stem for path in (PACKAGE / folder).glob("**/*.py" if folder else "*.py")} - {"__init__"}
    assert there - told_of(folder) == set()


def test_the_index_lists_every_decision() -> None:
    listed = re.findall(r"\]\(decisions/([^)]+)\) \|", (ROOT / "docs/README.md").read_text())
    assert listed == sorted(page.name for page in (ROOT / "docs/decisions").glob("*.md"))


def test_the_map_for_contributors_names_every_folder() -> None:
    told = (ROOT / "CONTRIBUTING.md").read_text()
    folders = {path.parent.name for path in PACKAGE.rglob("*/__init__.py")}
    assert {folder for folder in folders if f"`{folder}/`" not in told} == set()
