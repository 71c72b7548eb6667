"""Calls of tools, confirmed by the user before anything is deleted."""

from typing import Any

from mcp import MCPError, types
from mcp.server.context import ServerRequestContext
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from kanban_mcp.answers import problem
from kanban_mcp.app import App
from kanban_mcp.errors import Forbidden, KanbanError, Unconfirmed
from kanban_mcp.models.caller import Caller
from kanban_mcp.transport.mcp.apps import Apps
from kanban_mcp.transport.mcp.markdown import board
from kanban_mcp.transport.mcp.reporting import reported
from kanban_mcp.transport.problems import tool_error, tool_result

QUESTION = "confirm"
"""The name of the one question, and of its one field."""
FORM = {
    "type": "object",
    "properties": {QUESTION: {"type": "boolean", "title": "Delete it for good"}},
    "required": [QUESTION],
}


class Tools:
    """Calls operations for clients."""

    def __init__(self, app: App) -> None:
        self._runner = app.runner
        self._apps = Apps(app)

    async def call(
        self, context: ServerRequestContext[Any], params: types.CallToolRequestParams, caller: Caller
    ) -> types.CallToolResult | types.InputRequiredResult:
        """Carry out a call. Where it lacks a confirmation and the client can ask its user, that is asked for."""
        arguments, transport = params.arguments or {}, "stdio" if context.request is None else "http"
        try:
            async with reported(context):
                try:
                    return await self._answered(params.name, arguments, caller, transport)
                except Unconfirmed as unconfirmed:
                    asked = await _asked(context, params, unconfirmed)
                    if isinstance(asked, types.InputRequiredResult):
                        return asked
                    _check(asked, unconfirmed)
                    return await self._answered(params.name, {**arguments, QUESTION: True}, caller, transport)
        except KanbanError as error:
            return tool_error(self._runner.catalog.advised(error, caller))

    async def _answered(
        self, name: str, arguments: dict[str, Any], caller: Caller, transport: str
    ) -> types.CallToolResult:
        if name == self._apps.operation.name:
            shown = await self._apps.shown(arguments, caller, transport)
            return tool_result(shown._replace(text=board(shown.value)))
        return tool_result(await self._runner.answer(name, arguments, caller=caller, transport=transport))


async def _asked(
    context: ServerRequestContext[Any], params: types.CallToolRequestParams, unconfirmed: Unconfirmed
) -> types.ElicitResult | types.InputRequiredResult | None:
    """What the user said, or the question to put to them; None where the client cannot ask.

    Since revision 2026-07-28 the client repeats its call with the reply; before, it is asked during the call.
    """
    if not _can_ask(context):
        return None
    message = problem(unconfirmed).value["message"]
    if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
        reply = (params.input_responses or {}).get(QUESTION)
        if isinstance(reply, types.ElicitResult):
            return reply
        form = types.ElicitRequestFormParams(message=message, requested_schema=FORM)
        return types.InputRequiredResult(input_requests={QUESTION: types.ElicitRequest(params=form)})
    try:
        return await context.session.elicit_form(message, FORM, related_request_id=context.request_id)
    except (MCPError, ValidationError):
        # It said it could and cannot now: as with a client that never could.
        return None


def _can_ask(context: ServerRequestContext[Any]) -> bool:
    """Whether the client shows forms to its user; one that says nothing more of how it asks does."""
    capabilities = context.session.client_capabilities
    asking = capabilities.elicitation if capabilities else None
    return asking is not None and (asking.form is not None or asking.url is None)


def _check(reply: types.ElicitResult | None, unconfirmed: Unconfirmed) -> None:
    """Raise unless the user agreed."""
    if reply is None:
        raise unconfirmed
    if reply.action != "accept" or (reply.content or {}).get(QUESTION) is not True:
        raise Forbidden("The user did not agree to delete it.", hint="Leave it as it is, or ask them what they want.")
