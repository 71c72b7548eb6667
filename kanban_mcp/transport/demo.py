"""A small real run: a server on a new file, a backlog with dependencies, two agents that compete for it."""

import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from mcp import Client
from mcp.client.stdio import StdioServerParameters

BOARD = "Release 1.0"
BACKLOG: list[dict[str, Any]] = [
    {"title": "Write down what the importer must accept", "priority": 9, "tags": ["spec"]},
    {"title": "Parse the CSV files", "priority": 8, "depends_on": ["$0"], "acceptance": ["quotes", "empty lines"]},
    {"title": "Parse the JSON files", "priority": 7, "depends_on": ["$0"]},
    {"title": "Store rows in one transaction", "priority": 8, "tags": ["database"]},
    {"title": "Report bad rows with their line", "depends_on": ["$1", "$2"]},
    {"title": "Import a file from the command line", "depends_on": ["$1", "$2", "$3"], "tags": ["cli"]},
    {"title": "Show progress while importing", "priority": 3, "depends_on": ["$5"], "tags": ["cli"]},
    {"title": "Measure a million rows", "depends_on": ["$5"], "tags": ["speed"]},
    {"title": "Make the slowest part twice as fast", "priority": 6, "depends_on": ["$7"], "tags": ["speed"]},
    {"title": "Write the user guide", "priority": 4, "depends_on": ["$5"], "tags": ["docs"]},
    {"title": "Try the guide on someone new", "depends_on": ["$9"], "tags": ["docs"]},
    {"title": "Release", "priority": 10, "depends_on": ["$4", "$6", "$8", "$10"]},
]
AGENTS = ("ada", "bob")

Say = Callable[[str], None]


async def demo(say: Say) -> bool:
    """Run the demo and tell what happens; whether every task was done, and none worked twice."""
    with tempfile.TemporaryDirectory(prefix="kanban-demo-") as folder:
        db = Path(folder) / "demo.db"
        async with _agent("planner", db) as planner:
            await _plan(planner, say)
            async with AsyncExitStack() as clients:
                # Both are there before either begins: a competition of which one comes late is none.
                agents = [(name, await clients.enter_async_context(_agent(name, db))) for name in AGENTS]
                async with anyio.create_task_group() as work:
                    for name, agent in agents:
                        work.start_soon(_work, name, agent, say)
            return await _report(planner, say)


@asynccontextmanager
async def _agent(name: str, db: Path) -> AsyncIterator[Client]:
    """A client with a server process of its own, as each agent has; they share the file."""
    arguments = ["-m", "kanban_mcp", "--db", str(db), "--board", BOARD, "--actor", name, "--toolsets", "core"]
    async with Client(StdioServerParameters(command=sys.executable, args=arguments)) as client:
        yield client


async def _do(client: Client, operation: str, **arguments: Any) -> dict[str, Any]:
    """Call a tool as an agent would; its structured result."""
    result = await client.call_tool(operation, arguments)
    answer: dict[str, Any] = result.structured_content or {}
    if result.is_error:
        raise RuntimeError(f"{operation}: {answer.get('message')}")
    return answer


async def _plan(planner: Client, say: Say) -> None:
    await _do(planner, "create_board", name=BOARD, description="The importer, ready for others to use")
    await _do(planner, "create_tasks", tasks=BACKLOG)
    say(f"A planner wrote {len(BACKLOG)} tasks on the board {BOARD!r}. Two agents start work on it.\n")
    await _show(planner, say)


async def _work(name: str, agent: Client, say: Say) -> None:
    """Claim, note, complete, until the board is done."""
    seen = 0
    while True:
        claim = await _do(agent, "claim_next")
        task = claim.get("task")
        if task is not None:
            say(f"  {name} claims #{task['id']:<2} {task['title']}  ({claim['why']})")
            await _do(agent, "add_note", task_id=task["id"], content=f"Worked on by {name}.", lease=task["lease"])
            done = await _do(agent, "complete_task", task_id=task["id"], lease=task["lease"])
            freed = "".join(f" #{freed}" for freed in done.get("unblocked", []))
            say(f"  {name} completes #{task['id']}" + (f", which frees{freed}" if freed else ""))
        elif await _open_tasks(agent) == 0:
            return
        else:
            # What is open waits for the other agent: so does this one, until the log has news.
            seen = int((await _do(agent, "list_changes", since=seen, limit=100, wait=1))["next"])


async def _open_tasks(client: Client) -> int:
    board = await _do(client, "get_board", limit=1)
    return sum(column["tasks"] for column in board["columns"] if column["category"] != "done")


async def _show(client: Client, say: Say) -> None:
    board = await _do(client, "get_board", limit=100)
    for column in board["columns"]:
        say(f"  {column['name']:<12} {'#' * column['tasks']}{'' if column['tasks'] else '-'}")
    say("")


async def _report(planner: Client, say: Say) -> bool:
    """The board at the end, and the evidence from the change log."""
    say("\nThe board at the end:\n")
    await _show(planner, say)
    changes = await _all_changes(planner)
    claimed = Counter(change["task_id"] for change in changes if change["action"] == "claimed")
    completed = Counter(change["actor"] for change in changes if change["action"] == "completed")
    twice = [task for task, count in claimed.items() if count > 1]
    still_open = await _open_tasks(planner)
    shares = ", ".join(f"{name} {completed[name]}" for name in AGENTS)
    say(
        f"Done: {completed.total()} of {len(BACKLOG)} ({shares}). Worked twice: {len(twice)}. Still open: {still_open}."
    )
    say(f"The change log tells it in {len(changes)} entries.")
    return not twice and still_open == 0 and completed.total() == len(BACKLOG)


async def _all_changes(client: Client) -> list[dict[str, Any]]:
    changes: list[dict[str, Any]] = []
    since = 0
    while True:
        page = await _do(client, "list_changes", since=since, limit=100)
        changes += [dict(zip(page["columns"], row, strict=True)) for row in page["rows"]]
        if not page["rows"]:
            return changes
        since = int(page["next"])
