"""Ways of working as prompts that carry what is on the board, in both eras of the protocol."""

from collections.abc import AsyncIterator

import pytest
from mcp import MCPError
from mcp.types import PromptReference, TextContent

from kanban_mcp.app import App
from kanban_mcp.errors import Held
from kanban_mcp.models.caller import Caller
from kanban_mcp.transport.mcp.prompts import Prompts
from tests.conftest import Call
from tests.transport.clients import WAYS, Agent, Connect, connected

NAMES = ["start_work", "plan_feature", "break_down", "stand_up", "review_board", "unblock", "retrospective", "hand_off"]
LONGEST = 900
"""Characters of what a prompt says by itself, beside the data."""


@pytest.fixture(scope="module", params=WAYS)
async def agent(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Agent]:
    """A client on a board where something happened."""
    db = tmp_path_factory.mktemp(request.param) / "kanban.db"
    async with connected(request.param, db, settings={"actor": "ada"}) as client:
        agent = Agent(client)
        await agent("create_board", name="Plan")
        await agent("create_task", title="Draw the map", priority=9)
        await agent("create_task", title="Print the map", depends_on=[1])
        await agent("create_task", title="Fold it", status="todo", tags=["paper"])
        await agent("create_task", title="Buy ink")
        await agent("complete_task", task_id=4)
        await agent("add_note", task_id=1, content="A3, since A4 is too small", category="decision")
        yield agent


async def told(agent: Agent, name: str, **arguments: str) -> str:
    """What a prompt says."""
    (message,) = (await agent.client.get_prompt(name, arguments)).messages
    assert message.role == "user"
    assert isinstance(message.content, TextContent)
    task, _, data = message.content.text.partition("What follows is on the board now.")
    assert data
    assert len(task) <= LONGEST
    return message.content.text


async def refused(agent: Agent, name: str, **arguments: str) -> MCPError:
    with pytest.raises(MCPError) as caught:
        await agent.client.get_prompt(name, arguments)
    return caught.value


async def test_the_prompts_are_listed_with_their_arguments(agent: Agent) -> None:
    prompts = {prompt.name: prompt for prompt in (await agent.client.list_prompts()).prompts}
    assert list(prompts) == NAMES
    assert [(known.name, known.required) for known in prompts["plan_feature"].arguments or []] == [
        ("feature", True),
        ("board", False),
    ]
    assert all(known.description for prompt in prompts.values() for known in prompt.arguments or [])


async def test_starting_work_claims_the_task_and_shows_its_brief(agent: Agent) -> None:
    text = await told(agent, "start_work", tag="paper")
    assert "You hold task 3 with lease" in text
    assert '"title":"Fold it"' in text
    task = await agent("get_task", task_id=3)
    assert (task["claimed_by"], task["status"]) == ("ada", "in_progress")
    await agent("release_task", task_id=3)


async def test_where_nothing_is_ready_starting_work_says_why(agent: Agent) -> None:
    await agent("create_board", name="Empty")
    assert "Nothing is ready" in await told(agent, "start_work", board="Empty")


async def test_whoever_holds_a_task_goes_on_with_it(agent: Agent) -> None:
    claim = await agent("claim_next", board="Plan", task_id=1)
    text = await told(agent, "start_work", task_id="1")
    assert f"You hold task 1 with lease {claim['task']['lease']}" in text
    assert "A3, since A4 is too small" in text
    await agent("release_task", task_id=1)
    assert "still waits for 1" in (await refused(agent, "start_work", task_id="2")).message


async def test_a_task_that_another_holds_is_not_started(app: App, call: Call) -> None:
    await call("create_board", name="Plan")
    await call("create_task", title="Draw the map", status="todo")
    await call("claim_next", actor="ann")
    with pytest.raises(Held) as caught:
        await Prompts(app).told("start_work", {"task_id": "1"}, Caller("bob"))
    assert "held by ann" in caught.value.message


async def test_planning_shows_the_board_and_what_is_near(agent: Agent) -> None:
    text = await told(agent, "plan_feature", feature="A map of the garden", board="Plan")
    assert "A map of the garden" in text
    assert "# Plan" in text
    assert '"Draw the map"' in text
    assert "create_tasks" in text


