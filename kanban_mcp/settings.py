"""Every setting, its default and the reason. Each is also a variable: `db` is KANBAN_DB.

They are checked by the core of pydantic alone: all of it would take a third of a start to load.
"""

import functools
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Self, TypeAlias, cast, get_type_hints

from pydantic_core import CoreSchema, SchemaValidator

from kanban_mcp.models.text import plain_name
from kanban_mcp.models.toolset import TOOLSETS
from kanban_mcp.store.pragmas import Durability

DEFAULT_TOOLSETS = ("core", "diagnostics")
_Check: TypeAlias = Mapping[str, Any]
"""What a value may be, in the words of the validator; text is taken for what it spells."""


def default_path() -> Path:
    """One file in the user's data folder: agents of one user share their boards unless told otherwise."""
    import platformdirs  # noqa: PLC0415 - who names a file needs no place for it

    return platformdirs.user_data_path("kanban-mcp", appauthor=False) / "kanban.db"


def _whole(least: int, most: int | None = None) -> _Check:
    return {"type": "int", "ge": least} | ({} if most is None else {"le": most})


def _above_zero(most: float | None = None) -> _Check:
    return {"type": "float", "gt": 0, "allow_inf_nan": False} | ({} if most is None else {"le": most})


def _from_zero(most: float | None = None) -> _Check:
    return {"type": "float", "ge": 0, "allow_inf_nan": False} | ({} if most is None else {"le": most})


def _one_of(*words: str) -> _Check:
    return {"type": "literal", "expected": list(words)}


def _then(check: Callable[[Any], Any], schema: _Check) -> _Check:
    return {"type": "function-after", "function": {"type": "no-info", "function": check}, "schema": schema}


def _perhaps(schema: _Check) -> _Check:
    return {"type": "nullable", "schema": schema}


