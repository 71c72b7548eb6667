"""The form every model has."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen value that refuses unknown fields."""

    # Most runs need few of the models: each is built when it is first used, which spares a start some milliseconds.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    def lean(self) -> dict[str, Any]:
        """The record as JSON values, without what is null, empty or default."""
        return self.model_dump(mode="json", exclude_defaults=True)


def diff(before: Record, after: Record) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that differ, as they were and as they are."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    changed = [field for field in new if old.get(field) != new[field]]
    return {field: old.get(field) for field in changed}, {field: new[field] for field in changed}