async def test_what_is_given_to_a_prompt_hides_nothing_in_it(agent: Agent) -> None:
    text = await told(agent, "plan_feature", feature="A map\u202e of\u200b the\U000e0041 garden", board="Plan")
    assert "A map\ufffd of\ufffd the\ufffd garden" in text


async def test_breaking_down_names_the_parent(agent: Agent) -> None:
    text = await told(agent, "break_down", task_id="1")
    assert "parent_id 1" in text
    assert "A3, since A4 is too small" in text


async def test_a_stand_up_tells_who_did_what(agent: Agent) -> None:
    text = await told(agent, "stand_up", board="Plan")
    assert "- ada: created #1, #2, #3, #4; completed #4; wrote on #1" in text
    assert "# Report: Plan" in text


async def test_a_retrospective_tells_what_was_decided(agent: Agent) -> None:
    text = await told(agent, "retrospective", board="Plan", days="7")
    assert "#1 decision, ada, " in text
    assert "> A3, since A4 is too small" in text


async def test_a_review_shows_the_figures(agent: Agent) -> None:
    assert "## Blocked\n\n- #2 Print the map" in await told(agent, "review_board", board="Plan")


async def test_unblocking_shows_what_waits_for_what(agent: Agent) -> None:
    assert '"Print the map"' in await told(agent, "unblock", board="Plan")
    assert '"critical_path":[1,2]' in await told(agent, "unblock", task_id="2")


async def test_handing_off_gives_the_lease_of_whoever_holds_the_task(agent: Agent) -> None:
    assert "lease 1" not in await told(agent, "hand_off", task_id="2")
    claim = await agent("claim_next", board="Plan", task_id=1)
    assert f"lease {claim['task']['lease']}" in await told(agent, "hand_off", task_id="1")
    await agent("release_task", task_id=1)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("nonsense", {}),
        ("plan_feature", {}),
        ("plan_feature", {"feature": "  "}),
        ("break_down", {"task_id": "first"}),
        ("break_down", {"task_id": "99"}),
        ("hand_off", {}),
        ("stand_up", {"board": "Nowhere"}),
        ("stand_up", {"board": "Plan", "hours": "0"}),
        ("retrospective", {"board": "Plan", "days": "many"}),
        ("review_board", {"board": "Plan", "colour": "red"}),
        ("start_work", {"tag": "unheard-of", "board": "Plan"}),
    ],
)
async def test_a_wrong_prompt_or_argument_is_an_invalid_parameter(
    agent: Agent, name: str, arguments: dict[str, str]
) -> None:
    error = await refused(agent, name, **arguments)
    assert error.code == -32602
    assert error.data["hint"]


async def test_arguments_of_prompts_are_completed(agent: Agent) -> None:
    async def values(prompt: str, name: str, value: str) -> list[str]:
        return (
            await agent.client.complete(PromptReference(name=prompt), {"name": name, "value": value})
        ).completion.values

    assert "Plan" in await values("stand_up", "board", "pl")
    assert await values("start_work", "tag", "") == ["paper"]
    assert await values("hand_off", "task_id", "fold") == ["3"]
    assert await values("plan_feature", "feature", "x") == []
    for prompt, name in (("nonsense", "board"), ("hand_off", "board")):
        with pytest.raises(MCPError) as caught:
            await values(prompt, name, "")
        assert caught.value.code == -32602


async def test_on_a_read_only_server_prompts_claim_nothing_and_say_so(connect: Connect) -> None:
    writer = await connect("--actor", "ada")
    await writer("create_board", name="Plan")
    await writer("create_task", title="Draw the map", status="todo")
    before = await writer.last_seq()
    reader = await connect("--read-only")
    for name, arguments in (
        ("start_work", {}),
        ("plan_feature", {"feature": "x"}),
        ("break_down", {"task_id": "1"}),
        ("hand_off", {"task_id": "1"}),
    ):
        assert "change nothing" in await told(reader, name, **arguments)
    assert await writer.last_seq() == before
