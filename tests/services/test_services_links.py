"""What waits for what."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kanban_mcp.app import App, open_app
from kanban_mcp.errors import KanbanError
from kanban_mcp.settings import Settings
from tests.conftest import Call, Refused


async def blocked(call: Call, task_id: int) -> int:
    """How many things a task waits for."""
    return int((await call("get_task", task_id=task_id)).get("blocked_by", 0))


@pytest.fixture
async def chain(call: Call, board: dict[str, Any]) -> None:
    """Task 2 waits for 1, task 3 for 2; 4 is a subtask of 3."""
    tasks: list[dict[str, Any]] = [
        {"title": "one"},
        {"title": "two", "depends_on": ["$0"]},
        {"title": "three", "depends_on": ["$1"]},
        {"title": "four", "parent_id": "$2"},
    ]
    await call("create_tasks", tasks=tasks)


@pytest.mark.parametrize(
    ("task_id", "depends_on", "path"),
    [(1, 2, [1, 2, 1]), (1, 3, [1, 3, 2, 1]), (4, 3, [4, 3, 4])],
)
async def test_a_circle_is_refused_and_shown(
    refused: Refused, chain: None, task_id: int, depends_on: int, path: list[int]
) -> None:
    error = await refused("link_tasks", task_id=task_id, depends_on=depends_on)
    assert error.code == "would_cycle"
    assert error.current == {"path": path}
    assert " -> ".join(map(str, path)) in error.message


@pytest.mark.parametrize("arguments", [{"task_id": 3, "parent_id": 4}, {"task_id": 3, "parent_id": 1}])
async def test_a_circle_through_parents_is_refused(refused: Refused, chain: None, arguments: dict[str, Any]) -> None:
    assert (await refused("update_task", **arguments)).code == "would_cycle"


async def test_a_new_subtask_cannot_wait_for_what_waits_for_its_parent(refused: Refused, chain: None) -> None:
    error = await refused("create_task", title="x", parent_id=1, depends_on=[2])
    assert error.code == "would_cycle"


async def test_related_tasks_may_form_circles_and_block_nothing(call: Call, chain: None) -> None:
    await call("link_tasks", task_id=1, depends_on=3, kind="relates")
    assert await blocked(call, 1) == 0
    assert [link["id"] for link in (await call("get_task", task_id=3))["related"]] == [1]


@pytest.mark.parametrize(
    ("operation", "arguments", "counts"),
    [
        ("complete_task", {"task_id": 1}, [0, 0, 2, 0]),
        ("archive_task", {"task_id": 1}, [0, 0, 2, 0]),
        ("delete_task", {"task_id": 1, "confirm": True}, [None, 0, 2, 0]),
        ("complete_task", {"task_id": 4}, [0, 1, 1, 0]),
        ("unlink_tasks", {"task_id": 3, "depends_on": 2}, [0, 1, 1, 0]),
        ("link_tasks", {"task_id": 3, "depends_on": 2, "kind": "relates"}, [0, 1, 1, 0]),
        ("link_tasks", {"task_id": 3, "depends_on": 1}, [0, 1, 3, 0]),
        ("update_task", {"task_id": 4, "parent_id": 0}, [0, 1, 1, 0]),
        ("update_task", {"task_id": 4, "parent_id": 1}, [1, 1, 1, 0]),
        ("create_task", {"title": "x", "parent_id": 1}, [1, 1, 2, 0]),
        ("create_task", {"title": "x", "parent_id": 1, "status": "done"}, [0, 1, 2, 0]),
    ],
)
async def test_counts_follow_every_change(
    call: Call, chain: None, operation: str, arguments: dict[str, Any], counts: list[int | None]
) -> None:
    await call(operation, **arguments)
    for task_id, count in enumerate(counts, 1):
        if count is not None:
            assert await blocked(call, task_id) == count


async def test_what_is_reopened_or_restored_blocks_again(call: Call, chain: None) -> None:
    await call("complete_task", task_id=1)
    await call("move_task", task_id=1, status="todo")
    assert await blocked(call, 2) == 1
    await call("archive_task", task_id=1)
    await call("archive_task", task_id=1, archived=False)
    assert await blocked(call, 2) == 1


async def test_finishing_what_still_waits_is_refused_and_the_blockers_named(refused: Refused, chain: None) -> None:
    for operation, arguments in (("complete_task", {}), ("move_task", {"status": "done"})):
        error = await refused(operation, task_id=3, **arguments)
        assert error.code == "conflict"
        assert "2 (two, backlog), 4 (four, backlog)" in error.message


async def test_a_done_parent_takes_no_open_subtask(call: Call, refused: Refused, chain: None) -> None:
    await call("complete_task", task_id=1)
    assert (await refused("create_task", title="x", parent_id=1)).code == "conflict"
    assert (await refused("update_task", task_id=4, parent_id=1)).code == "conflict"


@pytest.mark.parametrize("arguments", [{"task_id": 1, "depends_on": 1}, {"task_id": 1, "depends_on": 5}])
async def test_links_to_oneself_or_another_board_are_refused(
    call: Call, refused: Refused, chain: None, arguments: dict[str, Any]
) -> None:
    await call("create_board", name="Beta")
    await call("create_task", title="elsewhere", board="Beta")
    assert (await refused("link_tasks", **arguments)).code == "invalid"


async def test_what_is_not_linked_is_not_unlinked(refused: Refused, chain: None) -> None:
    assert (await refused("unlink_tasks", task_id=1, depends_on=4)).code == "not_found"


async def test_linking_twice_changes_nothing(call: Call, chain: None) -> None:
    seq = (await call("list_changes", limit=100))["next"]
    assert (await call("link_tasks", task_id=2, depends_on=1))["unchanged"] is True
    assert (await call("list_changes", limit=100))["next"] == seq


async def test_the_graph_shows_the_longest_way_and_what_finishing_frees(call: Call, chain: None) -> None:
    graph = await call("get_task_graph", task_id=1)
    assert graph["edges"] == [[2, 1, "blocks"], [3, 2, "blocks"], [3, 4, "subtask"]]
    assert (graph["critical_path"], graph["frees"]) == ([1, 2, 3], [2])
    near = await call("get_task_graph", task_id=1, depth=1)
    assert [task["id"] for task in near["tasks"]] == [1, 2]


async def test_a_large_graph_is_cut_and_says_so(call: Call, chain: None) -> None:
    for _ in range(4):
        await call("create_tasks", tasks=[{"title": "x", "depends_on": [1]} for _ in range(100)])
    graph = await call("get_task_graph", task_id=1)
    assert (graph["truncated"], len(graph["edges"])) == (True, 300)


IDS = st.integers(1, 8)
STEPS = st.one_of(
    st.tuples(
        st.just("create_task"), st.fixed_dictionaries({"title": st.just("x"), "depends_on": st.lists(IDS, max_size=2)})
    ),
    st.tuples(st.just("create_task"), st.fixed_dictionaries({"title": st.just("x"), "parent_id": IDS})),
    st.tuples(
        st.just("link_tasks"),
        st.fixed_dictionaries({"task_id": IDS, "depends_on": IDS, "kind": st.sampled_from(["blocks", "relates"])}),
    ),
    st.tuples(st.just("unlink_tasks"), st.fixed_dictionaries({"task_id": IDS, "depends_on": IDS})),
    st.tuples(st.just("update_task"), st.fixed_dictionaries({"task_id": IDS, "parent_id": st.integers(0, 8)})),
    st.tuples(
        st.just("move_task"),
        st.fixed_dictionaries({"task_id": IDS, "status": st.sampled_from(["backlog", "review", "done"])}),
    ),
    st.tuples(st.just("move_task"), st.fixed_dictionaries({"task_id": IDS, "before": IDS})),
    st.tuples(st.just("archive_task"), st.fixed_dictionaries({"task_id": IDS, "archived": st.booleans()})),
    st.tuples(st.just("delete_task"), st.fixed_dictionaries({"task_id": IDS, "confirm": st.just(True)})),
    st.tuples(st.just("claim_next"), st.fixed_dictionaries({})),
    st.tuples(st.just("undo"), st.fixed_dictionaries({"since": st.integers(1, 20)})),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, min_size=5, max_size=30))
async def test_counts_places_and_lists_stay_right_whatever_happens(steps: list[tuple[str, dict[str, Any]]]) -> None:
    with TemporaryDirectory() as folder, open_app(Settings(db=Path(folder, "kanban.db"), toolsets=("all",))) as app:
        board = int((await app.runner.call("create_board", {"name": "Alpha"}, actor="a"))["id"])
        for operation, arguments in steps:
            try:
                await app.runner.call(operation, arguments, actor="a")
            except KanbanError as error:
                assert error.code != "internal"
        health = await app.runner.call("get_health", {"check": True}, actor="a")
        assert "problems" not in health, health
        assert await _walked(app, board) == sorted(set(await _walked(app, board)))


async def _walked(app: App, board: int) -> list[int]:
    """The ids of all tasks of a board by pages of three."""
    found: list[int] = []
    cursor: dict[str, Any] = {}
    while True:
        page = await app.runner.call("list_tasks", {"board": board, "limit": 3, **cursor}, actor="a")
        found += [row[0] for row in page["rows"]]
        if "next" not in page:
            return sorted(found)
        cursor = {"cursor": page["next"]}
