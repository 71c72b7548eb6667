"""What people type for each operation: a noun and a verb, or one word."""

import re
from typing import NamedTuple


class Word(NamedTuple):
    """An operation as typed. `places` are the arguments that need no flag, in order, beside those it requires."""

    operation: str
    places: tuple[str, ...] = ()


NOUNS: dict[str, tuple[str, dict[str, Word]]] = {
    "board": (
        "Look at boards, make and change them.",
        {
            "list": Word("list_boards"),
            "show": Word("get_board", ("board",)),
            "add": Word("create_board"),
            "edit": Word("update_board", ("board",)),
            "columns": Word("set_columns"),
            "stats": Word("get_board_stats", ("board",)),
            "flow": Word("get_flow_metrics", ("board",)),
            "forecast": Word("forecast", ("board",)),
            "archive": Word("archive_board"),
            "delete": Word("delete_board"),
        },
    ),
    "task": (
        "Look at tasks, plan them and work on them.",
        {
            "list": Word("list_tasks"),
            "ready": Word("list_ready"),
            "show": Word("get_task"),
            "add": Word("create_task"),
            "edit": Word("update_task"),
            "move": Word("move_task", ("status",)),
            "claim": Word("claim_next", ("task_id",)),
            "done": Word("complete_task"),
            "release": Word("release_task"),
            "link": Word("link_tasks"),
            "unlink": Word("unlink_tasks"),
            "graph": Word("get_task_graph"),
            "tag": Word("tag_task"),
            "untag": Word("untag_task"),
            "archive": Word("archive_task"),
            "delete": Word("delete_task"),
        },
    ),
    "note": (
        "Read, write and change the notes of tasks.",
        {
            "list": Word("list_notes"),
            "add": Word("add_note"),
            "edit": Word("update_note", ("content",)),
            "delete": Word("delete_note"),
        },
    ),
    "tag": (
        "Look at tags, make and change them.",
        {
            "list": Word("list_tags"),
            "add": Word("create_tag"),
            "edit": Word("update_tag"),
            "delete": Word("delete_tag"),
        },
    ),
}

ALONE = {"search": Word("search"), "changes": Word("list_changes"), "undo": Word("undo", ("seq",))}

NOT_TYPED = {"create_tasks": "a file of tasks is imported", "run_batch": "a shell script is the batch of people"}
"""Operations without a word, and why."""

_TYPED = {
    **{word.operation: f"`{noun} {verb}`" for noun, (_, verbs) in NOUNS.items() for verb, word in verbs.items()},
    **{word.operation: f"`{name}`" for name, word in ALONE.items()},
}
_NAME = re.compile("|".join(sorted(_TYPED, key=len, reverse=True)).join((r"\b(?:", r")\b(?=\W|$)")))


def typed(text: str) -> str:
    """What is told to agents, in the words that people type."""
    told = _NAME.sub(lambda match: _TYPED[match[0]] if "_" in match[0] else match[0], text)
    return told.replace("confirm=true", "--yes")
