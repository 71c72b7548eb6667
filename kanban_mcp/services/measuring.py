"""How work flows over a board."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from kanban_mcp.errors import Invalid
from kanban_mcp.models.board import Board
from kanban_mcp.models.fields import Actor, BoardRef, Limit, Moment, TagName
from kanban_mcp.models.flow import AgeingTask, FinishedTask, Flow, FlowMetrics, Spread
from kanban_mcp.services import figures
from kanban_mcp.services.boards import Boards
from kanban_mcp.services.histories import Past, past
from kanban_mcp.services.metrics import metrics
from kanban_mcp.services.tags import Tags
from kanban_mcp.services.task_history import History
from kanban_mcp.store.clock import later
from kanban_mcp.store.store import Store

PERIOD = 30 * 24 * 3600
"""Seconds before now that figures are about unless told otherwise: recent enough to be like what comes."""


class Measuring:
    """The operation of measuring flow; all figures come from the change log and where the tasks stand."""

    def __init__(self, store: Store, boards: Boards, tags: Tags) -> None:
        self._store = store
        self._boards = boards
        self._tags = tags

    def get_flow_metrics(
        self,
        board: BoardRef | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        tag: TagName | None = None,
        actor: Actor | None = None,
        limit: Limit = 10,
    ) -> FlowMetrics:
        """Measure a board's flow, 30 days by default: cycle and lead time, time blocked and in each column, throughput.

        Also how many tasks were where each day, and the oldest in work (`over`: the percentile of cycle time passed).
        Durations in hours. `limit` bounds ageing, actors and tags.
        """
        return metrics(self.measured(board, since, until, tag, actor), limit)

    def measured(
        self,
        board: int | str | None = None,
        since: str | None = None,
        until: str | None = None,
        tag: str | None = None,
        actor: str | None = None,
    ) -> Flow:
        """All figures of a board over a period."""
        found, now = self._boards.resolve(board), self._store.now
        until = min(until or now, now)
        since = since or later(until, -PERIOD)
        if since > until:
            raise Invalid(f"since {since} is after until {until}.", hint="Give a since that is earlier, and not ahead.")
        told = self.past(found, since, tag, actor)
        since = min(max(since, told.told_since if told.trimmed else min(told.first, found.created_at)), until)
        return self._flow(found, told, since, until)

    def past(self, board: Board, since: str, tag: str | None = None, actor: str | None = None) -> Past:
        """The histories of a board's tasks, of those with a tag and of an actor only if asked."""
        # Who finished a task, the log alone tells: of an actor's tasks all of it must be read.
        start, narrowed = "" if actor is not None else since, tag is not None
        told = past(self._store, board.id, self._store.boards.columns(board.id), start, each=narrowed)
        kept: Iterable[History] = told.histories
        if tag is not None:
            tags = self._tags.with_descendants(tag)
            carriers = {task_id for tag_id in tags for task_id in self._store.tags.carriers(tag_id)}
            names = {found.name.lower() for tag_id in tags if (found := self._store.tags.get(tag_id))}
            kept = [task for task in kept if task.id in carriers or names & {name.lower() for name in task.tags}]
        if actor is not None:
            kept = [task for task in kept if task.actor == actor]
        return replace(told, histories=list(kept))

    def _flow(self, board: Board, told: Past, since: str, until: str) -> Flow:
        in_work = self._in_work(told)
        done = [task for task in told.histories if task.completed and since <= task.completed <= until]
        tags = self._tags_of([*done, *in_work])
        finished = tuple(
            figures.finished_task(task, task.completed or until, told.told_since, tags.get(task.id, task.tags))
            for task in done
        )
        cycle = figures.spread(task.cycle for task in finished if task.cycle is not None)
        ageing = self._ageing(in_work, cycle, tags)
        arrived = Counter(task.created[:10] for task in told.histories if since <= task.created <= until)
        days = figures.Days(since, until, told.settled)
        for task in told.histories:
            days.moved(task.moves)
        blocked = [task.blocked for task in finished if task.blocked]
        lead_told = sum(task.lead for task in finished if task.blocked is not None)
        bands = days.seen(told.bands)
        return Flow(
            board_id=board.id,
            board=board.name,
            since=since,
            until=until,
            told_since=told.told_since,
            trimmed=told.trimmed,
            arrived=arrived.total(),
            bands=bands,
            days=figures.flow_days(days, bands, arrived, Counter(task.completed_at[:10] for task in finished)),
            finished=finished,
            ageing=ageing,
            cycle=cycle,
            lead=figures.spread(task.lead for task in finished),
            blocked=figures.spread(blocked),
            blocked_share=round(100 * sum(blocked) / lead_told, 1) if lead_told else 0,
            stays=figures.stays(finished, bands),
            actors=figures.groups(_by_actor(finished), (task.actor for task in ageing if task.actor)),
            tags=figures.groups(_by_tag(finished), (tag for task in ageing for tag in task.tags)),
        )

    def _in_work(self, told: Past) -> list[History]:
        active = {band.status for band in told.bands if band.category == "active"}
        return [task for task in told.histories if task.open and task.status in active]

    def _tags_of(self, tasks: Sequence[History]) -> dict[int, tuple[str, ...]]:
        tags: dict[int, tuple[str, ...]] = {}
        for task_id, name in self._store.flow.tags([task.id for task in tasks]):
            tags[task_id] = (*tags.get(task_id, ()), name)
        return tags

    def _ageing(
        self, tasks: Sequence[History], cycle: Spread | None, tags: dict[int, tuple[str, ...]]
    ) -> tuple[AgeingTask, ...]:
        """The tasks in work, the oldest first."""
        now = self._store.now
        titles = self._store.flow.titles([task.id for task in tasks])
        ages = [(figures.hours_between(task.started or task.moves[-1][0], now), task) for task in tasks]
        return tuple(
            AgeingTask(
                task.id,
                titles[task.id],
                task.status or "",
                task.actor,
                age,
                _over(age, cycle),
                tags.get(task.id, ()),
            )
            for age, task in sorted(ages, key=lambda pair: (-pair[0], pair[1].id))
        )


def _over(age: float, cycle: Spread | None) -> int:
    if cycle is None:
        return 0
    return max((percent for percent, hours in cycle.percentiles if age > hours), default=0)


def _by_actor(finished: Sequence[FinishedTask]) -> Iterable[tuple[str, FinishedTask]]:
    return ((task.actor, task) for task in finished if task.actor)


def _by_tag(finished: Sequence[FinishedTask]) -> Iterable[tuple[str, FinishedTask]]:
    return ((tag, task) for task in finished for tag in task.tags)
