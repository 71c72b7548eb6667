"""The sets that operations are offered in."""

from typing import Literal, TypeAlias, get_args

Toolset: TypeAlias = Literal["core", "boards", "tasks", "notes", "tags", "flow", "diagnostics", "data"]
TOOLSETS: tuple[Toolset, ...] = get_args(Toolset)
