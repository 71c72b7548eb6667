"""Resources, prompts, subscriptions and what happens around calls, over HTTP in both eras of the protocol."""

import anyio
import pytest
from mcp import Client
from mcp.shared.subscriptions import ResourceUpdated

from kanban_mcp.app import App
from tests.transport.clients import ERAS, PATIENCE, Agent, Era
from tests.transport.test_mcp_calls import Progress, User
from tests.transport.test_mcp_subscriptions import Ears, subscribe


@pytest.mark.parametrize("mode", ERAS)
async def test_the_whole_surface_is_served(server: str, mode: Era) -> None:
    user, progress = User("accept", confirm=True), Progress()
    async with Client(f"{server}/mcp", mode=mode, elicitation_callback=user) as client:
        agent = Agent(client)
        await agent("create_board", name="Plan")
        tasks = [{"title": f"Task {number}"} for number in range(20)]
        await client.call_tool("create_tasks", {"tasks": tasks}, progress_callback=progress)
        assert progress.told[-1] == (20, 20)
        assert "kanban://boards/1" in [found.uri for found in (await client.list_resources()).resources]
        assert len((await client.read_resource("kanban://boards/1")).contents) == 2
        assert (await client.get_prompt("review_board", {})).messages
        assert "deleted" in await agent("delete_task", task_id=1)
        assert len(user.questions) == 1


async def test_a_stream_hears_of_writes_by_other_ways(app: App, server: str) -> None:
    await app.runner.call("create_board", {"name": "Plan"}, actor="ann")
    async with (
        Client(f"{server}/mcp") as client,
        client.listen(resource_subscriptions=["kanban://boards/1"]) as stream,
    ):
        await app.runner.call("create_task", {"title": "x"}, actor="ann")
        with anyio.fail_after(PATIENCE):
            async for event in stream:
                assert event == ResourceUpdated(uri="kanban://boards/1")
                break


async def test_an_older_client_hears_of_writes_by_other_ways(app: App, server: str) -> None:
    await app.runner.call("create_board", {"name": "Plan"}, actor="ann")
    ears = Ears()
    async with Client(f"{server}/mcp", mode="legacy", message_handler=ears) as client:
        await subscribe(Agent(client), "kanban://boards/1")
        # The client opens its ear beside its first requests, so it may miss what happens before.
        with anyio.fail_after(PATIENCE):
            while not ears.heard:
                await app.runner.call("create_task", {"title": "x"}, actor="ann")
        assert set(ears.heard) == {"kanban://boards/1"}
