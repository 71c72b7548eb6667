"""Writes the reference pages and the list of tools from the code; with `--check` says which are stale instead."""

import inspect
import json
import re
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import click
from mcp.types import Prompt

from docs.addresses import rest_page
from docs.certification import mcp_page
from docs.measures import metrics_page
from docs.sockets import websocket_page
from docs.specification import PARTS, Part
from kanban_mcp import errors
from kanban_mcp.app import open_app
from kanban_mcp.cli import main as main_command
from kanban_mcp.models.toolset import TOOLSETS
from kanban_mcp.operations import Operation
from kanban_mcp.settings import Settings
from kanban_mcp.transport.mcp.apps import Apps
from kanban_mcp.transport.mcp.prompts import Prompts
from kanban_mcp.transport.mcp.resources import Kind, Resources
from kanban_mcp.transport.wire.introduction import TOOLS
from kanban_mcp.transport.wire.tool_list import tool_list

REFERENCE = Path(__file__).parent / "reference"
COSTS = Path(__file__).parents[1] / "tests" / "snapshots" / "ergonomics.json"
GENERATED = "<!-- Written by `make docs` from the code; edit the code. -->\n"


def files() -> dict[Path, str]:
    """Every generated file."""
    with (
        tempfile.TemporaryDirectory() as folder,
        open_app(Settings(db=Path(folder) / "docs.db", toolsets=("all",))) as app,
    ):
        listed = list(app.catalog)
        kinds, prompts = Resources(app).kinds, Prompts(app).listed().prompts
        rest, metrics = rest_page(app), metrics_page(app)
        tools = tool_list(listed, Apps(app).operation)
    pages = {
        "operations.md": _operations(listed),
        "resources.md": _resources(kinds),
        "prompts.md": _prompts(prompts),
        "rest.md": f"{GENERATED}\n{rest}",
        "metrics.md": f"{GENERATED}\n{metrics}",
        "mcp.md": f"{GENERATED}\n{mcp_page()}",
        "websocket.md": f"{GENERATED}\n{websocket_page()}",
        "ergonomics.md": _ergonomics(),
        "settings.md": _settings(),
        "errors.md": _errors(),
        "commands.md": _commands(),
        "specification.md": _specification(),
    }
    return {TOOLS: tools, **{REFERENCE / name: text for name, text in pages.items()}}


def _operations(listed: list[Operation]) -> str:
    lines = [GENERATED, "# Operations", ""]
    lines += [
        "Each is an MCP tool. `--toolsets` chooses which are offered; `core` and `diagnostics` are by default.",
        "",
    ]
    for toolset in TOOLSETS:
        of_set = [operation for operation in listed if operation.toolset == toolset]
        if of_set:
            lines += [f"## {toolset}", ""]
            for operation in of_set:
                lines += _operation(operation)
    return "\n".join(lines)


def _operation(operation: Operation) -> Iterable[str]:
    yield from (f"### {operation.name}", "", operation.description.replace("\n", "\n\n"), "")
    yield from (f"*{operation.effect}*", "")
    properties = operation.schema.get("properties", {})
    if properties:
        yield from ("| argument | type | |", "|---|---|---|")
        required = operation.schema.get("required", [])
        for name, schema in properties.items():
            yield f"| `{name}` | {_type(schema)} | {_remark(name in required, schema)} |"
        yield ""


def _resources(kinds: Iterable[Kind]) -> str:
    lines = [GENERATED, "# Resources", ""]
    lines += [
        "What the boards show, under addresses. Each is the answer of an operation, so tools show the same; which are "
        "offered does not depend on `--toolsets`, except for the diagnostics.",
        "",
        "| address | gives | |",
        "|---|---|---|",
    ]
    lines += [f"| `{kind.template}` | {kind.mime_type} | {kind.description} |" for kind in kinds]
    lines += ["", "`board_id` and `board` are an id or a name. Parts in `{?...}` may be left out.", ""]
    lines += [
        "What is not there is answered with -32602, before protocol revision 2026-07-28 with -32002; `data` has the "
        "`uri`, and the error as tools tell it.",
        "",
    ]
    return "\n".join(lines)


def _prompts(prompts: Iterable[Prompt]) -> str:
    lines = [GENERATED, "# Prompts", ""]
    lines += ["Ways of working, written out with what is on the board at that moment.", ""]
    for prompt in prompts:
        lines += [f"## {prompt.name}", "", prompt.description or "", "", "| argument | |", "|---|---|"]
        for argument in prompt.arguments or []:
            required = "Required. " if argument.required else ""
            lines.append(f"| `{argument.name}` | {required}{argument.description} |")
        lines.append("")
    lines += [
        "On a read-only server no prompt claims or asks for changes. An unknown prompt or argument, and a missing one, "
        "is answered with -32602.",
        "",
    ]
    return "\n".join(lines)