def _split(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _known(toolsets: tuple[str, ...]) -> tuple[str, ...]:
    wanted = TOOLSETS if "all" in toolsets else toolsets
    unknown = [name for name in wanted if name not in TOOLSETS]
    if unknown:
        raise ValueError(f"unknown toolset {unknown[0]!r}; there are {', '.join(TOOLSETS)} and all")
    return wanted


def _networks(proxies: tuple[str, ...]) -> tuple[str, ...]:
    for proxy in proxies:
        try:
            ipaddress.ip_network(proxy, strict=False)
        except ValueError:
            raise ValueError(f"{proxy!r} is no address or network") from None
    return proxies


def _absolute(path: str | Path) -> Path:
    return Path(path).expanduser().absolute()


_FLAG: _Check = {"type": "bool"}
_TEXT: _Check = _perhaps({"type": "str"})
_NAME: _Check = _perhaps(
    _then(plain_name, {"type": "str", "strip_whitespace": True, "min_length": 1, "max_length": 100}),
)
_PATH: _Check = _perhaps(
    _then(_absolute, {"type": "union", "choices": [{"type": "is-instance", "cls": Path}, {"type": "str"}]}),
)
_LIST: _Check = {
    "type": "function-before",
    "function": {"type": "no-info", "function": _split},
    "schema": {"type": "tuple", "items_schema": [{"type": "str"}], "variadic_item_index": 0},
}
_TOOLSETS = _then(_known, _LIST)
_NETWORKS = _then(_networks, _LIST)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What flags and variables decide. Raises ValidationError for what is wrong."""

    db: Annotated[Path, _PATH] = field(default_factory=default_path)
    """The database file; made when it is not there."""
    board: Annotated[str | None, _NAME] = None
    """The board meant by calls that name none, by id or name."""
    actor: Annotated[str | None, _NAME] = None
    """In whose name calls are logged; left out, it is the client's own name."""
    toolsets: Annotated[tuple[str, ...], _TOOLSETS] = DEFAULT_TOOLSETS
    """Which operations are offered. Few by default: agents pay for each in every conversation."""
    read_only: Annotated[bool, _FLAG] = False
    """Offers no operation that writes; wins over `toolsets`."""
    output_schemas: Annotated[bool, _FLAG] = False
    """Off: some hosts drop tools that have one, and they double the tool list."""

    durability: Annotated[Durability, _one_of("normal", "full")] = "normal"
    """`normal` survives the death of any process; `full` also a power cut, at a fifth of the write speed."""
    readers: Annotated[int, _whole(2, 100)] = 10
    """Reader connections at most; more than cores only helps when the disk is slow."""
    busy_timeout: Annotated[float, _above_zero(600)] = 30.0
    """Seconds a write waits for other processes before it says `busy`."""
    mmap_size: Annotated[int, _whole(0)] = 268_435_456
    """Bytes of the file mapped into memory for reading; 0 for file systems that map badly."""
    batch_size: Annotated[int, _whole(1, 10_000)] = 100
    """Writes at most in one commit: enough to share its cost, few enough to answer soon."""
    batch_window_ms: Annotated[float, _from_zero(50)] = 0.0
    """Milliseconds to wait for more writes; 0 takes what queued during the last commit and delays nobody."""
    cache_entries: Annotated[int, _whole(0, 1_000_000)] = 1000
    """Assembled answers kept in memory; 0 keeps none."""
    cache_seconds: Annotated[float, _above_zero()] = 300.0
    """How long at most; a change ends it at once, so this only bounds what nobody asks for."""
    redis_url: Annotated[str | None, _TEXT] = None
    """A Redis that processes share answers through; needs the extra `redis`. It may fail or hang without harm."""
    redis_seconds: Annotated[float, _above_zero()] = 1800.0
    """How long answers live there at most."""
    lease_minutes: Annotated[float, _above_zero(10_080)] = 30.0
    """How long a claim lasts without a write of its holder."""
    slow_query_ms: Annotated[float, _from_zero()] = 100.0
    """Statements that take longer are logged and shown with their plan."""
    memory_budget_mb: Annotated[int, _whole(16)] = 512
    """What the process may need: a warning above 80 %, garbage is collected above 90 %."""
    log_days: Annotated[int, _whole(0)] = 0
    """Days the change log is kept; 0 keeps it for good. Undo and history end where the log does."""
    fast_lane: Annotated[bool, _FLAG] = True
    """Answers plain requests without the SDK between; off, it answers them all, the same and slower."""
    files: Annotated[Path | None, _PATH] = None
    """The one folder in which callers over MCP and HTTP may name files, to export, import and back up."""
    host: Annotated[str, _TEXT] = "127.0.0.1"
    """The address `kanban-mcp serve` listens on."""
    port: Annotated[int, _whole(0, 65_535)] = 8765
    """And its port; 0 takes a free one."""
    allowed_hosts: Annotated[tuple[str, ...], _LIST] = ()
    """Further names the server goes by, with or without a port, such as that of a proxy before it."""
    allowed_origins: Annotated[tuple[str, ...], _LIST] = ()
    """Origins whose pages may call, such as https://board.example.com. Pages of the server itself always may."""
    trusted_proxies: Annotated[tuple[str, ...], _NETWORKS] = ()
    """Addresses or networks of proxies, whose X-Forwarded-For is believed; nobody else's is."""
    rate_limit: Annotated[int, _whole(0, 1_000_000)] = 1000
    """Requests in any 60 seconds of one key, or of one address without a key; 0 for no limit."""
    websocket_connections: Annotated[int, _whole(1, 100_000)] = 1000
    """WebSockets at most; who comes beyond is told to try again later (close code 1013)."""
    websocket_heartbeat_seconds: Annotated[float, _above_zero(3600)] = 30.0
    """How often each is asked whether it is there, and the keys of all that is open are looked at; a socket that is
    gone is noticed within two heartbeats."""
    websocket_batch: Annotated[int, _whole(1, 1000)] = 10
    """Changes at most in a frame."""
    websocket_batch_ms: Annotated[float, _from_zero(10_000)] = 100.0
    """Milliseconds at most that a change waits for others; while a room is quiet it waits for none."""
    websocket_queue: Annotated[int, _whole(10, 100_000)] = 100
    """Frames waiting for one socket at most; beyond that it reads too slowly and is closed."""
    websocket_patience_seconds: Annotated[float, _above_zero(600)] = 4.0
    """How long a socket may take nothing before it is closed; with the closing itself that is under 5 s."""
    log_level: Annotated[str, _one_of("debug", "info", "warning", "error")] = "warning"
    """What goes to stderr: slow statements and failures by default."""

    def __post_init__(self) -> None:
        for name, value in _validator().validate_python(vars(self)).items():
            object.__setattr__(self, name, value)

    @classmethod
    def gathered(cls, flags: Mapping[str, Any], variables: Mapping[str, str]) -> Self:
        """From flags, those not given being None, and from variables where there is no flag."""
        named = {one.name: variables.get(f"KANBAN_{one.name.upper()}") for one in fields(cls)}
        given = {name: value for name, value in flags.items() if value is not None}
        return cls(**{name: value for name, value in {**named, **given}.items() if value is not None})


@functools.cache
def _validator() -> SchemaValidator:
    hints = get_type_hints(Settings, include_extras=True)
    checks = {name: {"type": "typed-dict-field", "schema": hint.__metadata__[0]} for name, hint in hints.items()}
    return SchemaValidator(cast(CoreSchema, {"type": "typed-dict", "fields": checks}))
