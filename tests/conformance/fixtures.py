"""What the conformance suite calls by name and no real server has: its tools, resources and prompts.

The board's own server carries them, so that whatever the suite sends goes through our transports, middleware and eras.
"""

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mcp import MCPError, types
from mcp.server.context import ServerRequestContext
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.prompts.base import UserMessage
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.shared.message import ServerMessageMetadata

from kanban_mcp.app import App
from kanban_mcp.transport.mcp.mcp_server import McpServer

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
"""A picture of one point."""
SILENCE = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA="
"""A sound of one sample."""

suite = MCPServer("suite")


def fixtured(app: App) -> McpServer:
    """The board's server, which also answers to the names of the suite."""
    server = McpServer(app)
    inner = suite._lowlevel_server  # it has no public name, and these are its handlers as they are
    for method in ("tools/call", "prompts/get", "resources/read"):
        handler = inner.get_request_handler(method)
        assert handler is not None
        _share(server, method, handler.handler)
    _share(server, "resources/subscribe", _agreed)
    _share(server, "resources/unsubscribe", _agreed)
    _share(server, "completion/complete", _completed)
    server.middleware.append(RequestStateBoundary(RequestStateSecurity.ephemeral(), default_audience="suite"))
    return server


Handler = Callable[[ServerRequestContext[Any], Any], Awaitable[Any]]


def _share(server: McpServer, method: str, theirs: Handler) -> None:
    """Give what is named as the suite names its things to the suite's handler, the rest to ours."""
    ours = server.get_request_handler(method)
    assert ours is not None

    async def handle(context: ServerRequestContext[Any], params: Any) -> Any:
        if not _named(params).startswith(("test_", "test://")):
            return await ours.handler(context, params)
        return await theirs(context, params)

    server.add_request_handler(method, ours.params_type, handle)


async def _agreed(context: ServerRequestContext[Any], params: Any) -> types.EmptyResult:
    return types.EmptyResult()


async def _completed(context: ServerRequestContext[Any], params: Any) -> types.CompleteResult:
    return types.CompleteResult(completion=types.Completion(values=["paris", "park", "party"]))


def _named(params: Any) -> str:
    """What a request is about: a tool or prompt by name, a resource by URI, or what is to be completed."""
    meant = getattr(params, "ref", params)
    return str(getattr(meant, "name", None) or meant.uri)


# What tools answer


def _embedded(uri: str, text: str, kind: str = "text/plain") -> types.EmbeddedResource:
    return types.EmbeddedResource(resource=types.TextResourceContents(uri=uri, mime_type=kind, text=text))


@suite.tool()
def test_simple_text() -> str:
    return "This is a simple text response for testing."


@suite.tool()
def test_image_content() -> list[types.ImageContent]:
    return [types.ImageContent(data=PIXEL, mime_type="image/png")]


@suite.tool()
def test_audio_content() -> list[types.AudioContent]:
    return [types.AudioContent(data=SILENCE, mime_type="audio/wav")]


@suite.tool()
def test_embedded_resource() -> list[types.EmbeddedResource]:
    return [_embedded("test://embedded-resource", "This is an embedded resource content.")]


@suite.tool()
def test_multiple_content_types() -> list[types.TextContent | types.ImageContent | types.EmbeddedResource]:
    return [
        types.TextContent(text="Multiple content types test:"),
        types.ImageContent(data=PIXEL, mime_type="image/png"),
        _embedded("test://mixed-content-resource", '{"test": "data", "value": 123}', "application/json"),
    ]


@suite.tool()
def test_error_handling() -> str:
    raise RuntimeError("This tool intentionally returns an error for testing")


@suite.tool()
async def test_tool_with_progress(context: Context[Any]) -> str:
    for done in (0, 50, 100):
        await context.report_progress(progress=done, total=100, message=f"{done} of 100")
    return "done"


@suite.tool()
def test_missing_capability(context: Context[Any]) -> str:
    capabilities = context.session.client_capabilities
    if capabilities is None or capabilities.sampling is None:
        raise MCPError(
            code=types.MISSING_REQUIRED_CLIENT_CAPABILITY,
            message="This needs a client that samples.",
            data={"requiredCapabilities": {"sampling": {}}},
        )
    return "The client samples."


# What tools ask back, in the older era: during the call


def _question(properties: Mapping[str, Any], message: str = "Please answer") -> types.ElicitRequestFormParams:
    schema = {"type": "object", "properties": dict(properties), "required": list(properties)}
    return types.ElicitRequestFormParams(message=message, requested_schema=schema)


async def _elicited(context: Context[Any], params: types.ElicitRequestFormParams) -> str:
    reply = await context.session.elicit_form(
        params.message, params.requested_schema, related_request_id=context.request_id
    )
    return f"action={reply.action}, content={json.dumps(reply.content)}"


@suite.tool()
async def test_sampling(prompt: str, context: Context[Any]) -> str:
    request = types.CreateMessageRequest(params=_sample(prompt))
    related = ServerMessageMetadata(related_request_id=context.request_id)
    reply = await context.session.send_request(request, types.CreateMessageResult, metadata=related)
    return f"LLM response: {reply.content}"


@suite.tool()
async def test_elicitation(message: str, context: Context[Any]) -> str:
    return await _elicited(context, _question({"response": {"type": "string"}}, message))


