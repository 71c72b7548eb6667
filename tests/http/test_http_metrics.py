"""What is measured, as scrapers and dashboards get it, and whether the server is well."""

from typing import Any

import httpx2
import pytest
from anyio import Path as AsyncPath
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette

from kanban_mcp.app import App
from kanban_mcp.models.caller import Caller, Scope
from kanban_mcp.transport.pages.readiness import Readiness
from tests.conftest import Call


async def scraped(client: httpx2.AsyncClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample by its name and labels."""
    response = await client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


async def test_counts_are_those_of_what_was_sent(client: httpx2.AsyncClient, board: dict[str, Any]) -> None:
    for title in ("one", "two", "three"):
        await client.post("/api/tasks", json={"title": title})
    for task_id in (1, 1, 2, 9, 10):
        await client.get(f"/api/tasks/{task_id}")
    tag = (await client.get("/api/tasks/3")).headers["etag"]
    await client.get("/api/tasks/3", headers={"If-None-Match": tag})
    await client.put("/api/tasks/3", json={})
    await client.get("/api/nowhere/secret")
    samples = await scraped(client)

    def value(name: str, **labels: str) -> float:
        return samples[name, tuple(sorted(labels.items()))]

    get = {"operation": "get_task", "transport": "rest"}
    assert value("kanban_calls_total", **get, status="2xx") == 5
    assert value("kanban_calls_total", **get, status="4xx") == 2
    assert value("kanban_calls_total", operation="create_task", transport="rest", status="2xx") == 3
    assert value("kanban_call_seconds_count", **get) == 7
    at = {"route": "/tasks/{task_id}", "method": "GET"}
    assert [value("kanban_rest_requests_total", **at, status=status) for status in ("200", "304", "404")] == [4, 1, 2]
    assert value("kanban_rest_requests_total", route="/tasks/{task_id}", method="PUT", status="405") == 1
    assert value("kanban_rest_requests_total", route="unknown", method="GET", status="404") == 1
    half, most = (
        value("kanban_call_seconds", **get, quantile="0.5"),
        value("kanban_call_seconds", **get, quantile="0.99"),
    )
    assert 0 < half <= most <= value("kanban_call_seconds_sum", **get) * 1.02


async def test_labels_hold_nothing_that_callers_choose(client: httpx2.AsyncClient, board: dict[str, Any]) -> None:
    for number in range(20):
        await client.get(f"/api/secret-{number}/x")
        await client.request(f"M{number}", "/api/tasks")
        await client.get(f"/api/boards/secret-{number}")
    text = (await client.get("/metrics")).text
    assert "secret" not in text
    assert "M1" not in text


@pytest.mark.parametrize(("scope", "status"), [("read", 403), ("write", 403), ("admin", 200)])
async def test_only_a_key_with_admin_sees_metrics(
    app: App, client: httpx2.AsyncClient, scope: Scope, status: int
) -> None:
    make = lambda: app.services.keys.create("ci", scope)  # noqa: E731
    _, key = app.writer.submit(make, caller=Caller("test")).result()
    for accepted in ("text/plain", "application/json"):
        answered = await client.get("/metrics", headers={"Authorization": f"Bearer {key}", "Accept": accepted})
        assert answered.status_code == status
        assert ("uptime" in answered.text) is (status == 200)


async def test_the_same_is_there_as_json(client: httpx2.AsyncClient, call: Call, board: dict[str, Any]) -> None:
    await client.get("/api/boards/1")
    figures = (await client.get("/metrics", headers={"Accept": "application/json"})).json()
    assert figures.keys() >= {"timestamp", "uptime", "memory", "performance"}
    assert figures["performance"].keys() >= {"api_response_time", "database_query_time", "active_connections"}
    assert figures["memory"]["rss"] > 1_000_000
    rest = [row for row in figures["operations"] if row["transport"] == "rest"]
    assert [(row["operation"], row["count"]) for row in rest] == [("get_board", 1)]


async def test_scraping_does_not_shorten_the_window_in_which_leaks_show(client: httpx2.AsyncClient, app: App) -> None:
    kept = app.watch.memory.get_memory().snapshots
    for _ in range(3):
        await client.get("/metrics")
        await client.get("/metrics", headers={"Accept": "application/json"})
    assert app.watch.memory.get_memory().snapshots == kept


async def test_a_server_is_live_and_ready(client: httpx2.AsyncClient) -> None:
    for address in ("/health", "/health/live", "/health/ready"):
        assert (await client.get(address)).json() == {"status": "ok"}


async def test_a_server_whose_file_was_taken_away_is_not_ready(client: httpx2.AsyncClient, app: App) -> None:
    assert (await client.get("/health/ready")).status_code == 200
    await AsyncPath(app.database.path).rename(app.database.path.with_name("elsewhere.db"))
    assert (await client.get("/health/ready")).status_code == 503
    assert (await client.get("/health/live")).status_code == 200


async def test_a_server_is_not_ready_while_its_store_does_not_answer(app: App) -> None:
    transport = httpx2.ASGITransport(app=Starlette(routes=Readiness(app).routes))
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        assert (await client.get("/health/ready")).status_code == 200
        for reader in app.database._readers:
            reader.close()
        ready = await client.get("/health/ready")
        assert (ready.status_code, ready.json()) == (503, {"status": "failing"})
        assert (await client.get("/health/live")).status_code == 200
