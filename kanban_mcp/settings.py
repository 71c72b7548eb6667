"""Every setting, its default and the reason. Each is also a variable: `db` is KANBAN_DB."""

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from kanban_mcp.catalog import TOOLSETS
from kanban_mcp.models.fields import Actor, Name
from kanban_mcp.store.pragmas import Durability

DEFAULT_TOOLSETS = ("core", "diagnostics")


def default_path() -> Path:
    """One file in the user's data folder: agents of one user share their boards unless told otherwise."""
    import platformdirs  # noqa: PLC0415 - who names a file needs no place for it

    return platformdirs.user_data_path("kanban-mcp", appauthor=False) / "kanban.db"


class Settings(BaseModel):
    """What flags and variables decide."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    db: Path = Field(default_factory=default_path)
    """The database file; made when it is not there."""
    board: Name | None = None
    """The board meant by calls that name none, by id or name."""
    actor: Actor | None = None
    """In whose name calls are logged; left out, it is the client's own name."""
    toolsets: tuple[str, ...] = DEFAULT_TOOLSETS
    """Which operations are offered. Few by default: agents pay for each in every conversation."""
    read_only: bool = False
    """Offers no operation that writes; wins over `toolsets`."""
    output_schemas: bool = False
    """Off: some hosts drop tools that have one, and they double the tool list."""

    durability: Durability = "normal"
    """`normal` survives the death of any process; `full` also a power cut, at a fifth of the write speed."""
    readers: Annotated[int, Field(ge=2, le=100)] = 10
    """Reader connections at most; more than cores only helps when the disk is slow."""
    busy_timeout: Annotated[float, Field(gt=0, le=600)] = 30.0
    """Seconds a write waits for other processes before it says `busy`."""
    mmap_size: Annotated[int, Field(ge=0)] = 268_435_456
    """Bytes of the file mapped into memory for reading; 0 for file systems that map badly."""
    batch_size: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Writes at most in one commit: enough to share its cost, few enough to answer soon."""
    batch_window_ms: Annotated[float, Field(ge=0, le=50)] = 0.0
    """Milliseconds to wait for more writes; 0 takes what queued during the last commit and delays nobody."""
    cache_entries: Annotated[int, Field(ge=0, le=1_000_000)] = 1000
    """Assembled answers kept in memory; 0 keeps none."""
    cache_seconds: Annotated[float, Field(gt=0)] = 300.0
    """How long at most; a change ends it at once, so this only bounds what nobody asks for."""
    redis_url: str | None = None
    """A Redis that processes share answers through; needs the extra `redis`. It may fail or hang without harm."""
    redis_seconds: Annotated[float, Field(gt=0)] = 1800.0
    """How long answers live there at most."""
    lease_minutes: Annotated[float, Field(gt=0, le=10_080)] = 30.0
    """How long a claim lasts without a write of its holder."""
    slow_query_ms: Annotated[float, Field(ge=0)] = 100.0
    """Statements that take longer are logged and shown with their plan."""
    memory_budget_mb: Annotated[int, Field(ge=16)] = 512
    """What the process may need: a warning above 80 %, garbage is collected above 90 %."""
    log_days: Annotated[int, Field(ge=0)] = 0
    """Days the change log is kept; 0 keeps it for good. Undo and history end where the log does."""
    fast_lane: bool = True
    """Answers plain requests without the SDK between; off, it answers them all, the same and slower."""
    files: Path | None = None
    """The one folder in which callers over MCP and HTTP may name files, to export, import and back up."""
    host: str = "127.0.0.1"
    """The address `kanban-mcp serve` listens on."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8765
    """And its port; 0 takes a free one."""
    allowed_hosts: tuple[str, ...] = ()
    """Further names the server goes by, with or without a port, such as that of a proxy before it."""
    allowed_origins: tuple[str, ...] = ()
    """Origins whose pages may call, such as https://board.example.com. Pages of the server itself always may."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks of proxies, whose X-Forwarded-For is believed; nobody else's is."""
    rate_limit: Annotated[int, Field(ge=0, le=1_000_000)] = 1000
    """Requests in any 60 seconds of one key, or of one address without a key; 0 for no limit."""
    websocket_connections: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """WebSockets at most; who comes beyond is told to try again later (close code 1013)."""
    websocket_heartbeat_seconds: Annotated[float, Field(gt=0, le=3600)] = 30.0
    """How often each is asked whether it is there; one that is gone is noticed within two heartbeats."""
    websocket_batch: Annotated[int, Field(ge=1, le=1000)] = 10
    """Changes at most in a frame."""
    websocket_batch_ms: Annotated[float, Field(ge=0, le=10_000)] = 100.0
    """Milliseconds at most that a change waits for others; while a room is quiet it waits for none."""
    websocket_queue: Annotated[int, Field(ge=10, le=100_000)] = 100
    """Frames waiting for one socket at most; beyond that it reads too slowly and is closed."""
    websocket_patience_seconds: Annotated[float, Field(gt=0, le=600)] = 4.0
    """How long a socket may take nothing before it is closed; with the closing itself that is under 5 s."""
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    """What goes to stderr: slow statements and failures by default."""

    @classmethod
    def gathered(cls, flags: Mapping[str, Any], variables: Mapping[str, str]) -> Self:
        """From flags, those not given being None, and from variables where there is no flag."""
        named = {name: variables.get(f"KANBAN_{name.upper()}") for name in cls.model_fields}
        given = {name: value for name, value in flags.items() if value is not None}
        return cls(**{name: value for name, value in {**named, **given}.items() if value is not None})

    @field_validator("toolsets", "allowed_hosts", "allowed_origins", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("toolsets")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wanted = TOOLSETS if "all" in value else value
        unknown = [name for name in wanted if name not in TOOLSETS]
        if unknown:
            raise ValueError(f"unknown toolset {unknown[0]!r}; there are {', '.join(TOOLSETS)} and all")
        return tuple(wanted)

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in value:
            try:
                ipaddress.ip_network(proxy, strict=False)
            except ValueError:
                raise ValueError(f"{proxy!r} is no address or network") from None
        return value

    @field_validator("db", "files")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser().absolute()
