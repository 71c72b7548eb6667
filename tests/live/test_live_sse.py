"""What the older SSE carries beside plain calls."""

from mcp import Client
from mcp.client.sse import sse_client

from tests.live.servers import Running
from tests.transport.clients import Agent
from tests.transport.test_mcp_calls import Progress, User
from tests.transport.test_mcp_subscriptions import Ears, subscribe


async def test_progress_questions_and_subscriptions_come_over_sse(server: Running) -> None:
    user, progress, ears = User("accept", confirm=True), Progress(), Ears()
    transport = sse_client(f"{server.url}/sse")
    async with Client(transport, mode="legacy", elicitation_callback=user, message_handler=ears) as client:
        agent = Agent(client)
        board = await agent("create_board", name="Over SSE")
        tasks = [{"title": f"Task {number}"} for number in range(20)]
        arguments = {"board": board["id"], "tasks": tasks}
        made = await client.call_tool("create_tasks", arguments, progress_callback=progress)
        assert progress.told[-1] == (20, 20)
        task_id = made.structured_content["rows"][0][0]
        assert "deleted" in await agent("delete_task", task_id=task_id)
        assert len(user.questions) == 1
        uri = f"kanban://boards/{board['id']}"
        await subscribe(agent, uri)
        await agent("create_task", board=board["id"], title="x")
        await ears.until(uri)
