"""REST: the board as programs use it."""

from pathlib import Path
from typing import Any

import httpx2
import pytest

from kanban_mcp.app import App, open_app
from kanban_mcp.settings import Settings
from tests.conftest import Call, SettableClock
from tests.http.conftest import serving


def told(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document of a request that was refused."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] and problem["title"] and problem["detail"]
    assert problem["instance"] == response.request.url.raw_path.decode().partition("?")[0]
    return problem


@pytest.fixture
async def three(call: Call, board: dict[str, Any]) -> dict[str, Any]:
    """A board with three tasks."""
    await call("create_tasks", tasks=[{"title": "one", "tags": ["a", "b"]}, {"title": "two"}, {"title": "three"}])
    return board


async def test_what_is_made_is_answered_with_201_and_where_it_is(client: httpx2.AsyncClient) -> None:
    board = await client.post("/api/boards", json={"name": "Plan"})
    assert (board.status_code, board.headers["location"]) == (201, "/api/boards/1")
    task = await client.post("/api/tasks", json={"title": "Write it", "priority": 8})
    assert (task.status_code, task.headers["location"]) == (201, "/api/tasks/1")
    assert (await client.get(task.headers["location"])).json() == task.json()
    note = await client.post("/api/tasks/1/notes", json={"content": "done soon"})
    assert (note.status_code, note.headers["location"]) == (201, "/api/notes/1")
    tag = await client.post("/api/tags", json={"tag": "a/b"})
    assert (tag.status_code, tag.headers["location"]) == (201, "/api/tags/a%2Fb")
    assert (await client.patch(tag.headers["location"], json={"color": "#ff0000"})).json()["name"] == "a/b"


async def test_many_tasks_are_made_by_one_request(client: httpx2.AsyncClient, board: dict[str, Any]) -> None:
    made = await client.post("/api/tasks/batch", json={"tasks": [{"title": "one"}, {"title": "two", "tags": ["x"]}]})
    assert made.status_code == 201
    assert [(item["title"], item["tags"]) for item in made.json()["items"]] == [("one", []), ("two", ["x"])]


async def test_lists_have_whole_rows_and_a_link_to_the_next_page(
    client: httpx2.AsyncClient, three: dict[str, Any]
) -> None:
    first = await client.get("/api/tasks", params={"board": "Alpha", "limit": 2})
    page = first.json()
    assert (len(page["items"]), page["total"]) == (2, 3)
    assert page["items"][0].keys() >= {"id", "board_id", "title", "description", "version", "created_at", "tags"}
    assert first.links["next"]["url"] == f"/api/tasks?board=Alpha&limit=2&cursor={page['next']}"
    last = await client.get(first.links["next"]["url"])
    assert [item["title"] for item in last.json()["items"]] == ["three"]
    assert "next" not in last.links


async def test_an_item_of_a_list_is_what_its_own_address_shows(
    client: httpx2.AsyncClient, call: Call, three: dict[str, Any]
) -> None:
    await call("update_task", task_id=1, description="long", acceptance=["[x] tested"], due_at="2026-12-31")
    (item, *_) = (await client.get("/api/tasks")).json()["items"]
    own = (await client.get("/api/tasks/1")).json()
    assert {name: item[name] for name in own} == own


async def test_the_summary_is_what_agents_get(client: httpx2.AsyncClient, call: Call, three: dict[str, Any]) -> None:
    summary = await client.get("/api/tasks", params={"detail": "summary"})
    assert summary.json() == await call("list_tasks")
    told(await client.get("/api/tasks", params={"detail": "some"}), 422, "invalid")


async def test_queries_are_read_as_the_types_they_mean(
    client: httpx2.AsyncClient, call: Call, three: dict[str, Any]
) -> None:
    assert (await client.get("/api/boards?archived=true&limit=5")).status_code == 200
    repeated = await client.request("DELETE", "/api/tasks/1/tags?tags=a&tags=b")
    assert repeated.json()["tags"] == []
    await call("tag_task", task_id=1, tags=["c", "d"])
    assert (await client.request("DELETE", "/api/tasks/1/tags?tags=c,d")).json()["tags"] == []
    assert "given twice" in told(await client.get("/api/tasks?limit=1&limit=2"), 422, "invalid")["detail"]


async def test_what_is_not_known_is_refused_by_name(client: httpx2.AsyncClient, three: dict[str, Any]) -> None:
    assert (
        "'titel', did you mean 'title'"
        in told(await client.patch("/api/tasks/1", json={"titel": "x"}), 422, "invalid")["detail"]
    )
    told(await client.patch("/api/tasks/1", json={"titel": None}), 422, "invalid")
    assert "'colour'" in told(await client.get("/api/tasks?colour=red"), 422, "invalid")["detail"]


async def test_path_and_body_must_not_disagree(client: httpx2.AsyncClient, three: dict[str, Any]) -> None:
    disagreeing = await client.patch("/api/tasks/1", json={"task_id": 2, "title": "x"})
    assert told(disagreeing, 422, "invalid")["detail"] == "task_id is given twice: 1 and 2."
    assert (await client.patch("/api/tasks/1", json={"task_id": 1, "title": "x"})).status_code == 200


async def test_every_operation_is_there_whatever_is_offered_to_agents(
    client: httpx2.AsyncClient, app: App, three: dict[str, Any]
) -> None:
    for operation in app.catalog.everything():
        method, _, path = operation.http.partition(" ")
        for name in ("task_id", "note_id", "board", "tag", "depends_on"):
            path = path.replace(f"{{{name}}}", "1")
        response = await client.request("OPTIONS", f"/api{path}")
        assert (response.status_code, response.content) == (204, b"")
        assert method in response.headers["allow"].split(", ")


async def test_an_unchanged_task_is_answered_with_304_without_a_statement(
    client: httpx2.AsyncClient, app: App, call: Call, three: dict[str, Any]
) -> None:
    tag = (await client.get("/api/tasks/1")).headers["etag"]
    seen: list[str] = []
    app.database.on_query = lambda name, *_: seen.append(name)
    compressed = tag[:-1] + '.gzip"'
    for condition in (tag, f'"other", {tag}', f"W/{tag}", "*", compressed):
        again = await client.get("/api/tasks/1", headers={"If-None-Match": condition})
        named = compressed if condition == compressed else tag
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", named)
    assert seen == []
    await call("add_note", task_id=1, content="news")
    changed = await client.get("/api/tasks/1", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


async def test_lists_and_boards_have_tags_too_and_other_boards_do_not_change_them(
    client: httpx2.AsyncClient, call: Call, three: dict[str, Any]
) -> None:
    for address in ("/api/tasks?board=1", "/api/boards/1", "/api/tasks?board=1&detail=summary"):
        tag = (await client.get(address)).headers["etag"]
        await call("create_task", board=(await call("create_board", name=address))["id"], title="elsewhere")
        assert (await client.get(address, headers={"If-None-Match": tag})).status_code == 304
        await call("create_task", board=1, title="here")
        assert (await client.get(address, headers={"If-None-Match": tag})).status_code == 200


async def test_a_renewed_lease_changes_the_tag_of_lists_that_show_it(
    client: httpx2.AsyncClient, call: Call, clock: SettableClock, three: dict[str, Any]
) -> None:
    lease = (await call("claim_next", task_id=1))["task"]["lease"]
    tag = (await client.get("/api/tasks")).headers["etag"]
    clock.advance(minutes=5)
    await call("update_task", task_id=1, title="one", lease=lease)
    assert (await client.get("/api/tasks", headers={"If-None-Match": tag})).status_code == 200


async def test_if_match_lets_through_who_has_seen_the_current_version(
    client: httpx2.AsyncClient, three: dict[str, Any]
) -> None:
    tag = (await client.get("/api/tasks/1")).headers["etag"]
    assert tag.startswith('"1-')
    changed = await client.patch("/api/tasks/1", json={"title": "mine"}, headers={"If-Match": tag})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    late = await client.patch("/api/tasks/1", json={"priority": 1}, headers={"If-Match": tag})
    assert told(late, 412, "stale_version")["current"] == {"version": 2}
    for condition in ("", f"W/{tag}", '"nonsense"', '"1"'):
        told(await client.delete("/api/tasks/1?confirm=true", headers={"If-Match": condition}), 412, "stale_version")
    told(await client.post("/api/tasks/1/archive", headers={"If-Match": "2"}), 412, "stale_version")
    for condition, status in (('"2"', 200), ("*", 200), ('"1", "2"', 412)):
        moved = await client.post("/api/tasks/1/move", json={"status": "review"}, headers={"If-Match": condition})
        assert moved.status_code == status
    board = (await client.get("/api/boards/1")).headers["etag"]
    assert (await client.patch("/api/boards/1", json={"name": "B"}, headers={"If-Match": board})).status_code == 200
    told(await client.patch("/api/boards/1", json={"name": "C"}, headers={"If-Match": board}), 412, "stale_version")


async def test_a_stale_version_among_the_arguments_is_a_conflict(
    client: httpx2.AsyncClient, call: Call, three: dict[str, Any]
) -> None:
    await call("update_task", task_id=1, title="theirs")
    stale = await client.patch("/api/tasks/1", json={"title": "mine", "version": 1})
    assert told(stale, 409, "stale_version")["current"]["title"] == "theirs"


async def test_a_repeat_with_the_same_key_is_done_once(client: httpx2.AsyncClient, board: dict[str, Any]) -> None:
    key = {"Idempotency-Key": "abc"}
    first = await client.post("/api/tasks", json={"title": "once"}, headers=key)
    again = await client.post("/api/tasks", json={"title": "once"}, headers=key)
    assert (again.status_code, again.json(), again.headers["location"]) == (201, first.json(), "/api/tasks/1")
    told(await client.post("/api/tasks", json={"title": "other"}, headers=key), 409, "conflict")
    two = {"title": "once", "idempotency_key": "def"}
    told(await client.post("/api/tasks", json=two, headers=key), 422, "invalid")


async def test_head_is_get_without_the_body(client: httpx2.AsyncClient, three: dict[str, Any]) -> None:
    got, head = await client.get("/api/tasks/1"), await client.head("/api/tasks/1")
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "etag", "content-type"):
        assert head.headers[name] == got.headers[name]


async def test_other_methods_are_told_which_there_are(client: httpx2.AsyncClient, board: dict[str, Any]) -> None:
    response = await client.put("/api/tasks/1", json={})
    told(response, 405, "invalid")
    assert response.headers["allow"] == "GET, HEAD, PATCH, DELETE, OPTIONS"
    told(await client.request("TRACE", "/api/tasks"), 405, "invalid")


async def test_single_pages_tell_which_methods_there_are_too(client: httpx2.AsyncClient) -> None:
    for path, takes in (
        ("/", "GET, HEAD, OPTIONS"),
        ("/docs", "GET, HEAD, OPTIONS"),
        ("/openapi.json", "GET, HEAD, OPTIONS"),
        ("/health", "GET, HEAD, OPTIONS"),
        ("/metrics", "GET, HEAD, OPTIONS"),
        ("/sse", "GET, HEAD, OPTIONS"),
        ("/boards/1/charts.json", "GET, HEAD, OPTIONS"),
        ("/session", "DELETE, GET, HEAD, POST, OPTIONS"),
    ):
        response = await client.put(path, json={})
        told(response, 405, "invalid")
        assert (path, response.headers["allow"]) == (path, takes)
        asked = await client.options(path)
        assert (path, asked.status_code, asked.headers["allow"]) == (path, 204, takes)


BAD_BODIES = [
    b"[" * 100_000,
    b'{"title": "\\ud800"}',
    b'{"title": "half \\ud83d"}',
    b'{"title": NaN}',
    b'{"title": "x", "priority": NaN}',
    b'{"title": "x", "priority": 1e999}',
    b'{"title": 1' + b"0" * 5000 + b"}",
    b"[1]",
    b"null",
    b"{",
    b"\xff\xfe",
    b'{"title": {"a": 1}}',
    b'{"title": "\\u0000"}',
    b'{"title": "x", "priority": true, "tags": {"a": 1}}',
    b'{"title": "x", "depends_on": [99999999999999999999]}',
    b"{}",
]
BAD_ADDRESSES = [
    ("/api/tasks?cursor=nonsense", 422),
    ("/api/tasks?cursor=%00", 422),
    ("/api/boards?cursor=99999999999999999999", 422),
    ("/api/tasks?limit=0", 422),
    ("/api/tasks?limit=1e9", 422),
    ("/api/tasks?%ff=1", 422),
    ("/api/tasks?" + "&".join(["a=1"] * 200), 422),
    ("/api/changes?since=-1", 422),
    ("/api/tasks/abc", 422),
    ("/api/tasks/0", 422),
    ("/api/tasks/%FF", 422),
    ("/api/tasks/99999999999999999999", 422),
    ("/api/tasks/12", 404),
    ("/api/boards/none", 404),
    ("/api/boards/..%2F..%2Fetc", 404),
    ("/api/", 404),
    ("/api/tasks//", 404),
    ("/api/nothing", 404),
]


async def test_a_bad_body_is_a_problem_and_changes_nothing(
    client: httpx2.AsyncClient, call: Call, board: dict[str, Any]
) -> None:
    for body in BAD_BODIES:
        response = await client.post("/api/tasks", content=body, headers={"Content-Type": "application/json"})
        told(response, 422, "invalid")
    assert (await call("list_tasks"))["rows"] == []


async def test_of_a_key_given_twice_the_last_counts_and_a_byte_order_mark_is_passed_over(
    client: httpx2.AsyncClient, board: dict[str, Any]
) -> None:
    body = b'\xef\xbb\xbf{"title": "first", "title": "last"}'
    made = await client.post("/api/tasks", content=body, headers={"Content-Type": "application/json"})
    assert (made.status_code, made.json()["title"]) == (201, "last")


async def test_a_bad_address_is_a_problem(client: httpx2.AsyncClient, board: dict[str, Any]) -> None:
    for address, status in BAD_ADDRESSES:
        told(await client.get(address), status, "not_found" if status == 404 else "invalid")


async def test_calls_are_counted_by_transport_and_requests_by_template(
    app: App, client: httpx2.AsyncClient, three: dict[str, Any]
) -> None:
    for task_id in (1, 2, 3, 4):
        await client.get(f"/api/tasks/{task_id}")
    rows = (await client.get("/api/performance")).json()["operations"]["items"]
    (row,) = (row for row in rows if (row["operation"], row["transport"]) == ("get_task", "rest"))
    assert (row["count"], row["errors"]) == (4, 1)


async def test_no_get_writes_a_file(tmp_path: Path) -> None:
    file = tmp_path / "plan.jsonl"
    settings = Settings(db=tmp_path / "kanban.db", files=tmp_path)
    with open_app(settings) as app, serving(app) as url:
        async with httpx2.AsyncClient(base_url=url) as client:
            await client.post("/api/boards", json={"name": "Plan"})
            for method in ("GET", "HEAD"):
                refused = await client.request(method, "/api/boards/1/export", params={"file": file.name})
                assert (refused.status_code, refused.headers["allow"]) == (405, "POST, OPTIONS")
            assert not file.exists()
            exported = await client.post("/api/boards/1/export", json={"file": file.name})
    assert (exported.status_code, exported.json()["file"]) == (200, file.name)
    assert file.exists()
