"""Which operation is meant by a method and a path."""

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import unquote

from kanban_mcp.operations import Operation


class Resource:
    """What is at one address: its template, the names of its parameters, and an operation for each method."""

    def __init__(self, template: str) -> None:
        self.template = template
        self.parameters = [part[1:-1] for part in template.split("/") if part.startswith("{")]
        self.operations: dict[str, Operation] = {}

    @property
    def methods(self) -> list[str]:
        """The methods that may be used here, as the header Allow names them."""
        reading = ["GET", "HEAD"] if "GET" in self.operations else []
        return [*reading, *(method for method in self.operations if method != "GET"), "OPTIONS"]


class Found(NamedTuple):
    """A resource, and the values its parameters have in the path."""

    resource: Resource
    values: dict[str, str]


class _Node:
    __slots__ = ("parameter", "parts", "resource")

    def __init__(self) -> None:
        self.parts: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.resource: Resource | None = None


class Addresses:
    """The catalogue's addresses as a tree of path segments: finding one takes no longer when there are many."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self.resources: list[Resource] = []
        self._root = _Node()
        for operation in operations:
            method, _, template = operation.http.partition(" ")
            self._at(template).operations[method] = operation

    def find(self, path: str) -> Found | None:
        """The resource at a path as it came over the wire, `/tasks/5`. A segment that is named wins over a value."""
        node, values = self._root, []
        for part in path.removesuffix("/").split("/")[1:]:
            following = node.parts.get(part)
            if following is None:
                if node.parameter is None or not part:
                    return None
                following = node.parameter
                values.append(unquote(part))
            node = following
        if node.resource is None:
            return None
        return Found(node.resource, dict(zip(node.resource.parameters, values, strict=True)))

    def _at(self, template: str) -> Resource:
        node = self._root
        for part in template.split("/")[1:]:
            if part.startswith("{"):
                if node.parameter is None:
                    node.parameter = _Node()
                node = node.parameter
            else:
                node = node.parts.setdefault(part, _Node())
        if node.resource is None:
            node.resource = Resource(template)
            self.resources.append(node.resource)
        return node.resource
