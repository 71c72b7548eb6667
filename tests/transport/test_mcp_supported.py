"""What is said to be supported, and what is said not to be, on every transport and in each era that it speaks."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from mcp import MCPError
from mcp.types import METHOD_NOT_FOUND

from tests.transport.clients import WAYS, Agent, connected


@pytest.fixture(scope="module", params=WAYS)
async def agent(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Agent]:
    """A client that could answer whatever a server may ask, and is to be asked nothing."""

    async def unasked(*question: Any) -> Any:
        pytest.fail(f"asked for {question}")

    db = tmp_path_factory.mktemp(request.param) / "kanban.db"
    able: dict[str, Any] = {"sampling_callback": unasked, "list_roots_callback": unasked, "logging_callback": unasked}
    async with connected(request.param, db, settings={"toolsets": "all"}, **able) as client:
        agent = Agent(client)
        await agent("create_board", name="Plan")
        yield agent


async def test_what_is_there_is_declared_and_nothing_else(agent: Agent) -> None:
    declared = agent.client.server_capabilities.model_dump(by_alias=True, exclude_none=True)
    extensions = declared.pop("extensions", {})
    assert extensions.keys() == ({"io.modelcontextprotocol/ui"} if agent.client.mode == "auto" else set())
    assert declared.keys() == {"tools", "resources", "prompts", "completions"}
    assert declared["resources"] == {"subscribe": True, "listChanged": True}


async def test_neither_a_model_nor_folders_are_asked_for(agent: Agent) -> None:
    await agent("create_task", title="Draw the map", status="todo")
    assert (await agent.client.get_prompt("start_work", {})).messages
    assert (await agent.client.read_resource("kanban://boards/1")).contents
    assert (await agent("delete_task", task_id=1, confirm=True))["deleted"] == 1


async def test_only_the_older_era_has_a_ping(agent: Agent) -> None:
    if agent.client.mode == "legacy":
        await agent.client.session.send_ping()
    else:
        with pytest.raises(MCPError) as caught:
            await agent.client.session.send_ping()
        assert caught.value.code == METHOD_NOT_FOUND


async def test_logs_are_not_sent_to_clients(agent: Agent) -> None:
    with pytest.warns(UserWarning, match="logging"), pytest.raises(MCPError) as caught:
        await agent.client.session.set_logging_level("info")
    assert caught.value.code == METHOD_NOT_FOUND
