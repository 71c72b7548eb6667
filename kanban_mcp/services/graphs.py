"""The tasks around a task: what it waits for, what waits for it, and the chain that decides when it can be done."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import TypeAlias

from kanban_mcp.models.fields import Depth, Id
from kanban_mcp.models.task import Graph, Task
from kanban_mcp.services.writing import Writing
from kanban_mcp.store.store import Store

MOST_EDGES = 300

_Edges: TypeAlias = set[tuple[int, int, str]]


class Graphs:
    """The operation on graphs."""

    def __init__(self, store: Store, writing: Writing) -> None:
        self._store = store
        self._writing = writing

    def get_task_graph(self, task_id: Id, depth: Depth = 3) -> Graph:
        """Get the tasks around a task, up to `depth` links away; an edge is [task, waits for, kind].

        critical_path is the longest chain of open tasks through it, in order; frees is what finishing it frees.
        """
        task = self._writing.get(task_id)
        edges, truncated = self._collect(task_id, depth)
        tasks = self._store.dependencies.links(sorted({end for edge in edges for end in edge[:2]} | {task_id}))
        open_ = {link.id for link in tasks if link.open}
        return Graph(
            task_id=task_id,
            tasks=tasks,
            edges=sorted(edges),
            critical_path=_critical_path(task_id, edges, open_) if task.open else [],
            frees=self._frees(task) if task.open else [],
            truncated=truncated,
        )

    def _collect(self, task_id: int, depth: int) -> tuple[_Edges, bool]:
        """Edges level by level; False when all within the depth are there."""
        edges: _Edges = set()
        seen, front = {task_id}, [task_id]
        for _ in range(depth):
            found = self._store.dependencies.around(front, MOST_EDGES + 1)
            edges |= set(found)
            if len(edges) > MOST_EDGES:
                return set(sorted(edges)[:MOST_EDGES]), True
            front = sorted({end for edge in found for end in edge[:2]} - seen)
            seen |= set(front)
            if not front:
                break
        return edges, False

    def _frees(self, task: Task) -> list[int]:
        """The open tasks that wait for this one and for nothing else."""
        waiting = Counter(self._store.dependencies.waiting_for(task.id))
        tasks = [(self._writing.get(other), links) for other, links in waiting.items()]
        return sorted(other.id for other, links in tasks if other.open and other.blocked_by == links)


def _critical_path(task_id: int, edges: _Edges, open_: set[int]) -> list[int]:
    before: dict[int, list[int]] = defaultdict(list)
    after: dict[int, list[int]] = defaultdict(list)
    for waiting, needed, kind in edges:
        if kind != "relates" and waiting in open_ and needed in open_:
            before[waiting].append(needed)
            after[needed].append(waiting)
    return [*reversed(_longest(task_id, before, {})), *_longest(task_id, after, {})[1:]]


def _longest(start: int, following: Mapping[int, list[int]], known: dict[int, list[int]]) -> list[int]:
    """The longest chain from a task on; links have no circles, so this ends."""
    if start not in known:
        chains = [_longest(other, following, known) for other in sorted(following.get(start, []))]
        known[start] = [start, *max(chains, key=len, default=[])]
    return known[start]
