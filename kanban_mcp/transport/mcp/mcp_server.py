"""The board over MCP: the catalogue as tools, what it shows as resources, ways of working as prompts."""

from collections.abc import Mapping
from typing import Any, TypeVar

from mcp import types
from mcp.server.caching import CacheableMethod, CacheHint
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel import NotificationOptions, Server
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from kanban_mcp.app import App
from kanban_mcp.errors import KanbanError
from kanban_mcp.models.caller import Caller, Rights
from kanban_mcp.services.boards import bad_cursor
from kanban_mcp.transport.mcp.apps import Apps
from kanban_mcp.transport.mcp.completions import Completions
from kanban_mcp.transport.mcp.prompts import Prompts
from kanban_mcp.transport.mcp.resources import Resources
from kanban_mcp.transport.mcp.subscriptions import Subscriptions
from kanban_mcp.transport.mcp.tools import Tools
from kanban_mcp.transport.problems import request_error, resource_error
from kanban_mcp.transport.wire.introduction import KEPT_SECONDS, SERVER_INFO, Introduction, actor_named
from kanban_mcp.transport.wire.pages import EXTENSIONS, MEDIA_TYPE, OFFERED, PAGE, PAGE_META, shows_pages

ListResult = TypeVar("ListResult", bound=types.PaginatedResult)

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


def mcp_server(app: App) -> "McpServer":
    """An MCP server over the app's operations; one serves any number of clients."""
    introduction, resources, prompts = Introduction(app.settings), Resources(app), Prompts(app)
    apps, tools = Apps(app), Tools(app)
    tool_lists: dict[tuple[Rights, bool], types.ListToolsResult] = {}
    completions, subscriptions = Completions(app, resources, prompts), Subscriptions(app, resources)

    async def list_tools(
        context: ServerRequestContext[Any], params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        caller, pages = caller_of(app, context), _shows_pages(context)
        if (listed := tool_lists.get((caller.rights, pages))) is None:
            found = {"tools": introduction.tools(caller, pages=pages)}
            listed = types.ListToolsResult.model_validate(found, by_name=False)
            tool_lists[caller.rights, pages] = listed
        return _whole(listed, params)

    async def call_tool(
        context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        return await tools.call(context, params, caller_of(app, context))

    async def list_resources(
        context: ServerRequestContext[Any], params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        if context.protocol_version not in MODERN_PROTOCOL_VERSIONS:
            subscriptions.listed(context)
        return await resources.listed(params.cursor if params else None, caller_of(app, context))

    async def list_templates(
        context: ServerRequestContext[Any], params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        return _whole(resources.templates(), params)

    async def read_resource(
        context: ServerRequestContext[Any], params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        caller = caller_of(app, context)
        return _page(apps.page(caller)) if params.uri == PAGE else await resources.read(params.uri, caller)

    async def subscribe(context: ServerRequestContext[Any], params: types.SubscribeRequestParams) -> types.EmptyResult:
        return await subscriptions.subscribe(context, params.uri, caller_of(app, context))

    async def unsubscribe(
        context: ServerRequestContext[Any], params: types.UnsubscribeRequestParams
    ) -> types.EmptyResult:
        return await subscriptions.unsubscribe(context, params.uri)

    async def listen(
        context: ServerRequestContext[Any], params: types.SubscriptionsListenRequestParams
    ) -> types.SubscriptionsListenResult:
        return await subscriptions.listen(context, params, caller_of(app, context))

    async def list_prompts(
        context: ServerRequestContext[Any], params: types.PaginatedRequestParams | None
    ) -> types.ListPromptsResult:
        return _whole(prompts.listed(), params)

    async def get_prompt(
        context: ServerRequestContext[Any], params: types.GetPromptRequestParams
    ) -> types.GetPromptResult:
        return await prompts.told(params.name, params.arguments or {}, caller_of(app, context))

    async def complete(context: ServerRequestContext[Any], params: types.CompleteRequestParams) -> types.CompleteResult:
        return types.CompleteResult(completion=await completions.complete(params, caller_of(app, context)))

    server = McpServer(
        SERVER_INFO["name"],
        title=SERVER_INFO["title"],
        version=SERVER_INFO["version"],
        instructions=introduction.instructions,
        cache_hints=FIXED_LISTS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
        on_subscribe_resource=subscribe,
        on_unsubscribe_resource=unsubscribe,
        on_subscriptions_listen=listen,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
        on_completion=complete,
    )
    server.middleware.append(_tell_errors)
    server.extensions = OFFERED
    server.subscriptions = subscriptions
    return server


class McpServer(Server[Any]):
    """The SDK's server, which says truly what it tells of: of the list of resources, and of no other list."""

    subscriptions: Subscriptions

    def get_capabilities(self, *args: Any, **options: Any) -> types.ServerCapabilities:
        """What clients are told at first. In the older era changes of lists are named one by one."""
        return super().get_capabilities(NotificationOptions(resources_changed=True), *args[1:], **options)


def _shows_pages(context: ServerRequestContext[Any]) -> bool:
    capabilities = context.session.client_capabilities
    return capabilities is not None and shows_pages({EXTENSIONS: capabilities.extensions})


def _page(document: str) -> types.ReadResourceResult:
    content = types.TextResourceContents(uri=PAGE, mime_type=MEDIA_TYPE, text=document, _meta=PAGE_META)
    return types.ReadResourceResult(contents=[content])


def _whole(listed: ListResult, params: types.PaginatedRequestParams | None) -> ListResult:
    """A list of one page. Raises Invalid for a cursor, since none was given."""
    if params is not None and params.cursor is not None:
        raise bad_cursor(params.cursor)
    return listed


async def _tell_errors(ctx: ServerRequestContext[Any], call_next: CallNext) -> HandlerResult:
    """Errors of what is no call of a tool, as errors of the protocol."""
    try:
        return await call_next(ctx)
    except KanbanError as error:
        if ctx.method in ("resources/read", "resources/subscribe"):
            raise resource_error(error, (ctx.params or {})["uri"], ctx.protocol_version) from None
        raise request_error(error) from None


def caller_of(app: App, context: ServerRequestContext[Any]) -> Caller:
    """Whom the request is from: whoever HTTP let in, or over stdio the one user of the process."""
    caller = Caller(app.settings.actor or "") if context.request is None else context.request.scope["caller"]
    return caller if caller.actor else caller._replace(actor=client_name(context))


def client_name(context: ServerRequestContext[Any]) -> str:
    """What the client calls itself, as an actor."""
    client = context.session.client_params
    return actor_named(client.client_info.name if client is not None else "")
