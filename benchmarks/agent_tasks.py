"""Thirty things agents do with a board, as scripts of calls: what each costs an agent that does it well.

An agent pays for the calls it writes (name and arguments) and for the text it reads. Two servers on one file serve ada
and bob; every task has a board of its own, prepared beforehand at no charge.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

from benchmarks.raw_client import RawClient, ours

WORDS = "the map shows every path of the garden and what grows beside it in each month of the year"


@dataclass(frozen=True)
class Cost:
    """What a task took: calls, bytes written by agents, bytes read by them."""

    calls: int
    sent: int
    read: int


class Agent:
    """A client that counts what its calls cost."""

    def __init__(self, db: Path, name: str) -> None:
        self._client = RawClient(ours(db, "--actor", name, "--toolsets", "all"))
        self.cost = Cost(0, 0, 0)

    def __call__(self, operation: str, /, **arguments: Any) -> dict[str, Any]:
        """The result of a call that succeeds."""
        result = self._counted(operation, arguments)
        assert not result.get("isError"), (operation, result)
        structured: dict[str, Any] = result["structuredContent"]
        return structured

    def refused(self, code: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        """The error of a call that is refused with a code."""
        result = self._counted(operation, arguments)
        structured: dict[str, Any] = result["structuredContent"]
        assert result.get("isError"), (operation, result)
        assert structured["code"] == code, structured
        assert structured["hint"]
        return structured

    def _counted(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = self._client.request("tools/call", name=operation, arguments=arguments)["result"]
        sent = json.dumps({"name": operation, "arguments": arguments}, ensure_ascii=False, separators=(",", ":"))
        read = len(result["content"][0]["text"].encode())
        self.cost = Cost(self.cost.calls + 1, self.cost.sent + len(sent.encode()), self.cost.read + read)
        return result

    def close(self) -> None:
        """Leave."""
        self._client.close()


@dataclass
class World:
    """Two agents and a board. Calls of the agents are counted, those that prepare are not."""

    ada: Agent
    bob: Agent
    board: str

    def prepared(self, operation: str, /, **arguments: Any) -> dict[str, Any]:
        """The result of a call that costs nothing."""
        before = self.ada.cost
        result = self.ada(operation, **arguments)
        self.ada.cost = before
        return result

    def tasks(self, *titles: str, **fields: Any) -> list[int]:
        """Ids of new tasks."""
        specs = [{"title": title, **fields} for title in titles]
        made = self.prepared("create_tasks", board=self.board, tasks=specs)
        return [row[0] for row in made["rows"]]

    def task(self, title: str = "Draw the map", **fields: Any) -> int:
        """The id of a new task."""
        return self.tasks(title, **fields)[0]


Script: TypeAlias = Callable[[World], None]


def costs() -> dict[str, Cost]:
    """What each task costs, by its name."""
    with TemporaryDirectory() as folder:
        db = Path(folder) / "kanban.db"
        ada, bob = Agent(db, "ada"), Agent(db, "bob")
        try:
            return {script.__name__: _cost(World(ada, bob, f"Plan {number}"), script) for number, script in TASKS}
        finally:
            ada.close()
            bob.close()


def _cost(world: World, script: Script) -> Cost:
    world.prepared("create_board", name=world.board)
    world.ada.cost = world.bob.cost = Cost(0, 0, 0)
    script(world)
    ada, bob = world.ada.cost, world.bob.cost
    return Cost(ada.calls + bob.calls, ada.sent + bob.sent, ada.read + bob.read)


# Finding


def see_what_is_on_a_board(world: World) -> None:
    world.tasks(*(f"Task {number} of the plan" for number in range(12)), description=WORDS)
    world.ada("get_board", board=world.board)


def find_a_task_by_words(world: World) -> None:
    world.tasks("Draw the map", "Dig the pond", "Plant the hedge", description=WORDS)
    found = world.ada("search", query="pond", board=world.board)
    world.ada("get_task", task_id=found["rows"][0][2])


def find_my_tasks(world: World) -> None:
    world.tasks(*(f"Task {number}" for number in range(6)), assignee="ada")
    world.tasks(*(f"Other {number}" for number in range(6)), assignee="bob")
    assert len(world.ada("list_tasks", board=world.board, assignee="ada")["rows"]) == 6


def find_what_is_stuck(world: World) -> None:
    first = world.task(due_at="2026-01-01")
    world.tasks("Print the map", "Fold the map", depends_on=[first])
    assert len(world.ada("list_tasks", board=world.board, blocked=True)["rows"]) == 2
    assert len(world.ada("list_tasks", board=world.board, overdue=True)["rows"]) == 1


def find_a_past_decision(world: World) -> None:
    task = world.task()
    world.prepared("add_note", task_id=task, category="decision", content=f"Paper is A3, not A4, since {WORDS}.")
    found = world.ada("search", query="paper A3 decision", board=world.board)
    world.ada("list_notes", task_id=found["rows"][0][2], category="decision")


def read_a_brief_with_history(world: World) -> None:
    first = world.task()
    task = world.task("Print the map", depends_on=[first], acceptance=["100 copies", "in colour"], description=WORDS)
    world.tasks("Buy ink", "Buy paper", parent_id=task)
    for number in range(6):
        world.prepared("add_note", task_id=task, content=f"{number}: {WORDS}", category="progress")
    world.ada("get_task", task_id=task)


def page_through_a_long_column(world: World) -> None:
    world.tasks(*(f"Task {number} of a long list" for number in range(45)), status="todo")
    page = world.ada("list_tasks", board=world.board, status="todo")
    while "next" in page:
        page = world.ada("list_tasks", board=world.board, status="todo", cursor=page["next"])


def catch_up_on_what_happened(world: World) -> None:
    since = world.prepared("list_changes", board=world.board)["next"]
    task = world.task(status="todo")
    claim = world.prepared("claim_next", task_id=task)
    world.prepared("complete_task", task_id=task, lease=claim["task"]["lease"], note="drawn")
    world.bob("list_changes", board=world.board, since=since)


def go_on_after_a_restart(world: World) -> None:
    world.tasks("Draw the map", "Dig the pond", "Plant the hedge", status="todo", description=WORDS)
    world.prepared("claim_next", board=world.board)
    holders = world.ada("get_board", board=world.board)["holders"]
    world.ada("get_task", task_id=holders["rows"][0][0])


# Working


def claim_and_finish(world: World) -> None:
    world.task(status="todo", description=WORDS, acceptance=["every path is on it"])
    claim = world.ada("claim_next", board=world.board)["task"]
    world.ada("complete_task", task_id=claim["id"], lease=claim["lease"], note="Drawn on A3; see map.svg")


def work_with_notes_and_acceptance(world: World) -> None:
    world.task(status="todo", description=WORDS, acceptance=["every path is on it", "a legend"])
    claim = world.ada("claim_next", board=world.board)["task"]
    lease = {"task_id": claim["id"], "lease": claim["lease"]}
    world.ada("add_note", **lease, content="The north path is missing in the old map.", category="progress")
    world.ada("add_note", **lease, content="Colours as in the guide, so that prints match.", category="decision")
    world.ada("update_task", **lease, acceptance=["[x] every path is on it", "[x] a legend"])
    world.ada("complete_task", **lease)


def choose_what_to_claim(world: World) -> None:
    world.task("Dig the pond", status="todo", priority=9)
    world.task(status="todo", tags=["paper"])
    hedge = world.task("Plant the hedge", status="todo")
    assert world.ada("claim_next", board=world.board, tag="paper")["task"]["title"] == "Draw the map"
    assert world.bob("claim_next", task_id=hedge)["task"]["id"] == hedge


def learn_that_nothing_is_ready(world: World) -> None:
    first = world.task(assignee="bob", status="todo")
    world.task("Print the map", depends_on=[first], status="todo")
    assert "task" not in world.ada("claim_next", board=world.board)


def send_through_review(world: World) -> None:
    world.task(status="todo")
    claim = world.ada("claim_next", board=world.board)["task"]
    world.ada("move_task", task_id=claim["id"], status="review", lease=claim["lease"])
    world.ada("complete_task", task_id=claim["id"], lease=claim["lease"])


def note_down_work_found_on_the_way(world: World) -> None:
    world.task(status="todo")
    claim = world.ada("claim_next", board=world.board)["task"]
    world.ada(
        "create_task", board=world.board, title="Repair the gate", description="Seen while measuring.", priority=6
    )
    world.ada("complete_task", task_id=claim["id"], lease=claim["lease"])


# Together


def hand_over(world: World) -> None:
    world.task(status="todo", description=WORDS)
    claim = world.ada("claim_next", board=world.board)["task"]
    world.ada("release_task", task_id=claim["id"], lease=claim["lease"], note="Half is drawn; the south is left.")
    taken = world.bob("claim_next", board=world.board)["task"]
    assert taken["notes"][0]["category"] == "handoff"
    world.bob("complete_task", task_id=taken["id"], lease=taken["lease"])


def ask_and_answer(world: World) -> None:
    task = world.task(status="todo", description=WORDS)
    world.ada("add_note", task_id=task, content="Which scale?", category="question")
    world.bob("get_task", task_id=task)
    world.bob("add_note", task_id=task, content="1:200", category="decision")
    assert len(world.ada("list_notes", task_id=task)["rows"]) == 2


def free_the_next_one(world: World) -> None:
    first = world.task(status="todo")
    second = world.task("Print the map", status="todo", depends_on=[first])
    claim = world.ada("claim_next", board=world.board)["task"]
    assert world.ada("complete_task", task_id=first, lease=claim["lease"])["unblocked"] == [second]
    assert world.bob("claim_next", board=world.board)["task"]["id"] == second


def give_back_what_is_blocked(world: World) -> None:
    task, pond = world.tasks("Draw the map", "Dig the pond", status="todo")
    claim = world.ada("claim_next", task_id=task)["task"]
    world.ada("link_tasks", task_id=task, depends_on=pond)
    world.ada("release_task", task_id=task, lease=claim["lease"], note="Waits for the pond: its shore is on the map.")


# Planning


def plan_with_dependencies(world: World) -> None:
    world.ada(
        "create_tasks",
        board=world.board,
        tasks=[
            {"title": "Measure the garden", "acceptance": ["a list of lengths"], "status": "todo"},
            {"title": "Draw the map", "depends_on": ["$0"], "acceptance": ["every path is on it"], "status": "todo"},
            {"title": "Choose the paper", "status": "todo"},
            {"title": "Print the map", "depends_on": ["$1", "$2"], "priority": 7, "status": "todo"},
            {"title": "Hang the map up", "depends_on": ["$3"], "status": "todo"},
        ],
    )
    assert len(world.ada("list_ready", board=world.board)["rows"]) == 2


def break_a_task_down(world: World) -> None:
    task = world.task(description=WORDS, acceptance=["every path is on it"])
    world.ada("get_task", task_id=task)
    parts = [{"title": "North", "parent_id": task}, {"title": "South", "parent_id": task, "depends_on": ["$0"]}]
    world.ada("create_tasks", board=world.board, tasks=parts)


def change_priorities_at_once(world: World) -> None:
    ids = world.tasks("Draw the map", "Dig the pond", "Plant the hedge")
    calls = [{"operation": "update_task", "arguments": {"task_id": task, "priority": 8}} for task in ids]
    world.ada("run_batch", calls=calls)


def see_the_way_to_the_end(world: World) -> None:
    last = world.task()
    for title in ("Print the map", "Fold the map", "Hang the map up"):
        last = world.task(title, depends_on=[last])
    assert len(world.ada("get_task_graph", task_id=last)["critical_path"]) == 4


# Recovering


def recover_from_a_wrong_argument(world: World) -> None:
    world.tasks("Draw the map", "Dig the pond", status="todo")
    world.ada.refused("invalid", "list_tasks", board=world.board, colum="todo")
    error = world.ada.refused("not_found", "list_tasks", board=world.board, status="open")
    assert "todo" in error["hint"]
    world.ada("list_tasks", board=world.board, status="todo")


def recover_from_a_stale_version(world: World) -> None:
    task = world.task()
    world.bob("update_task", task_id=task, title="Draw the whole map", version=1)
    current = world.ada.refused("stale_version", "update_task", task_id=task, title="Draw a map", version=1)["current"]
    world.ada("update_task", task_id=task, title="Draw a map", version=current["version"])


def recover_from_a_task_someone_holds(world: World) -> None:
    first, second = world.tasks("Draw the map", "Dig the pond", status="todo")
    world.ada("claim_next", task_id=first)
    world.bob.refused("held", "claim_next", task_id=first)
    assert world.bob("claim_next", board=world.board)["task"]["id"] == second


def recover_from_a_circle_and_a_full_column(world: World) -> None:
    first = world.task()
    second = world.task("Print the map", depends_on=[first])
    world.ada.refused("would_cycle", "link_tasks", task_id=first, depends_on=second)
    limited = [("todo", "todo", 1), ("work", "active", None), ("done", "done", None)]
    board = f"{world.board} b"
    columns = [{"status": status, "category": kind, "wip_limit": limit} for status, kind, limit in limited]
    world.prepared("create_board", name=board, columns=columns)
    world.ada("create_task", board=board, title="Dig the pond")
    world.ada.refused("wip_limit", "create_task", board=board, title="Plant the hedge")


def recover_from_a_conflict(world: World) -> None:
    world.ada.refused("conflict", "create_board", name=world.board)
    first = world.task(status="todo")
    second = world.task("Print the map", status="todo", depends_on=[first])
    world.ada.refused("conflict", "claim_next", task_id=second)
    assert world.ada("claim_next", task_id=first)["task"]["id"] == first


def repeat_a_call_whose_answer_was_lost(world: World) -> None:
    new = {"board": world.board, "title": "Draw the map", "idempotency_key": f"{world.board} map"}
    assert world.ada("create_task", **new) == world.ada("create_task", **new)


def take_a_mistake_back(world: World) -> None:
    task = world.task()
    since = int(world.prepared("list_changes", board=world.board, limit=100)["next"])
    world.ada("archive_task", task_id=task)
    world.ada("undo", since=since)
    assert "archived_at" not in world.ada("get_task", task_id=task)


TASKS: tuple[tuple[int, Script], ...] = tuple(
    enumerate(
        (
            see_what_is_on_a_board,
            find_a_task_by_words,
            find_my_tasks,
            find_what_is_stuck,
            find_a_past_decision,
            read_a_brief_with_history,
            page_through_a_long_column,
            catch_up_on_what_happened,
            go_on_after_a_restart,
            claim_and_finish,
            work_with_notes_and_acceptance,
            choose_what_to_claim,
            learn_that_nothing_is_ready,
            send_through_review,
            note_down_work_found_on_the_way,
            hand_over,
            ask_and_answer,
            free_the_next_one,
            give_back_what_is_blocked,
            plan_with_dependencies,
            break_a_task_down,
            change_priorities_at_once,
            see_the_way_to_the_end,
            recover_from_a_wrong_argument,
            recover_from_a_stale_version,
            recover_from_a_task_someone_holds,
            recover_from_a_circle_and_a_full_column,
            recover_from_a_conflict,
            repeat_a_call_whose_answer_was_lost,
            take_a_mistake_back,
        ),
        start=10,
    )
)
