"""Tags: names on tasks, some wider than others."""

from typing import Any

from kanban_mcp.errors import Conflict, Invalid, NotFound
from kanban_mcp.models.change import Deleted
from kanban_mcp.models.fields import Color, Cursor, Id, Limit, TagName, TagNames, TagParent
from kanban_mcp.models.page import Page, page
from kanban_mcp.models.tag import Tag, TaskTags
from kanban_mcp.services.boards import require_confirmation
from kanban_mcp.services.writing import Writing
from kanban_mcp.store.store import Store

_COLUMNS = ("id", "name", "parent", "color", "tasks")


class Tags:
    """Operations on tags. A filter by a tag takes in the tags below it."""

    def __init__(self, store: Store, writing: Writing) -> None:
        self._store = store
        self._writing = writing

    def list_tags(self, limit: Limit = 20, cursor: Cursor | None = None) -> Page:
        """List tags by name, with their parent and how many tasks carry them."""
        found = self._store.tags.page(after=cursor or "", count=limit + 1)
        return page(
            _COLUMNS,
            found,
            lambda tag: [getattr(tag, column) for column in _COLUMNS],
            limit=limit,
            cursor=lambda tag: tag.name,
        )

    def create_tag(self, tag: TagName, parent: TagName | None = None, color: Color = "") -> Tag:
        """Create a tag, below `parent` if given. Tagging a task makes missing tags by itself."""
        if self._store.tags.named(tag) is not None:
            raise Conflict(f"There is already a tag {tag!r}.", hint="Use it, or change it with update_tag.")
        above = None if parent is None else self._get(parent).id
        return self._create(tag, above, color)

    def update_tag(
        self, tag: TagName, name: TagName | None = None, parent: TagParent | None = None, color: Color | None = None
    ) -> Tag:
        """Rename a tag, recolor it, or put it below another; parent "" makes it stand alone."""
        before = self._get(tag)
        above = self._new_parent(before, parent)
        same = self._store.tags.named(name) if name else None
        if same is not None and same.id != before.id:
            raise Conflict(f"There is already a tag {name!r}.", hint="Choose another name.")
        new_color = before.color if color is None else color
        self._store.tags.save(before.id, name=name or before.name, parent_id=above, color=new_color)
        after = self._by_id(before.id)
        self._log("updated", before, after)
        return after

    def delete_tag(self, tag: TagName, confirm: bool = False) -> Deleted:
        """Delete a tag and take it off all tasks. Needs confirm=true. Tags below it stay."""
        found = self._get(tag)
        require_confirmation(confirm, f"tag {found.name!r}", "untag_task")
        carriers = self._store.tags.carriers(found.id)
        self._store.tags.delete(found.id)
        kept = {**found.lean(), **({"task_ids": carriers} if carriers else {})}
        self._store.changes.record("deleted", "tag", found.id, before=kept)
        return Deleted(deleted=found.id, entity="tag", tasks=len(carriers))

    def tag_task(self, task_id: Id, tags: TagNames) -> TaskTags:
        """Put tags on a task; new ones are made."""
        return self._change(task_id, add=tags, remove=[])

    def untag_task(self, task_id: Id, tags: TagNames) -> TaskTags:
        """Take tags off a task."""
        for name in tags:
            self._get(name)
        return self._change(task_id, add=[], remove=tags)

    # What other services ask of tags

    def with_descendants(self, name: str) -> list[int]:
        """The ids of a tag and of all below it. Raises NotFound."""
        return self._store.tags.with_descendants(self._get(name).id)

    def replace(self, task_id: int, names: list[str]) -> tuple[list[str], list[str]]:
        """Make these the tags of a task; the names before and after."""
        before = self._store.tags.of_task(task_id)
        wanted = {name.lower() for name in names}
        for name in before:
            if name.lower() not in wanted:
                self._store.tags.remove(task_id, self._get(name).id)
        present = {name.lower() for name in before}
        self.add(task_id, [name for name in names if name.lower() not in present])
        return before, self._store.tags.of_task(task_id)

    def add(self, task_id: int, names: list[str]) -> list[str]:
        """Put tags on a task that has none of these; their names as they are known, in alphabetical order."""
        added: dict[int, str] = {}
        for name in names:
            found = self._store.tags.named(name) or self._create(name, None, "")
            if found.id not in added:
                added[found.id] = found.name
                self._store.tags.add(task_id, found.id)
        # As SQLite sorts them: it folds the case of ASCII alone.
        return sorted(added.values(), key=lambda name: name.encode().lower())

    def _change(self, task_id: int, *, add: list[str], remove: list[str]) -> TaskTags:
        task = self._writing.writable(task_id)
        unwanted = {name.lower() for name in remove}
        names = [name for name in (*self._store.tags.of_task(task_id), *add) if name.lower() not in unwanted]
        before, after = self.replace(task_id, names)
        saved = self._writing.save("tagged", task, {}, None, extra=("tags", before, after))
        return TaskTags(task_id=task_id, tags=after, version=saved.version)

    def _create(self, name: str, parent_id: int | None, color: str) -> Tag:
        tag = self._by_id(self._store.tags.insert(name, parent_id=parent_id, color=color))
        self._store.changes.record("created", "tag", tag.id, after=tag.lean())
        return tag

    def _new_parent(self, tag: Tag, parent: str | None) -> int | None:
        name = tag.parent if parent is None else parent
        if not name:
            return None
        above = self._get(name).id
        if above in self._store.tags.with_descendants(tag.id):
            raise Invalid(f"Tag {name!r} is {tag.name!r} or below it.", hint="Choose a tag outside of that branch.")
        return above

    def _log(self, action: str, before: Tag, after: Tag) -> None:
        old, new = before.lean(), after.lean()
        changed = [key for key in {**old, **new} if old.get(key) != new.get(key)]
        if changed:
            self._store.changes.record(action, "tag", after.id, before=_only(old, changed), after=_only(new, changed))

    def _get(self, name: str) -> Tag:
        tag = self._store.tags.named(name)
        if tag is None or not self._store.tags.visible(tag.id):
            raise NotFound(f"There is no tag {name!r}.", hint="list_tags shows the tags.")
        return tag

    def _by_id(self, tag_id: int) -> Tag:
        tag = self._store.tags.get(tag_id)
        assert tag is not None
        return tag


def _only(fields: dict[str, Any], keys: list[str]) -> dict[str, Any]:
    return {key: fields.get(key) for key in keys}
