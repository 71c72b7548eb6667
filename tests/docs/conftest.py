"""What pages are held against, opened once for a file of tests."""

from collections.abc import Iterator

import pytest

from kanban_mcp.app import App, open_app
from kanban_mcp.settings import Settings


@pytest.fixture(scope="module")
def offering(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app that offers all operations, and is only looked at."""
    with open_app(Settings(db=tmp_path_factory.mktemp("docs") / "kanban.db", toolsets=("all",))) as opened:
        yield opened
