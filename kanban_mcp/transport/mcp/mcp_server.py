"""The board over MCP: the catalogue as tools, what it shows as resources, ways of working as prompts."""

from collections.abc import Mapping
from typing import Any

from mcp import types
from mcp.server.caching import CacheableMethod, CacheHint
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel import NotificationOptions, Server
from pydantic import ValidationError

from kanban_mcp.app import App
from kanban_mcp.errors import KanbanError
from kanban_mcp.transport.mcp.handlers import Handlers
from kanban_mcp.transport.problems import parameters_error, request_error, resource_error
from kanban_mcp.transport.wire.introduction import KEPT_SECONDS, SERVER_INFO, Introduction
from kanban_mcp.transport.wire.pages import OFFERED

FIXED = CacheHint(ttl_ms=KEPT_SECONDS * 1000, scope="public")
FIXED_LISTS: Mapping[CacheableMethod, CacheHint] = {
    "tools/list": CacheHint(ttl_ms=FIXED.ttl_ms, scope="private"),
    "prompts/list": FIXED,
    "resources/templates/list": FIXED,
    "server/discover": FIXED,
}
"""What stays the same as long as the server runs, tools for a key and the rest for everybody; what the boards show is
never said to stay.
"""


class McpServer(Server[Any]):
    """The SDK's server over the app's operations; one serves any number of clients."""

    def __init__(self, app: App) -> None:
        introduction = Introduction(app.settings)
        handlers = Handlers(app, introduction)
        super().__init__(
            SERVER_INFO["name"],
            title=SERVER_INFO["title"],
            version=SERVER_INFO["version"],
            instructions=introduction.instructions,
            cache_hints=FIXED_LISTS,
            on_list_tools=handlers.list_tools,
            on_call_tool=handlers.call_tool,
            on_list_resources=handlers.list_resources,
            on_list_resource_templates=handlers.list_templates,
            on_read_resource=handlers.read_resource,
            on_subscribe_resource=handlers.subscribe,
            on_unsubscribe_resource=handlers.unsubscribe,
            on_subscriptions_listen=handlers.listen,
            on_list_prompts=handlers.list_prompts,
            on_get_prompt=handlers.get_prompt,
            on_completion=handlers.complete,
        )
        self._catalog, self._caller = app.catalog, handlers.caller
        self.middleware.append(self._tell_errors)
        self.extensions = OFFERED
        self.subscriptions = handlers.subscriptions

    def get_capabilities(self, *args: Any, **options: Any) -> types.ServerCapabilities:
        """What clients are told at first. Only the list of resources changes; the older era is told so of each list."""
        return super().get_capabilities(NotificationOptions(resources_changed=True), *args[1:], **options)

    async def _tell_errors(self, ctx: ServerRequestContext[Any], call_next: CallNext) -> HandlerResult:
        """Errors of what is no call of a tool, as errors of the protocol, and what is wrong with any request."""
        try:
            return await call_next(ctx)
        except ValidationError as wrong:
            raise request_error(parameters_error(wrong)) from None
        except KanbanError as error:
            error = self._catalog.advised(error, self._caller(ctx))
            if ctx.method in ("resources/read", "resources/subscribe"):
                raise resource_error(error, (ctx.params or {})["uri"], ctx.protocol_version) from None
            raise request_error(error) from None