@suite.tool()
async def test_elicitation_sep1034_defaults(context: Context[Any]) -> str:
    properties = {
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
        "verified": {"type": "boolean", "default": True},
    }
    return await _elicited(context, _question(properties))


@suite.tool()
async def test_elicitation_sep1330_enums(context: Context[Any]) -> str:
    titled = [{"const": value, "title": value.title()} for value in ("low", "middle", "high")]
    properties = {
        "untitledSingle": {"type": "string", "enum": ["low", "middle", "high"]},
        "titledSingle": {"type": "string", "oneOf": titled},
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": ["low", "middle", "high"]}},
        "titledMulti": {"type": "array", "items": {"anyOf": titled}},
        "legacyEnum": {"type": "string", "enum": ["low", "high"], "enumNames": ["Low", "High"]},
    }
    return await _elicited(context, _question(properties))


# What tools ask back, in the modern era: in their result, and the client calls again


Answered = str | types.InputRequiredResult


def _sample(prompt: str) -> types.CreateMessageRequestParams:
    message = types.SamplingMessage(role="user", content=types.TextContent(text=prompt))
    return types.CreateMessageRequestParams(messages=[message], max_tokens=100)


def _form(name: str, kind: str = "string") -> types.ElicitRequest:
    return types.ElicitRequest(params=_question({name: {"type": kind}}))


def _replied(context: Context[Any], *names: str) -> dict[str, Any] | None:
    """The contents of the replies by name; None while one is not there."""
    replies = context.input_responses or {}
    return {name: getattr(replies[name], "content", None) for name in names} if replies.keys() >= set(names) else None


@suite.tool()
def test_input_required_result_elicitation(context: Context[Any]) -> Answered:
    if replied := _replied(context, "user_name"):
        return f"Hello, {(replied['user_name'] or {}).get('name')}!"
    return types.InputRequiredResult(input_requests={"user_name": _form("name")})


@suite.tool()
def test_input_required_result_sampling(context: Context[Any]) -> Answered:
    if replied := _replied(context, "capital_question"):
        return f"Model said: {replied['capital_question']}"
    question = types.CreateMessageRequest(params=_sample("What is the capital of France?"))
    return types.InputRequiredResult(input_requests={"capital_question": question})


@suite.tool()
def test_input_required_result_list_roots(context: Context[Any]) -> Answered:
    if _replied(context, "client_roots"):
        return "The client has roots."
    return types.InputRequiredResult(input_requests={"client_roots": types.ListRootsRequest()})


@suite.tool()
def test_input_required_result_request_state(context: Context[Any]) -> Answered:
    if _replied(context, "confirm") and context.request_state == "first":
        return "state-ok"
    return types.InputRequiredResult(input_requests={"confirm": _form("ok", "boolean")}, request_state="first")


@suite.tool()
def test_input_required_result_tampered_state(context: Context[Any]) -> Answered:
    return test_input_required_result_request_state(context)


@suite.tool()
def test_input_required_result_multiple_inputs(context: Context[Any]) -> Answered:
    asked: dict[str, types.InputRequest] = {
        "user_name": _form("name"),
        "greeting": types.CreateMessageRequest(params=_sample("Greet me")),
        "client_roots": types.ListRootsRequest(),
    }
    if _replied(context, *asked):
        return "All is there."
    return types.InputRequiredResult(input_requests=asked, request_state="several")


@suite.tool()
def test_input_required_result_multi_round(context: Context[Any]) -> Answered:
    if context.request_state == "second" and _replied(context, "step2"):
        return "Both are there."
    if context.request_state == "first" and _replied(context, "step1"):
        return types.InputRequiredResult(input_requests={"step2": _form("color")}, request_state="second")
    return types.InputRequiredResult(input_requests={"step1": _form("name")}, request_state="first")


@suite.tool()
def test_input_required_result_capabilities(context: Context[Any]) -> Answered:
    capabilities = context.session.client_capabilities
    asked: dict[str, types.InputRequest] = {}
    if capabilities is not None and capabilities.sampling is not None:
        asked["sample"] = types.CreateMessageRequest(params=_sample("Greet me"))
    if capabilities is not None and capabilities.elicitation is not None:
        asked["ask"] = _form("name")
    return types.InputRequiredResult(input_requests=asked, request_state="asked")


# Resources and prompts


@suite.resource("test://static-text", mime_type="text/plain")
def static_text() -> str:
    return "This is the content of the static text resource."


@suite.resource("test://static-binary", mime_type="image/png")
def static_binary() -> bytes:
    return base64.b64decode(PIXEL)


@suite.resource("test://template/{id}/data", mime_type="application/json")
def template(id: str) -> str:
    return json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})


@suite.prompt()
def test_simple_prompt() -> str:
    return "This is a simple prompt for testing."


@suite.prompt()
def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
    return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"


@suite.prompt()
def test_prompt_with_embedded_resource(resourceUri: str) -> list[UserMessage]:
    return [UserMessage(_embedded(resourceUri, "Embedded resource content for testing."))]


@suite.prompt()
def test_prompt_with_image() -> list[UserMessage]:
    return [UserMessage(types.ImageContent(data=PIXEL, mime_type="image/png"))]


@suite.prompt()
def test_input_required_result_prompt(context: Context[Any]) -> str | types.InputRequiredResult:
    if replied := _replied(context, "user_context"):
        return f"Mind this: {replied['user_context']}"
    return types.InputRequiredResult(input_requests={"user_context": _form("context")})
