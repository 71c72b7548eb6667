"""The OpenAPI document: valid, complete, and true of what the server does."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from kanban_mcp.app import App, open_app
from kanban_mcp.models.caller import Caller
from kanban_mcp.models.task import TaskSpec
from kanban_mcp.settings import Settings
from tests.conftest import Call, SettableClock
from tests.http.conftest import serving

ELSEWHERE = {"detail", "idempotency_key"}
"""Arguments that are the same for all operations, in the query and in a header."""
ROOT = Path(__file__).parents[2]
CONFIG = Path(__file__).parent / "schemathesis.toml"
PATIENT = ("--request-timeout", "60")
"""A request that hangs is a failure."""
LONGEST = 900
"""Seconds after which the long form ends, however far it came; sequences of requests it could make for hours."""


@pytest.fixture
async def document(client: httpx2.AsyncClient) -> dict[str, Any]:
    """The document as it is served."""
    response = await client.get("/openapi.json")
    assert response.headers["content-type"] == "application/json"
    served: dict[str, Any] = response.json()
    return served


async def test_the_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    validate(document)


async def test_every_operation_is_in_the_document(document: dict[str, Any], app: App) -> None:
    documented = {
        operation["operationId"]: f"{method.upper()} {path.removeprefix('/api')}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert documented == {operation.name: operation.http for operation in app.catalog.everything()}


async def test_every_argument_of_an_operation_is_documented_where_it_goes(document: dict[str, Any], app: App) -> None:
    for operation in app.catalog.everything():
        method, _, path = operation.http.partition(" ")
        said = document["paths"][f"/api{path}"][method.lower()]
        named = {part["name"] for part in said["parameters"] if part.get("in") in ("path", "query")}
        body = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        assert named | set(body.get("properties", {})) == set(operation.arguments.model_fields) - ELSEWHERE


async def test_examples_of_bodies_are_taken(
    document: dict[str, Any], client: httpx2.AsyncClient, call: Call, board: dict[str, Any]
) -> None:
    await call("create_tasks", tasks=[{"title": "one"}, {"title": "two"}])
    await call("add_note", task_id=1, content="x")
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            media = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            if "example" not in media:
                continue
            example = {name: "Alpha" if name == "board" else value for name, value in media["example"].items()}
            filled = path.replace("{task_id}", "1").replace("{note_id}", "1").replace("{board}", "1")
            response = await client.request(method, filled, json=example)
            assert response.status_code < 300 or response.status_code in (404, 409), (path, response.text)


async def test_every_header_of_an_answer_is_in_the_reference(
    client: httpx2.AsyncClient, app: App, board: dict[str, Any]
) -> None:
    page = (ROOT / "docs/reference/rest.md").read_text()
    of_http = {"date", "content-length", "content-type", "connection"}
    await client.post("/api/tasks", json={"title": "one", "description": "x" * 2000})
    answers = [
        await client.post("/api/tasks", json={"title": "two"}),
        await client.get("/api/tasks?limit=1", headers={"Accept-Encoding": "gzip"}),
        await client.put("/api/tasks/1", json={}),
    ]
    app.writer.submit(lambda: app.services.keys.create("ci", "read"), caller=Caller("test")).result()
    answers.append(await client.get("/api/tasks/1"))
    assert [answer.status_code for answer in answers] == [201, 200, 405, 401]
    sent = {name for answer in answers for name in answer.headers} - of_http
    assert {"etag", "link", "vary", "location", "allow", "www-authenticate", "x-ratelimit-reset"} <= sent
    assert [name for name in sent if f"| `{name}` |" not in page.lower()] == []


async def test_only_what_writes_is_said_to_take_a_version_to_match(document: dict[str, Any], app: App) -> None:
    effects = {operation.name: operation.effect for operation in app.catalog.everything()}
    for methods in document["paths"].values():
        for said in methods.values():
            taken = any(part.get("$ref", "").endswith("/IfMatch") for part in said["parameters"])
            writes = effects[said["operationId"]] != "read"
            assert writes or not (taken or "412" in said["responses"]), said["operationId"]


async def test_the_document_tells_of_links_where_there_are_pages(document: dict[str, Any]) -> None:
    linked = {
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
        if "Link" in operation["responses"].get("200", {}).get("headers", {})
    }
    assert linked == {"list_boards", "list_tasks", "list_changes", "list_notes", "list_tags"}


async def test_a_lone_value_is_taken_for_a_list_and_the_document_says_so(
    client: httpx2.AsyncClient, call: Call, document: dict[str, Any], board: dict[str, Any]
) -> None:
    await call("create_task", title="x")
    body = document["paths"]["/api/tasks/{task_id}/tags"]["post"]["requestBody"]["content"]["application/json"]
    for sent, accepted in (({"tags": "a"}, True), ({"tags": ["b"]}, True), ({"tags": 5}, False)):
        assert Draft202012Validator(body["schema"]).is_valid(sent) is accepted
        assert (await client.post("/api/tasks/1/tags", json=sent)).is_success is accepted


async def test_the_page_for_people_loads_nothing_from_elsewhere(client: httpx2.AsyncClient, app: App) -> None:
    page = await client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text
    assert "http://" not in page.text
    assert "https://" not in page.text
    for operation in app.catalog.everything():
        assert f'id="{operation.name}"' in page.text
    assert (await client.get("/docs/style.css")).headers["content-type"].startswith("text/css")


@pytest.fixture
def tried(db: Path, clock: SettableClock) -> Iterator[str]:
    """A server that may be asked as often as one likes, with a board to be tried out on."""
    with open_app(Settings(db=db, toolsets=("all",), rate_limit=0), clock=clock) as app:
        boards, tasks = app.services.boards, app.services.tasks
        specs = [TaskSpec(title="one"), TaskSpec(title="two")]
        app.writer.submit(lambda: (boards.create_board("Plan"), tasks.create_tasks(specs)), caller=Caller("t")).result()
        with serving(app) as url:
            yield url


async def try_out(server: str, folder: Path, *options: str) -> None:
    """What schemathesis finds between the document and the server must be nothing."""
    command = ["-c", "from schemathesis.cli import schemathesis; schemathesis()", "--config-file", str(CONFIG), "run"]
    ended = await anyio.run_process(
        [sys.executable, *command, f"{server}/openapi.json", "--seed", "1", "--no-color", *PATIENT, *options],
        env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.http.schemathesis_hooks", "PYTHONPATH": str(ROOT)},
        cwd=folder,
        check=False,
    )
    (folder / "report.txt").write_bytes(ended.stdout)
    assert ended.returncode == 0, (ended.stdout[-6000:] + ended.stderr[-2000:]).decode()


async def test_requests_made_from_the_document_are_answered_as_it_says(tried: str, tmp_path: Path) -> None:
    await try_out(tried, tmp_path, "--phases", "examples,fuzzing,stateful", "-n", "2")


@pytest.mark.long
async def test_a_thousand_requests_for_each_operation_are_answered_as_the_document_says(
    tried: str, tmp_path: Path
) -> None:
    await try_out(tried, tmp_path, "-n", "1000", "--workers", "2", "--max-time", str(LONGEST))