def _ergonomics() -> str:
    lines = [GENERATED, "# What agents pay", ""]
    lines += [
        "Thirty things that agents do, each by the script of an agent that knows its way "
        "([agent_tasks.py](../../benchmarks/agent_tasks.py)), through a real server over stdio. Written are the names "
        "and arguments of calls, read the texts of results, in bytes; a token is three to four of them.",
        "",
        "| task | calls | written | read |",
        "|---|---|---|---|",
    ]
    costs = json.loads(COSTS.read_text())
    for name, cost in costs.items():
        lines.append(f"| {name.replace('_', ' ')} | {cost['calls']} | {cost['sent']} | {cost['read']} |")
    sums = [sum(cost[part] for cost in costs.values()) for part in ("calls", "sent", "read")]
    return "\n".join([*lines, f"| **all** | {sums[0]} | {sums[1]} | {sums[2]} |", ""])


def _type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " ".join(f"`{value}`" for value in schema["enum"])
    kind = schema.get("type", "object")
    if kind == "array":
        return f"list of {_type(schema['items'])}"
    if kind == "object" and "properties" in schema:
        return "object with " + ", ".join(f"`{name}`" for name in schema["properties"])
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _remark(required: bool, schema: dict[str, Any]) -> str:
    parts = ["required"] if required else []
    if "minimum" in schema or "maximum" in schema:
        parts.append(f"{schema.get('minimum', '')} to {schema.get('maximum', '')}".strip())
    if "default" in schema:
        parts.append(f"default {schema['default']}")
    return ", ".join(parts)


def _settings() -> str:
    lines = [GENERATED, "# Settings", "", "Flags win over variables.", "", "| variable | default | |", "|---|---|---|"]
    docs = _attribute_docs(Settings)
    for field in fields(Settings):
        default = "a file in the user's data folder" if field.default is MISSING else _shown(field.default)
        lines.append(f"| `KANBAN_{field.name.upper()}` | {default} | {docs[field.name]} |")
    return "\n".join([*lines, ""])


def _shown(value: Any) -> str:
    if value is None:
        return ""
    text = ",".join(value) if isinstance(value, tuple) else str(value).lower() if isinstance(value, bool) else value
    return f"`{text}`"


def _attribute_docs(model: type) -> dict[str, str]:
    """The text under each attribute of a class."""
    found = re.findall(r'^    (\w+): .*?\n    """(.*?)"""', inspect.getsource(model), re.MULTILINE | re.DOTALL)
    return {name: " ".join(text.split()) for name, text in found}


def _errors() -> str:
    lines = [GENERATED, "# Errors", ""]
    lines += ["Every error has `code`, `message`, `hint` (what to do next) and, where it helps, `current`.", ""]
    lines += ["A refused call changes nothing.", "", "| code | |", "|---|---|"]
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.KanbanError)]
    for kind in sorted(kinds, key=lambda kind: kind.code):
        if kind is not errors.KanbanError and "code" in vars(kind):
            lines.append(f"| `{kind.code}` | {inspect.getdoc(kind)} |")
    return "\n".join([*lines, ""])


def _commands() -> str:
    lines = [GENERATED, "# Commands", ""]
    lines += [
        "Flags before the command's name hold for all commands, and its own win. Exit codes: 0 done, 1 refused, "
        "2 wrong flags or a file that cannot be used.",
        "",
    ]
    lines += _command("kanban-mcp", main_command)
    return "\n".join(lines).rstrip() + "\n"


def _command(name: str, command: click.Command) -> Iterable[str]:
    """A section a command, those of a group below it."""
    context = click.Context(command, info_name=name)
    pieces = " ".join((name, *command.collect_usage_pieces(context)))
    yield from (f"## {name}", "", f"`{pieces}`", "", inspect.cleandoc(command.help or ""), "")
    found = (parameter.get_help_record(context) for parameter in command.get_params(context))
    rows = [row for row in found if row is not None and row[0].startswith("-") and "--help" not in row[0]]
    if rows:
        yield from ("| flag | |", "|---|---|")
        for flags, told in rows:
            yield f"| `{flags.replace('|', chr(92) + '|')}` | {told} |".replace("  ", " ")
        yield ""
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            one = command.get_command(context, below)
            assert one is not None
            yield from _command(f"{name} {below}", one)


def _specification() -> str:
    lines = [GENERATED, "# The performance specification, part by part", ""]
    lines += [
        "Under the names that the specification has; each test is one function, and that it is there is tested.",
        "",
    ]
    for chapter in dict.fromkeys(part.chapter for part in PARTS):
        lines += [
            f"## {chapter}",
            "",
            "| part | where | reached by | test | benchmark | |",
            "|---|---|---|---|---|---|",
        ]
        lines += [_part(part) for part in PARTS if part.chapter == chapter]
        lines.append("")
    return "\n".join(lines)


def _part(part: Part) -> str:
    file, _, function = part.test.partition("::")
    test = f"[{function.removeprefix('test_').replace('_', ' ')}](../../{file})"
    reached = f"`{part.reached}`" if part.reached else ""
    return f"| {part.name} | {_linked(part.place)} | {reached} | {test} | {_linked(part.benchmark)} | {part.remark} |"


def _linked(path: str) -> str:
    return f"[{Path(path).name}](../../{path})" if path else ""


def main(arguments: list[str]) -> int:
    """Write the files, or check them; the number of stale ones."""
    stale = 0
    for path, text in files().items():
        if path.exists() and path.read_text() == text:
            continue
        stale += 1
        if "--check" in arguments:
            sys.stderr.write(f"{path.relative_to(Path.cwd())} is stale: run `make docs`\n")
        else:
            path.write_text(text)
    return stale if "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
