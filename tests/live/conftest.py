"""A server for a file of tests."""

from collections.abc import Iterator

import pytest

from tests.live.servers import Running, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server over a new file, with all operations."""
    with serving(tmp_path_factory.mktemp("live") / "kanban.db", "--toolsets", "all", "--actor", "ann") as running:
        yield running
