"""A caller limited to boards learns nothing of the others, by whatever part of the protocol."""

from typing import Any

import pytest
from mcp.types import CompleteRequestParams, CompletionArgument, PromptReference, TextContent, TextResourceContents

from kanban_mcp.app import App
from kanban_mcp.errors import KanbanError
from kanban_mcp.models.caller import READER, Caller
from kanban_mcp.transport.mcp.completions import Completions
from kanban_mcp.transport.mcp.prompts import Prompts
from kanban_mcp.transport.mcp.resources import Resources
from kanban_mcp.transport.mcp.subscriptions import Subscriptions
from tests.conftest import Call

LIMITED = Caller("key", boards=frozenset({1}))


@pytest.fixture(autouse=True)
async def boards(call: Call) -> None:
    """A board of the caller's, and one that is not."""
    for name in ("Open", "Secret"):
        await call("create_board", name=name)
        await call("create_task", board=name, title=f"{name} thing", status="todo", tags=[name], due_at="2025-01-01")
        await call("create_task", board=name, title=f"{name} end", depends_on=[1 if name == "Open" else 3])


async def text(resources: Resources, uri: str) -> str:
    """All that is under an address."""
    contents = (await resources.read(uri, LIMITED)).contents
    return "".join(content.text for content in contents if isinstance(content, TextResourceContents))


@pytest.mark.parametrize(
    "uri",
    [
        "kanban://boards",
        "kanban://tasks/ready",
        "kanban://tasks/blocked",
        "kanban://tasks/overdue",
        "kanban://boards/1",
        "kanban://reports/Open",
    ],
)
async def test_resources_show_their_boards_alone(app: App, uri: str) -> None:
    shown = await text(Resources(app), uri)
    assert "Open" in shown
    assert "Secret" not in shown


@pytest.mark.parametrize(
    "uri",
    [
        "kanban://boards/2",
        "kanban://boards/Secret",
        "kanban://boards/2/tasks",
        "kanban://tasks/3",
        "kanban://tasks/3/history",
        "kanban://tasks/ready?board=2",
        "kanban://reports/2",
    ],
)
async def test_what_is_of_another_board_is_not_there_to_read_or_to_subscribe_to(app: App, uri: str) -> None:
    resources = Resources(app)
    with pytest.raises(KanbanError):
        await resources.read(uri, LIMITED)
    with pytest.raises(KanbanError):
        await Subscriptions(app, resources).shown(uri, LIMITED)


async def test_the_list_of_resources_names_their_boards_alone(app: App) -> None:
    listed = await Resources(app).listed(None, LIMITED)
    assert [found.uri for found in listed.resources if found.uri.startswith("kanban://boards/")] == [
        "kanban://boards/1"
    ]


async def test_prompts_tell_of_their_boards_alone(app: App) -> None:
    prompts = Prompts(app)
    given: dict[str, dict[str, str]] = {
        "start_work": {},
        "plan_feature": {"feature": "Secret"},
        "stand_up": {},
        "review_board": {},
        "unblock": {},
        "retrospective": {},
    }
    for name, arguments in given.items():
        (message,) = (await prompts.told(name, arguments, LIMITED)).messages
        assert isinstance(message.content, TextContent)
        _, _, data = message.content.text.partition("What follows is on the board now.")
        assert "Open" in data, name
        assert "Secret" not in data, name
    with pytest.raises(KanbanError):
        await prompts.told("break_down", {"task_id": "3"}, LIMITED)


@pytest.mark.parametrize(("name", "value"), [("board", ""), ("tag", "s"), ("task_id", "Secret")])
async def test_completions_offer_what_is_on_their_boards_alone(app: App, name: str, value: str) -> None:
    resources, prompts = Resources(app), Prompts(app)
    params = CompleteRequestParams(
        ref=PromptReference(name="start_work"), argument=CompletionArgument(name=name, value=value)
    )
    offered: list[Any] = (await Completions(app, resources, prompts).complete(params, LIMITED)).values
    assert not {"Secret", "3", "4"} & set(offered)


async def test_boards_are_offered_however_many_there_are(app: App, call: Call) -> None:
    for number in range(110):
        await call("create_board", name=f"Crowd {number}")
    params = CompleteRequestParams(
        ref=PromptReference(name="stand_up"), argument=CompletionArgument(name="board", value="crowd 109")
    )
    offered = await Completions(app, Resources(app), Prompts(app)).complete(params, Caller("ann"))
    assert offered.values == ["Crowd 109"]


async def test_a_caller_who_may_only_read_claims_nothing_by_a_prompt(app: App, call: Call) -> None:
    told = await Prompts(app).told("start_work", {"board": "Open"}, LIMITED._replace(scopes=READER))
    assert isinstance(told.messages[0].content, TextContent)
    assert "change nothing" in told.messages[0].content.text
    assert "claimed_by" not in await call("get_task", task_id=1)
