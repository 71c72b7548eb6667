"""Agents on the test's own file."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.transport.clients import Agent, Connect, Era, client_of


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """For the session, so that a server may serve a whole file of tests."""
    return "asyncio"


@pytest.fixture
async def connect(db: Path) -> AsyncIterator[Connect]:
    """Agents on one file, each with the flags it wants."""
    async with AsyncExitStack() as stack:

        async def start(
            *flags: str, mode: Era = "auto", name: str = "pytest", env: dict[str, str] | None = None
        ) -> Agent:
            return Agent(await stack.enter_async_context(client_of(db, *flags, mode=mode, name=name, env=env or {})))

        yield start
