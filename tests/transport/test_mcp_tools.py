"""The operations as MCP tools, through the SDK's client, in both eras of the protocol."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import MCPError

from tests.transport.clients import WAYS, Agent, Connect, connected

CORE = [
    "list_boards",
    "create_board",
    "get_board",
    "create_task",
    "create_tasks",
    "get_task",
    "list_tasks",
    "search",
    "update_task",
    "move_task",
    "claim_next",
    "complete_task",
    "release_task",
    "add_note",
    "link_tasks",
    "list_changes",
]
LONGEST_INSTRUCTIONS = 1500


@pytest.fixture(scope="module", params=WAYS)
async def agent(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Agent]:
    """A client of a server that offers everything and is bound to a board that is there."""
    db = tmp_path_factory.mktemp(request.param) / "kanban.db"
    settings = {"toolsets": "all", "board": "Plan"}
    async with connected(request.param, db, name="Claude Code", settings=settings) as client:
        agent = Agent(client)
        await agent("create_board", name="Plan")
        yield agent


async def tools_of(agent: Agent) -> list[str]:
    return [tool.name for tool in (await agent.client.list_tools()).tools]


async def test_each_era_is_spoken(agent: Agent) -> None:
    modern = agent.client.mode == "auto"
    assert agent.client.protocol_version == ("2026-07-28" if modern else "2025-11-25")


async def test_the_tools_are_the_operations_with_the_core_first(agent: Agent) -> None:
    tools = await tools_of(agent)
    assert tools[: len(CORE)] == CORE
    assert {"undo", "run_batch", "list_notes", "create_tag", "set_columns"} < set(tools)


async def test_every_tool_says_all_four_hints(agent: Agent) -> None:
    for tool in (await agent.client.list_tools()).tools:
        hints = tool.annotations
        assert hints is not None, tool.name
        said = (hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint, hints.open_world_hint)
        assert None not in said, tool.name
        assert hints.destructive_hint == tool.name.startswith("delete_")
        assert hints.open_world_hint is False


async def test_reading_tools_say_that_they_only_read(agent: Agent) -> None:
    tools = (await agent.client.list_tools()).tools
    reading = {tool.name for tool in tools if tool.annotations and tool.annotations.read_only_hint}
    assert {"get_task", "list_tasks", "list_changes", "search", "get_board"} <= reading
    assert not reading & {"claim_next", "create_task", "undo", "delete_task"}


async def test_no_tool_publishes_an_output_schema(agent: Agent) -> None:
    assert [tool.name for tool in (await agent.client.list_tools()).tools if tool.output_schema] == []


async def test_every_tool_takes_an_object_and_says_what_it_does(agent: Agent) -> None:
    for tool in (await agent.client.list_tools()).tools:
        assert tool.input_schema["type"] == "object", tool.name
        assert tool.description, tool.name


async def test_the_instructions_are_short_and_name_file_and_board(agent: Agent) -> None:
    text = agent.client.instructions or ""
    assert len(text) < LONGEST_INSTRUCTIONS
    assert "kanban.db" in text
    assert "Plan" in text


async def test_who_comes_back_is_told_where_to_see_what_it_holds(connect: Connect) -> None:
    before = await connect("--actor", "ada")
    await before("create_board", name="Plan")
    await before("create_task", title="Dig a well")
    lease = (await before("claim_next"))["task"]["lease"]
    back = await connect("--actor", "ada")
    assert "`holders` of get_board has what is held under your name, ada" in (back.client.instructions or "")
    holders = (await back("get_board"))["holders"]
    held = dict(zip(holders["columns"], holders["rows"][0], strict=True))
    assert (held["task_id"], held["claimed_by"], held["lease"]) == (1, "ada", lease)
    assert (await back("complete_task", task_id=1, lease=held["lease"]))["status"] == "done"


async def test_a_task_goes_its_way_from_creation_to_done(agent: Agent) -> None:
    made = await agent("create_task", title="Dig a well", priority=10, acceptance=["water", "a lid"])
    claim = await agent("claim_next")
    task = claim["task"]
    assert (task["id"], task["claimed_by"], task["status"]) == (made["id"], "Claude Code", "in_progress")
    await agent("add_note", task_id=task["id"], content="It is deep.", lease=task["lease"])
    done = await agent("complete_task", task_id=task["id"], lease=task["lease"])
    assert done["status"] == "done"
    assert (await agent("get_task", task_id=task["id"]))["notes"][0]["content"] == "It is deep."


async def test_text_that_is_not_ascii_comes_back_as_it_was_sent(agent: Agent) -> None:
    made = await agent("create_task", title='Grüße an 東京 🚢 "ja" \\ nein', description="two  spaces\nand\ttab")
    task = await agent("get_task", task_id=made["id"])
    assert (task["title"], task["description"]) == ('Grüße an 東京 🚢 "ja" \\ nein', "two  spaces\nand\ttab")


async def test_lists_name_their_columns_once_and_say_how_to_go_on(agent: Agent) -> None:
    await agent("create_board", name="Long")
    await agent("create_tasks", board="Long", tasks=[{"title": f"Step {number}"} for number in range(25)])
    first = await agent("list_tasks", board="Long")
    rest = await agent("list_tasks", board="Long", cursor=first["next"])
    assert (len(first["rows"]), len(rest["rows"]), first["total"]) == (20, 5, 25)
    assert first["columns"][:2] == ["id", "title"]
    assert "next" not in rest


async def test_an_error_is_a_result_with_code_message_and_hint(agent: Agent) -> None:
    error = await agent.refused("get_task", task_id=99_999)
    assert error == {
        "code": "not_found",
        "message": "There is no task 99999.",
        "hint": "list_tasks and search show the tasks there are.",
    }


async def test_a_hint_says_how_to_get_the_tools_it_names_where_they_are_off(connect: Connect) -> None:
    some, all_ = await connect("--toolsets", "core"), await connect("--toolsets", "all")
    await some("create_board", name="Plan")
    await some("create_task", title="one")
    await some("create_task", title="two", depends_on=[1])
    tags = await some.refused("list_tasks", tag="blue")
    assert tags["hint"] == (
        "list_tags shows the tags. list_tags is in the toolset 'tags', which is off. "
        "Start the server with --toolsets including tags."
    )
    waits = await some.refused("complete_task", task_id=2)
    assert waits["hint"].startswith("Complete those first, or take the link away with unlink_tasks. unlink_tasks is in")
    assert (await all_.refused("list_tasks", tag="blue"))["hint"] == "list_tags shows the tags."
    reader = await connect("--read-only")
    assert (await reader.refused("get_board", board="Nowhere"))["hint"] == (
        "list_boards shows the boards, create_board makes one. "
        "This server is read-only, so create_board is off. Start it without --read-only."
    )


async def test_a_resource_that_is_not_there_says_how_to_get_what_shows_those_that_are(connect: Connect) -> None:
    agent = await connect("--toolsets", "core")
    await agent("create_board", name="Plan")
    with pytest.raises(MCPError, match="which is off") as caught:
        await agent.client.read_resource("kanban://boards/1/tasks?tag=blue")
    assert caught.value.error.data["hint"].startswith("list_tags shows the tags. list_tags is in the toolset 'tags'")


async def test_why_nothing_is_claimed_names_no_tool_that_may_be_off(connect: Connect) -> None:
    agent = await connect("--toolsets", "core")
    columns = [
        {"status": "todo", "category": "todo"},
        {"status": "doing", "category": "active", "wip_limit": 1},
        {"status": "done", "category": "done"},
    ]
    await agent("create_board", name="Narrow", columns=columns)
    await agent("create_tasks", tasks=[{"title": "one", "status": "doing"}, {"title": "two"}])
    assert (await agent("claim_next"))["why"] == (
        "Task 2 is ready, but: Column 'doing' is full: 1 of 1. Finish or move a task out of it first."
    )


async def test_an_unknown_tool_is_answered_with_the_nearest(agent: Agent) -> None:
    error = await agent.refused("claim_nxt")
    assert (error["code"], error["hint"]) == ("not_found", "Did you mean claim_next?")


async def test_the_log_names_the_client_when_no_actor_is_set(agent: Agent) -> None:
    since = await agent.last_seq()
    await agent("create_task", title="Whose is it?")
    assert [change["actor"] for change in await agent.changes(since)] == ["Claude Code"]


async def test_the_log_names_the_actor_that_was_set(connect: Connect) -> None:
    agent = await connect("--actor", "ada", name="Some Client")
    await agent("create_board", name="Plan")
    assert [change["actor"] for change in await agent.changes()] == ["ada"]


@pytest.mark.parametrize(
    ("name", "actor"),
    [("two\nlines\x07", "two lines"), ("Zoë 🚢" * 100, ("Zoë 🚢" * 100)[:100]), (" \t ", "agent")],
)
async def test_a_strange_name_of_a_client_becomes_an_actor_on_one_line(connect: Connect, name: str, actor: str) -> None:
    agent = await connect(name=name)
    assert (await agent("create_board", name="Plan"))["name"] == "Plan"
    assert [change["actor"] for change in await agent.changes()] == [actor]


@pytest.mark.parametrize(
    ("flags", "there", "missing"),
    [
        (["--toolsets", "core"], "claim_next", "list_notes"),
        (["--toolsets", "notes,tags"], "list_notes", "claim_next"),
        ([], "claim_next", "undo"),
    ],
)
async def test_toolsets_decide_which_tools_are_offered(
    connect: Connect, flags: list[str], there: str, missing: str
) -> None:
    agent = await connect(*flags)
    tools = await tools_of(agent)
    assert there in tools
    assert missing not in tools
    result = await agent.client.call_tool(missing, {})
    assert result.is_error
    assert result.structured_content["code"] == "not_found"
    assert "--toolsets" in result.structured_content["hint"]


async def test_a_read_only_server_offers_no_write_whatever_else_is_set(connect: Connect) -> None:
    writer = await connect("--actor", "ada")
    await writer("create_board", name="Plan")
    reader = await connect("--toolsets", "all", "--read-only", env={"KANBAN_READ_ONLY": "false"})
    tools = (await reader.client.list_tools()).tools
    assert tools
    assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)
    assert [row[1] for row in (await reader("list_boards"))["rows"]] == ["Plan"]


async def test_a_write_on_a_read_only_server_is_refused_as_such(connect: Connect) -> None:
    agent = await connect("--toolsets", "all", "--read-only")
    for operation in ("create_task", "claim_next", "delete_board", "undo", "run_batch"):
        error = await agent.refused(operation, title="x")
        assert error["code"] == "read_only"
        assert "--read-only" in error["hint"]


async def test_calls_that_name_no_board_mean_the_bound_one(connect: Connect) -> None:
    agent = await connect("--board", "Second")
    for name in ("First", "Second"):
        await agent("create_board", name=name)
    assert (await agent("create_task", title="x"))["board_id"] == 2
    assert (await agent("get_board"))["name"] == "Second"
    assert (await agent("get_board", board="First"))["name"] == "First"


async def test_without_a_bound_board_the_only_one_is_meant(connect: Connect) -> None:
    agent = await connect()
    await agent("create_board", name="Alone")
    assert (await agent("create_task", title="x"))["board_id"] == 1
    await agent("create_board", name="Another")
    error = await agent.refused("create_task", title="x")
    assert error["code"] == "invalid"
    assert "Alone" in error["hint"]


async def test_two_servers_on_a_file_show_each_others_writes_at_once(connect: Connect) -> None:
    ada, bob = await connect("--actor", "ada"), await connect("--actor", "bob")
    await ada("create_board", name="Plan")
    for number in range(1, 6):
        await ada("create_task", title=f"Task {number}")
        assert (await bob("get_board"))["columns"][0]["tasks"] == number
        await bob("update_task", task_id=number, title=f"Seen {number}")
        assert (await ada("get_task", task_id=number))["title"] == f"Seen {number}"


async def test_many_calls_at_once_are_all_answered(agent: Agent) -> None:
    answers: list[dict[str, Any]] = []

    async def create(number: int) -> None:
        answers.append(await agent("create_task", title=f"At once {number}"))

    async with anyio.create_task_group() as tasks:
        for number in range(30):
            tasks.start_soon(create, number)
    assert len({answer["id"] for answer in answers}) == 30


async def test_a_new_file_is_nobody_elses_to_read(connect: Connect, db: Path) -> None:
    await (await connect())("create_board", name="Plan")
    assert [path.name for path in db.parent.iterdir() if path.stat().st_mode & 0o077] == []
