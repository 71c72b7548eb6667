"""Trello: the JSON that a board's menu exports, as its documentation of boards, lists, cards and actions describes."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from kanban_mcp.errors import Invalid
from kanban_mcp.importers.draft import Draft, DraftNote, DraftTask, columns, slug, stamped, text
from kanban_mcp.importers.source import Foreign, Moment, Opener, Placed, digest_of, parsed, whole
from kanban_mcp.models.fields import Category

_TODO = {"backlog", "to_do", "todo", "ideas", "inbox", "next", "ready"}
_DONE = {"done", "complete", "completed", "closed", "finished", "shipped", "released"}


class Trello(Foreign):
    """Lists become columns, cards tasks, checklists acceptance, comments notes. Attachments stay as links."""

    kind = "trello"

    def __init__(self, opened: Opener) -> None:
        super().__init__()
        self._open = opened

    def read(self, moment: Moment) -> Iterator[Placed]:
        """All cards, by list and place."""
        with self._open() as file:
            data = whole(file)
        board = parsed(data, "The board")
        if not isinstance(board, dict):
            raise Invalid("The board: is no object.", hint="Export it from the board's menu.")
        yield from self._draft(board).records(moment)
        self.digest = digest_of(data)

    def _draft(self, board: dict[str, Any]) -> Draft:
        lists = sorted(_objects(board, "lists"), key=_place)
        names = [text(found.get("name"), "lists") for found in lists]
        made, statuses = columns(list(dict.fromkeys(names)), _categories(names))
        of_list = {found.get("id"): statuses[name] for found, name in zip(lists, names, strict=True)}
        put_away = {found.get("id") for found in lists if found.get("closed")}
        known = _Around(board)
        order = {found.get("id"): number for number, found in enumerate(lists)}
        cards = sorted(_objects(board, "cards"), key=lambda card: (order.get(card.get("idList"), -1), _place(card)))
        tasks = []
        for card in cards:
            if card.get("idList") not in of_list:
                raise Invalid(f"card {card.get('name')!r}: its list is not in the file.", hint="Export it once more.")
            tasks.append(_task(card, of_list[card.get("idList")], known, archived=card.get("idList") in put_away))
        categories = {column.status: column.category for column in made}
        for task in tasks:
            task.completed_at = task.updated_at if categories[task.status] == "done" else None
        name = text(board.get("name"), "The board")
        return Draft(name, tasks, made, text(board.get("desc"), "The board"), left_out=self.left_out)


class _Around:
    """What cards refer to by id, or what refers to them."""

    def __init__(self, board: dict[str, Any]) -> None:
        self.members = {found.get("id"): text(found.get("username"), "members") for found in _objects(board, "members")}
        self.checklists: dict[object, list[tuple[str, bool]]] = defaultdict(list)
        for found in sorted(_objects(board, "checklists"), key=_place):
            items = sorted(_objects(found, "checkItems"), key=_place)
            self.checklists[found.get("idCard")] += [
                (text(item.get("name"), "checkItems"), item.get("state") == "complete") for item in items
            ]
        self.comments: dict[object, list[DraftNote]] = defaultdict(list)
        self.created: dict[object, tuple[str | None, str | None]] = {}
        for action in reversed(_objects(board, "actions")):
            self._take(action)

    def _take(self, action: dict[str, Any]) -> None:
        data, creator = _object(action.get("data")), _object(action.get("memberCreator"))
        card, author, at = _object(data.get("card")).get("id"), creator.get("username"), stamped(action.get("date"))
        if action.get("type") == "commentCard":
            words = text(data.get("text"), "a comment")
            self.comments[card] += [DraftNote(words, author=text(author, "a comment"), created_at=at)] if words else []
        elif action.get("type") == "createCard":
            self.created[card] = at, text(author, "an action")


def _task(card: dict[str, Any], status: str, known: _Around, *, archived: bool) -> DraftTask:
    identity, place = card.get("id"), f"card {card.get('name')!r}"
    created, creator = known.created.get(identity, (None, None))
    members = [known.members.get(member, "") for member in card.get("idMembers") or []]
    attached = [f"- {text(found.get('url'), place)}" for found in _objects(card, "attachments")]
    labels = [text(label.get("name"), place) or text(label.get("color"), place) for label in _objects(card, "labels")]
    return DraftTask(
        key=text(identity, place),
        title=text(card.get("name"), place),
        status=status,
        description="\n\n".join(part for part in (text(card.get("desc"), place), "\n".join(attached)) if part),
        assignee=members[0] if members else None,
        created_by=creator,
        acceptance=known.checklists[identity],
        tags=[label for label in labels if label],
        due_at=stamped(card.get("due")),
        created_at=created or _made_at(text(identity, place)),
        updated_at=stamped(card.get("dateLastActivity")),
        archived=archived or bool(card.get("closed")),
        notes=known.comments[identity],
    )


def _made_at(identity: str) -> str | None:
    """The first eight digits of an id there are the second in which it was made."""
    try:
        return stamped(datetime.fromtimestamp(int(identity[:8], 16), UTC).isoformat())
    except ValueError:
        return None


def _categories(names: list[str]) -> dict[str, Category]:
    found: dict[str, Category] = {}
    for number, name in enumerate(names):
        status = slug(name)
        found[status] = "done" if status in _DONE else "todo" if status in _TODO or number == 0 else "active"
    return found


def _objects(holder: dict[str, Any], name: str) -> list[dict[str, Any]]:
    items = holder.get(name) or []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Invalid(f"{name}: is no list of objects.", hint="Export the board from its menu once more.")
    return items


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _place(found: dict[str, Any]) -> float:
    place = found.get("pos")
    return float(place) if isinstance(place, int | float) else 0.0
