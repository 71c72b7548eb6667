"""The trace that a request over HTTP belongs to: W3C `traceparent`, or whatever propagators are configured."""

from opentelemetry import context
from opentelemetry.propagate import extract
from starlette.types import ASGIApp, Receive, Scope, Send


class Traces:
    """Answers a request within the trace that its headers name. Stands behind what decides who may ask: whoever names
    a trace may have it kept.
    """

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on in its context."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        named = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        token = context.attach(extract(named))
        try:
            await self._inner(scope, receive, send)
        finally:
            context.detach(token)
