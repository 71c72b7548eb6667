"""What answers each request of MCP that needs the board, by the names the SDK has for them."""

from typing import Any, TypeAlias, TypeVar

from mcp import types
from mcp.server.context import ServerRequestContext
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from kanban_mcp.app import App
from kanban_mcp.models.caller import Caller, Rights
from kanban_mcp.services.boards import bad_cursor
from kanban_mcp.transport.mcp.apps import Apps
from kanban_mcp.transport.mcp.completions import Completions
from kanban_mcp.transport.mcp.prompts import Prompts
from kanban_mcp.transport.mcp.resources import Resources
from kanban_mcp.transport.mcp.subscriptions import Subscriptions
from kanban_mcp.transport.mcp.tools import Tools
from kanban_mcp.transport.wire.introduction import Introduction, actor_named
from kanban_mcp.transport.wire.pages import EXTENSIONS, MEDIA_TYPE, PAGE, PAGE_META, shows_pages

Context: TypeAlias = ServerRequestContext[Any]
Paged: TypeAlias = types.PaginatedRequestParams | None
ListResult = TypeVar("ListResult", bound=types.PaginatedResult)


class Handlers:
    """Says whom a request is from, and hands it to the part that knows. They raise KanbanError."""

    def __init__(self, app: App, introduction: Introduction) -> None:
        self._app = app
        self._introduction = introduction
        self._tools, self._apps = Tools(app), Apps(app)
        self._tool_lists: dict[tuple[Rights, bool], types.ListToolsResult] = {}
        self._resources, self._prompts = Resources(app), Prompts(app)
        self._completions = Completions(app, self._resources, self._prompts)
        self.subscriptions = Subscriptions(app, self._resources)

    async def list_tools(self, context: Context, params: Paged) -> types.ListToolsResult:
        """The tools for this caller; made once for all that have the same rights."""
        caller, pages = self.caller(context), _shows_pages(context)
        if (listed := self._tool_lists.get((caller.rights, pages))) is None:
            found = {"tools": self._introduction.tools(caller, pages=pages)}
            listed = types.ListToolsResult.model_validate(found, by_name=False)
            self._tool_lists[caller.rights, pages] = listed
        return _whole(listed, params)

    async def call_tool(
        self, context: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        """What an operation answers, or a question to the user before it."""
        return await self._tools.call(context, params, self.caller(context))

    async def list_resources(self, context: Context, params: Paged) -> types.ListResourcesResult:
        """A page of what the boards show; who lists in the older era hears when the list changes."""
        if context.protocol_version not in MODERN_PROTOCOL_VERSIONS:
            self.subscriptions.listed(context)
        return await self._resources.listed(params.cursor if params else None, self.caller(context))

    async def list_templates(self, context: Context, params: Paged) -> types.ListResourceTemplatesResult:
        """The forms that addresses of resources have."""
        return _whole(self._resources.templates(), params)

    async def read_resource(
        self, context: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        """What is at an address: of a board, or the page that hosts show."""
        caller = self.caller(context)
        if params.uri == PAGE:
            return _page(self._apps.page(caller))
        return await self._resources.read(params.uri, caller)

    async def subscribe(self, context: Context, params: types.SubscribeRequestParams) -> types.EmptyResult:
        """Note an address for a connection: the older era."""
        return await self.subscriptions.subscribe(context, params.uri, self.caller(context))

    async def unsubscribe(self, context: Context, params: types.UnsubscribeRequestParams) -> types.EmptyResult:
        """Take back `subscribe`."""
        return await self.subscriptions.unsubscribe(context, params.uri)

    async def listen(
        self, context: Context, params: types.SubscriptionsListenRequestParams
    ) -> types.SubscriptionsListenResult:
        """Tell of changes until the client has heard enough: the modern era."""
        return await self.subscriptions.listen(context, params, self.caller(context))

    async def list_prompts(self, context: Context, params: Paged) -> types.ListPromptsResult:
        """The ways of working there are."""
        return _whole(self._prompts.listed(), params)

    async def get_prompt(self, context: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        """One of them, with what is on the board now."""
        return await self._prompts.told(params.name, params.arguments or {}, self.caller(context))

    async def complete(self, context: Context, params: types.CompleteRequestParams) -> types.CompleteResult:
        """What may stand for an argument of a prompt or a part of an address."""
        return types.CompleteResult(completion=await self._completions.complete(params, self.caller(context)))

    def caller(self, context: Context) -> Caller:
        """Whom a request is from: whoever HTTP let in, or over stdio the one user of the process."""
        request = context.request
        caller = Caller(self._app.settings.actor or "") if request is None else request.scope["caller"]
        return caller if caller.actor else caller._replace(actor=_client_name(context))


def _client_name(context: Context) -> str:
    """What the client calls itself, as an actor."""
    client = context.session.client_params
    return actor_named(client.client_info.name if client is not None else "")


def _shows_pages(context: Context) -> bool:
    capabilities = context.session.client_capabilities
    return capabilities is not None and shows_pages({EXTENSIONS: capabilities.extensions})


def _page(document: str) -> types.ReadResourceResult:
    content = types.TextResourceContents(uri=PAGE, mime_type=MEDIA_TYPE, text=document, _meta=PAGE_META)
    return types.ReadResourceResult(contents=[content])


def _whole(listed: ListResult, params: Paged) -> ListResult:
    """A list of one page. Raises Invalid for a cursor, since none was given."""
    if params is not None and params.cursor is not None:
        raise bad_cursor(params.cursor)
    return listed
