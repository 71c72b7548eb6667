"""Requests that are plain enough to be answered without the protocol's library.

Whatever is unusual in any way is not recognised, and goes to the library: nothing here may accept what that refuses.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from pydantic_core import to_json

from kanban_mcp.transport.wire.introduction import MODERN_VERSION
from kanban_mcp.transport.wire.pages import EXTENSIONS, shows_pages

RequestId: TypeAlias = int | str
Era: TypeAlias = Literal["legacy", "modern"]
"""Whether a conversation began with a handshake, or each request says who asks and how."""

PROTOCOL_VERSION = "io.modelcontextprotocol/protocolVersion"
CLIENT_INFO = "io.modelcontextprotocol/clientInfo"
CLIENT_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"

_REQUEST = {"jsonrpc", "id", "method", "params"}
_ENVELOPE = {PROTOCOL_VERSION, CLIENT_INFO, CLIENT_CAPABILITIES}
_TOLD = {"name", "title", "version"}
_KNOWN_CAPABILITIES: Mapping[str, Mapping[str, type]] = {
    "roots": {"listChanged": bool},
    "sampling": {"context": dict, "tools": dict},
    "elicitation": {"form": dict, "url": dict},
}

PROBE = to_json(
    {
        "jsonrpc": "2.0",
        "id": 0,
        "method": "server/discover",
        "params": {"_meta": {PROTOCOL_VERSION: MODERN_VERSION, CLIENT_CAPABILITIES: {}}},
    }
)
"""The least that decides for the modern era."""


class Request(NamedTuple):
    """A request: its id, its method and its parameters without those about the client."""

    id: RequestId
    method: str
    params: Mapping[str, Any]


class Asker(NamedTuple):
    """Who asks: what it calls itself, and whether it shows pages of servers."""

    name: str
    pages: bool = False


class Call(NamedTuple):
    """A call of a tool."""

    name: str
    arguments: Mapping[str, Any]


def request_in(message: Any) -> Request | None:
    """The request that a message is."""
    if type(message) is not dict or not message.keys() <= _REQUEST or message.get("jsonrpc") != "2.0":
        return None
    request, method, params = message.get("id"), message.get("method"), message.get("params", {})
    # Not isinstance: true is an int, and no id.
    if (type(request) is int or type(request) is str) and type(method) is str and type(params) is dict:
        return Request(request, method, params)
    return None


def notification_in(message: Any) -> tuple[str, Mapping[str, Any]] | None:
    """The method and parameters of the notification that a message is."""
    if type(message) is not dict or "id" in message or not message.keys() <= _REQUEST:
        return None
    method, params = message.get("method"), message.get("params", {})
    if message.get("jsonrpc") != "2.0" or type(method) is not str or type(params) is not dict:
        return None
    return method, params


def call_in(params: Mapping[str, Any]) -> Call | None:
    """The call of a tool that parameters ask for."""
    name, arguments = params.get("name"), params.get("arguments")
    if len(params) > 2 or type(name) is not str or (len(params) == 2 and "arguments" not in params):
        return None
    if arguments is None:
        return Call(name, {})
    return Call(name, arguments) if type(arguments) is dict else None


def hello_in(request: Request) -> tuple[str, Asker] | None:
    """The version that a handshake proposes, and the client."""
    params = request.params
    if request.method != "initialize" or params.keys() != {"protocolVersion", "capabilities", "clientInfo"}:
        return None
    version, name = params["protocolVersion"], _name_in(params["clientInfo"])
    if type(version) is not str or name is None or not _plain(params["capabilities"]):
        return None
    return version, Asker(name, shows_pages(params["capabilities"]))


def enveloped(request: Request) -> tuple[Request, Asker] | None:
    """A request that says who asks and how, as the modern era wants it: without that, and the client."""
    envelope = request.params.get("_meta")
    if type(envelope) is not dict or not envelope.keys() <= _ENVELOPE:
        return None
    if envelope.get(PROTOCOL_VERSION) != MODERN_VERSION or not _plain(envelope.get(CLIENT_CAPABILITIES)):
        return None
    name = _name_in(envelope[CLIENT_INFO]) if CLIENT_INFO in envelope else ""
    if name is None:
        return None
    params = {key: value for key, value in request.params.items() if key != "_meta"}
    return request._replace(params=params), Asker(name, shows_pages(envelope[CLIENT_CAPABILITIES]))


def _name_in(info: Any) -> str | None:
    """What a client calls itself, if it says no more than name, title and version."""
    if type(info) is not dict or not {"name", "version"} <= info.keys() <= _TOLD:
        return None
    return info["name"] if all(type(value) is str for value in info.values()) else None


def _plain(capabilities: Any) -> bool:
    """Whether capabilities are such as every version of the protocol takes."""
    return type(capabilities) is dict and all(
        _are_extensions(value) if name == EXTENSIONS else _as_known(value, _KNOWN_CAPABILITIES.get(name))
        for name, value in capabilities.items()
    )


def _are_extensions(value: Any) -> bool:
    return type(value) is dict and all(type(settings) is dict for settings in value.values())


def _as_known(capability: Any, fields: Mapping[str, type] | None) -> bool:
    return (
        fields is not None
        and type(capability) is dict
        and all(name in fields and type(value) is fields[name] for name, value in capability.items())
    )
