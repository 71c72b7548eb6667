"""Messages of JSON-RPC as they come in, and what is answered to what is none."""

import json

from mcp import types
from pydantic import ValidationError
from pydantic_core import from_json


def written(message: types.JSONRPCMessage) -> bytes:
    """A message as it goes over the wire."""
    return message.model_dump_json(by_alias=True, exclude_unset=True).encode()


class NoMessage(Exception):
    """What is no message."""

    def __init__(self, code: int, message: str, request: object = None) -> None:
        super().__init__(message)
        self._error = types.ErrorData(code=code, message=message)
        self._request = request

    def answer(self) -> types.JSONRPCError:
        """What the client is told, under the id it gave where that is one."""
        try:
            return types.JSONRPCError.model_validate({"jsonrpc": "2.0", "id": self._request, "error": self._error})
        except ValidationError:
            return types.JSONRPCError(jsonrpc="2.0", id=None, error=self._error)


def parsed(data: bytes) -> types.JSONRPCMessage:
    """The message in a line, or in the body of a request. Raises NoMessage."""
    try:
        message = types.jsonrpc_message_adapter.validate_json(data, by_name=False)
    except ValidationError:
        raise _fault(data) from None
    # The SDK takes a request whose id is neither text nor integer for a notification: it would never be answered.
    # A notification has no id at all, and MCP forbids one that is null.
    if isinstance(message, types.JSONRPCNotification) and "id" in from_json(data):
        raise NoMessage(types.INVALID_REQUEST, "The id is neither a string nor an integer.")
    return message


def _fault(data: bytes) -> NoMessage:
    try:
        value = from_json(data)
    except ValueError as error:
        return NoMessage(types.PARSE_ERROR, f"This is not JSON in UTF-8: {error}", _id_in(data))
    if not isinstance(value, dict):
        return NoMessage(types.INVALID_REQUEST, "This is not one JSON-RPC 2.0 message.")
    if not isinstance(value.get("params", {}), dict):
        return NoMessage(types.INVALID_REQUEST, "The params are not an object.", value.get("id"))
    return NoMessage(types.INVALID_REQUEST, "This is not one JSON-RPC 2.0 message.", value.get("id"))


def _id_in(data: bytes) -> object:
    """The id where the fault is in a text elsewhere: half a surrogate pair, or bytes that are not UTF-8."""
    try:
        request = json.loads(data.decode(errors="replace"))["id"]
    except (ValueError, RecursionError, LookupError, TypeError):
        return None
    return request if str(request).isascii() else None
