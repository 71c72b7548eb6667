"""What keys may do and see, over every way there is: the right of each operation, and the boards of others."""

import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from mcp import Client, MCPError
from mcp.types import PromptReference

from kanban_mcp.app import App, open_app
from kanban_mcp.models.caller import Caller, Scope
from kanban_mcp.models.key import SCOPES
from kanban_mcp.settings import Settings
from kanban_mcp.transport.server.asgi import site
from tests.conftest import SettableClock
from tests.http.conftest import PATIENCE, serving
from tests.live.servers import bearing, over_http, over_sse
from tests.test_rights import NOTHING, SECRET, Foreign, arguments, foreign

__all__ = ["foreign"]

PART = re.compile(r"\{(\w+)(?::\w+)?\}")
Ask = Callable[[str, dict[str, Any]], Any]


@pytest.fixture
def app(db: Path, clock: SettableClock) -> Iterator[App]:
    """For those who ask more often than anyone may."""
    with open_app(Settings(db=db, toolsets=("all",), rate_limit=0), clock=clock) as opened:
        yield opened


def made(app: App, scope: Scope, boards: Sequence[int] = ()) -> str:
    """The text of a new key."""
    make = lambda: app.services.keys.create("eve", scope, boards=boards)  # noqa: E731
    return app.writer.submit(make, caller=Caller("test")).result()[1]


@asynccontextmanager
async def tools(client: AbstractAsyncContextManager[Client]) -> AsyncIterator[Ask]:
    """Operations as tools."""
    async with client as connected:

        async def ask(operation: str, given: dict[str, Any]) -> Any:
            return (await connected.call_tool(operation, given)).structured_content

        yield ask


@asynccontextmanager
async def rest(app: App, url: str, key: str) -> AsyncIterator[Ask]:
    """Operations at their addresses."""
    async with httpx2.AsyncClient(
        base_url=f"{url}/api", headers=bearing(key), timeout=PATIENCE, verify=False
    ) as client:

        async def ask(operation: str, given: dict[str, Any]) -> Any:
            method, _, template = app.catalog[operation].http.partition(" ")
            more = dict(given)
            path = PART.sub(lambda part: quote(str(more.pop(part[1], 1)), safe=""), template)
            reads = method in ("GET", "DELETE")
            query = {name: json.dumps(value) if isinstance(value, bool) else value for name, value in more.items()}
            answer = await client.request(method, path, params=query if reads else {}, json=None if reads else more)
            return {"headers": [part for part in answer.headers.items() if part[0] not in UNLIKE], **answer.json()}

        yield ask


UNLIKE = {"date", "content-length"}
WAYS: dict[str, Callable[[App, str, str], AbstractAsyncContextManager[Ask]]] = {
    "REST": rest,
    "HTTP": lambda app, url, key: tools(over_http(url, key=key)),
    "HTTP, older era": lambda app, url, key: tools(over_http(url, mode="legacy", key=key)),
    "SSE": lambda app, url, key: tools(over_sse(url, key=key)),
}


@pytest.mark.parametrize("way", WAYS)
async def test_every_operation_is_refused_to_every_key_whose_scope_is_too_low_and_to_no_other(
    app: App, way: str
) -> None:
    order, wrong = list(SCOPES), []
    with serving(app) as url:
        for scope in order:
            async with WAYS[way](app, url, made(app, scope)) as ask:
                for operation in app.catalog:
                    code = (await ask(operation.name, {"nonsense": 1}))["code"]
                    low = order.index(scope) < order.index(operation.scope)
                    if code != ("forbidden" if low else "invalid"):
                        wrong.append((operation.name, scope, code))
    assert wrong == []


@pytest.mark.parametrize("way", WAYS)
async def test_what_is_on_a_board_that_is_not_the_keys_is_as_if_it_were_not_there(
    app: App, foreign: Foreign, way: str
) -> None:
    telling, different = {}, {}
    with serving(app) as url:
        async with WAYS[way](app, url, made(app, "write", [1])) as ask:
            for operation in app.catalog:
                there, nowhere = [await told(app, ask, operation.name, what) for what in (foreign, NOTHING)]
                if SECRET in there:
                    telling[operation.name] = there
                named = {*Foreign._fields, "depends_on"} & set(operation.arguments.model_fields)
                if named and not operation.waits and there != nowhere:
                    different[operation.name] = (there, nowhere)
    assert telling == {}
    assert different == {}


async def told(app: App, ask: Ask, operation: str, there: Foreign) -> str:
    """All that a key is told when it asks about what is there, without the ids and names it asked with."""
    text = json.dumps(await ask(operation, arguments(app, operation, there)))
    for asked in sorted({str(value) for value in there}, key=len, reverse=True):
        text = text.replace(asked, "?") if len(asked) > 3 else re.sub(rf"(?<=[ /]){asked}\b", "?", text)
    return text


async def test_conditions_on_what_is_not_the_keys_tell_nothing(app: App, foreign: Foreign) -> None:
    with serving(app) as url:
        headers = {**bearing(made(app, "write", [1])), "If-Match": '"v1"'}
        async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=PATIENCE, verify=False) as client:
            for path in (f"/api/tasks/{foreign.task_id}", f"/api/boards/{foreign.board}", "/api/tasks/987654"):
                assert (await client.patch(path, json={"description": "x"})).status_code == 404


async def test_no_address_tells_anything_of_a_board_that_is_not_the_keys(app: App, foreign: Foreign) -> None:
    filled = {"board": foreign.board, "task": foreign.task_id, "name": "ageing", **foreign._asdict()}
    with serving(app) as url:
        headers = bearing(made(app, "read", [1]))
        async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=PATIENCE, verify=False) as client:
            for path in site(app).paths:
                place = PART.sub(lambda part: str(filled.get(part[1], 1)), path)
                async with client.stream("GET", place) as answer:
                    stream = answer.headers.get("content-type", "").startswith("text/event-stream")
                    assert stream or SECRET.encode() not in await answer.aread(), place


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_no_part_of_mcp_tells_anything_of_a_board_that_is_not_the_keys(
    app: App, foreign: Foreign, mode: Any
) -> None:
    filled = {"board_id": foreign.board, **foreign._asdict()}
    said: list[str] = []
    with serving(app) as url:
        async with over_http(url, mode=mode, key=made(app, "write", [1])) as client:
            listed = await client.list_resources()
            templates = (await client.list_resource_templates()).resource_templates
            prompts = (await client.list_prompts()).prompts
            said += [each.model_dump_json() for each in (listed, await client.list_tools(), *prompts, *templates)]
            named = [each.uri for each in listed.resources]
            filled_in = [PART.sub(lambda part: str(filled.get(part[1], 1)), each.uri_template) for each in templates]
            for uri in (*named, *(uri for uri in filled_in if "{" not in uri)):
                said.append(await saying(client.read_resource, uri))
            for prompt in prompts:
                given = {each.name: str(filled.get(each.name, "x")) for each in prompt.arguments or []}
                said.append(await saying(client.get_prompt, prompt.name, given))
                reference = PromptReference(name=prompt.name)
                for name in given:
                    for value in ("", SECRET[:2], "z"):
                        argument = {"name": name, "value": value}
                        said.append(await saying(client.complete, reference, argument))
    assert len(said) > 40
    assert [each for each in said if SECRET in each] == []


async def saying(ask: Callable[..., Any], *given: Any) -> str:
    """All of an answer, or of an error."""
    try:
        return str((await ask(*given)).model_dump_json())
    except MCPError as error:
        return f"{error} {error.error.data}"
