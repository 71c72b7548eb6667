"""The page of formats has each record with its fields, and each source that an import knows."""

import re
from pathlib import Path
from typing import get_args

import pytest

from kanban_mcp.importers.detection import Kind
from kanban_mcp.models.exchange import FORMAT, ORDER, VERSION, ColumnRecord, FileRecord

PAGE = (Path(__file__).parents[2] / "docs/reference/formats.md").read_text()


@pytest.mark.parametrize("record", ORDER)
def test_each_record_is_there_with_its_fields_in_order(record: type[FileRecord]) -> None:
    kind = record.model_fields["type"].default
    row = re.search(rf"^\| `{kind}` \| ([^|]*) \|", PAGE, re.MULTILINE)
    assert row is not None
    assert re.findall(r"`(\w+)`", row[1]) == [name for name in record.model_fields if name != "type"]


def test_columns_versions_and_sources_are_there() -> None:
    assert " ".join(f"`{name}`" for name in ColumnRecord.model_fields) in PAGE
    assert f"`{FORMAT}`, {VERSION};" in PAGE
    assert all(f"`source` {kind}" in PAGE for kind in get_args(Kind) if kind not in ("auto", "kanban"))
