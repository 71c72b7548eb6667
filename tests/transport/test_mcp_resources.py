"""What the boards show as resources, and what may stand in their addresses, in both eras of the protocol."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from mcp import MCPError
from mcp.types import ResourceTemplateReference, TextResourceContents

from tests.transport.clients import WAYS, Agent, Connect, connected


@pytest.fixture(scope="module", params=WAYS)
async def agent(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Agent]:
    """A client on two boards, the first with a few tasks."""
    db = tmp_path_factory.mktemp(request.param) / "kanban.db"
    async with connected(request.param, db, settings={"actor": "ada"}) as client:
        agent = Agent(client)
        await agent("create_board", name="Plan", description="What we build\nand <why>")
        await agent("create_board", name="Garden")
        await agent("create_task", board="Plan", title="Draw [the map](http://x)", priority=9, tags=["art"])
        await agent("create_task", board="Plan", title="Print the map", depends_on=[1], due_at="2026-01-01")
        await agent("create_task", board="Plan", title="Fold it", status="todo", assignee="bob")
        await agent("claim_next", task_id=1)
        yield agent


async def read(agent: Agent, uri: str) -> dict[str, str]:
    """The texts under an address by media type."""
    texts: dict[str, str] = {}
    for content in (await agent.client.read_resource(uri)).contents:
        assert isinstance(content, TextResourceContents)
        assert content.uri == uri
        texts[content.mime_type or ""] = content.text
    return texts


async def parsed(agent: Agent, uri: str) -> dict[str, Any]:
    """The JSON under an address."""
    value: dict[str, Any] = json.loads((await read(agent, uri))["application/json"])
    return value


async def missing(agent: Agent, uri: str) -> MCPError:
    with pytest.raises(MCPError) as caught:
        await agent.client.read_resource(uri)
    assert caught.value.data["uri"] == uri
    return caught.value


async def values(agent: Agent, template: str, name: str, value: str, **context: str) -> list[str]:
    """What is offered for a part of a template."""
    completed = await agent.client.complete(
        ResourceTemplateReference(uri=template), {"name": name, "value": value}, context_arguments=context or None
    )
    return completed.completion.values


def not_found(agent: Agent) -> int:
    return -32602 if agent.client.mode == "auto" else -32002


TASKS = "kanban://boards/{board_id}/tasks{?status,tag,assignee,cursor}"


async def test_boards_and_what_is_always_there_are_listed(agent: Agent) -> None:
    found = {resource.uri: resource for resource in (await agent.client.list_resources()).resources}
    assert {"kanban://boards", "kanban://tags", "kanban://tasks/ready", "kanban://diagnostics/health"} < set(found)
    assert found["kanban://boards/2"].title == "Garden"


async def test_every_kind_has_a_template_that_its_addresses_match(agent: Agent) -> None:
    templates = [
        template.uri_template for template in (await agent.client.list_resource_templates()).resource_templates
    ]
    assert TASKS in templates
    assert "kanban://tasks/{task_id}/history{?since}" in templates
    assert len(templates) == len(set(templates))


async def test_the_list_is_paged(connect: Connect) -> None:
    agent = await connect()
    for number in range(60):
        await agent("create_board", name=f"Board {number}")
    first = await agent.client.list_resources()
    second = await agent.client.list_resources(cursor=first.next_cursor)
    boards = [found.uri for found in [*first.resources, *second.resources] if found.uri.startswith("kanban://boards/")]
    assert boards == [f"kanban://boards/{number}" for number in range(1, 61)]
    assert second.next_cursor is None


async def test_a_cursor_of_another_list_is_refused(agent: Agent) -> None:
    with pytest.raises(MCPError) as caught:
        await agent.client.list_resources(cursor="nonsense")
    assert caught.value.code == -32602


async def test_a_board_is_markdown_to_read_and_json_to_parse(agent: Agent) -> None:
    texts = await read(agent, "kanban://boards/1")
    assert list(texts) == ["text/markdown", "application/json"]
    assert "# Plan" in texts["text/markdown"]
    assert "## In progress (1)" in texts["text/markdown"]
    assert "held by ada for 0 min" in texts["text/markdown"]
    assert json.loads(texts["application/json"])["name"] == "Plan"
    assert texts == await read(agent, "kanban://boards/1")


async def test_what_users_wrote_makes_no_links_or_html_in_markdown(agent: Agent) -> None:
    text = (await read(agent, "kanban://boards/1"))["text/markdown"]
    assert r"Draw \[the map\](http://x)" in text
    assert "> and \\<why\\>" in text


async def test_a_board_is_found_by_name_too(agent: Agent) -> None:
    assert (await parsed(agent, "kanban://boards/plan"))["id"] == 1


async def test_tasks_of_a_board_are_filtered_and_paged_by_the_query(agent: Agent) -> None:
    everything = await parsed(agent, "kanban://boards/1/tasks")
    assert everything == await agent("list_tasks", board="Plan")
    assert [row[0] for row in (await parsed(agent, "kanban://boards/1/tasks?status=todo"))["rows"]] == [3]
    assert [row[0] for row in (await parsed(agent, "kanban://boards/1/tasks?tag=art"))["rows"]] == [1]
    assert [row[0] for row in (await parsed(agent, "kanban://boards/1/tasks?assignee=bob&status=todo"))["rows"]] == [3]


async def test_a_task_is_its_brief_and_its_history_who_did_what(agent: Agent) -> None:
    assert await parsed(agent, "kanban://tasks/2") == await agent("get_task", task_id=2)
    history = await parsed(agent, "kanban://tasks/1/history")
    assert [(row[2], row[3]) for row in history["rows"]] == [("ada", "created"), ("ada", "claimed")]
    assert (await parsed(agent, f"kanban://tasks/1/history?since={history['next']}"))["rows"] == []


@pytest.mark.parametrize(("name", "task_id"), [("ready", 3), ("blocked", 2), ("overdue", 2)])
async def test_what_is_ready_blocked_and_overdue_is_told_of_each_board(agent: Agent, name: str, task_id: int) -> None:
    (board,) = (await parsed(agent, f"kanban://tasks/{name}"))["boards"]
    assert (board["board"], [row[0] for row in board["rows"]]) == ("Plan", [task_id])
    assert [row[0] for row in (await parsed(agent, f"kanban://tasks/{name}?board=Plan"))["rows"]] == [task_id]
    assert (await parsed(agent, f"kanban://tasks/{name}?board=Garden"))["rows"] == []


async def test_what_is_blocked_and_overdue_is_listed_by_a_tool_too(agent: Agent) -> None:
    assert [row[0] for row in (await agent("list_tasks", board="Plan", blocked=True))["rows"]] == [2]
    assert [row[0] for row in (await agent("list_tasks", board="Plan", overdue=True, assignee="bob"))["rows"]] == []
    assert (await agent.refused("list_tasks", board="Plan", archived=True, blocked=True))["code"] == "invalid"


async def test_tags_are_shown_though_their_tools_are_off(agent: Agent) -> None:
    assert [row[1] for row in (await parsed(agent, "kanban://tags"))["rows"]] == ["art"]
    assert "list_tags" not in [tool.name for tool in (await agent.client.list_tools()).tools]


async def test_a_report_tells_what_needs_someone_to_look_at_it(agent: Agent) -> None:
    report = (await read(agent, "kanban://reports/1"))["text/markdown"]
    assert "3 open, 0 done" in report
    assert "## Overdue\n\n- #2 Print the map" in report
    assert "| in_progress | 1 |" in report
    assert "3 arrived, 0 finished." in report
    assert "# Flow of Plan" in report


async def test_diagnostics_are_shown_by_name(agent: Agent) -> None:
    assert (await parsed(agent, "kanban://diagnostics/health"))["status"] in ("ok", "warning")
    assert (await missing(agent, "kanban://diagnostics/wealth")).code == not_found(agent)


async def test_diagnostics_are_no_resources_where_their_toolset_is_off(connect: Connect) -> None:
    agent = await connect("--toolsets", "core")
    assert not [found for found in (await agent.client.list_resources()).resources if "diagnostics" in found.uri]
    await missing(agent, "kanban://diagnostics/health")


@pytest.mark.parametrize(
    "uri",
    [
        "kanban://boards/99",
        "kanban://boards/Nowhere/tasks",
        "kanban://tasks/99",
        "kanban://tasks/99/history",
        "kanban://tasks/first",
        "kanban://tasks/0",
        "kanban://reports/99",
        "kanban://nonsense",
        "kanban://boards/1/tasks/2",
        "file:///etc/passwd",
        "kanban://tasks/..%2f..%2fetc",
        "kanban://boards/1/tasks?status=nowhere",
    ],
)
async def test_what_is_not_there_is_answered_as_the_era_says(agent: Agent, uri: str) -> None:
    error = await missing(agent, uri)
    assert error.code == not_found(agent)
    assert error.data["hint"]


async def test_a_wrong_part_of_an_address_is_an_invalid_parameter(agent: Agent) -> None:
    assert (await missing(agent, "kanban://tasks/1/history?since=x")).code == -32602
    assert (await missing(agent, "kanban://boards/1/tasks?cursor=x")).code == -32602


async def test_parts_of_addresses_are_completed(agent: Agent) -> None:
    assert await values(agent, "kanban://boards/{board_id}", "board_id", "") == ["Plan", "Garden"]
    assert await values(agent, "kanban://boards/{board_id}", "board_id", "gA") == ["Garden"]
    assert await values(agent, TASKS, "status", "", board_id="1") == [
        "backlog",
        "todo",
        "in_progress",
        "review",
        "done",
    ]
    assert await values(agent, TASKS, "status", "in", board_id="Plan") == ["in_progress"]
    assert await values(agent, TASKS, "tag", "a") == ["art"]
    assert await values(agent, TASKS, "assignee", "", board_id="1") == ["ada", "bob"]
    assert await values(agent, "kanban://diagnostics/{name}", "name", "hea") == ["health"]


async def test_tasks_are_completed_by_their_titles(agent: Agent) -> None:
    assert sorted(await values(agent, "kanban://tasks/{task_id}", "task_id", "map")) == ["1", "2"]
    assert await values(agent, "kanban://tasks/{task_id}", "task_id", "fol") == ["3"]
    assert await values(agent, "kanban://tasks/{task_id}", "task_id", "3") == ["3"]


async def test_where_the_board_is_not_told_nothing_of_it_is_offered(agent: Agent) -> None:
    assert await values(agent, TASKS, "status", "") == []
    assert await values(agent, TASKS, "status", "", board_id="Nowhere") == []
    assert await values(agent, TASKS, "cursor", "") == []


@pytest.mark.parametrize(("template", "name"), [("kanban://nonsense", "x"), ("kanban://boards/{board_id}", "x")])
async def test_completing_what_is_not_there_is_an_invalid_parameter(agent: Agent, template: str, name: str) -> None:
    with pytest.raises(MCPError) as caught:
        await values(agent, template, name, "")
    assert caught.value.code == -32602


async def test_lists_that_stay_may_be_kept_and_what_boards_show_may_not(agent: Agent) -> None:
    client = agent.client
    for listing in (client.list_tools, client.list_prompts, client.list_resource_templates):
        assert ((await listing()).ttl_ms > 0) == (client.mode == "auto")
    assert (await client.list_resources()).ttl_ms == 0
    assert (await client.read_resource("kanban://boards")).ttl_ms == 0


async def test_lists_of_one_page_take_no_cursor(agent: Agent) -> None:
    client = agent.client
    for listing in (client.list_tools, client.list_prompts, client.list_resource_templates):
        with pytest.raises(MCPError) as caught:
            await listing(cursor="2")
        assert caught.value.code == -32602
