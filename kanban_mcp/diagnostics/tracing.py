"""Calls as OpenTelemetry spans, through its API alone: whoever runs the server chooses who collects them."""

import os
import sys
import time
from typing import TYPE_CHECKING

from kanban_mcp import __version__

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

_NAMED = "OTEL_PYTHON_TRACER_PROVIDER"
"""The variable by which OpenTelemetry is told to load a provider with its API."""


class Tracing:
    """Makes a span of each call, once that is over: what it took is known then, and nothing waits for it before.

    Its parent is whatever span the call came in: one of another service, which the transport says, or of the SDK.
    """

    def __init__(self, tracer: "Tracer") -> None:
        from opentelemetry import trace  # noqa: PLC0415 - loaded where spans are collected, and nowhere else

        self._tracer = tracer
        self._current = trace.get_current_span
        self._entry, self._inner = trace.SpanKind.SERVER, trace.SpanKind.INTERNAL
        self._failed = trace.Status(trace.StatusCode.ERROR)

    def observe(self, operation: str, transport: str, seconds: float, error: str | None) -> None:
        """Tell of one call. Names and attributes are those of the catalogue, never what callers wrote."""
        ended = time.time_ns()
        above = self._current().get_span_context()
        span = self._tracer.start_span(
            operation,
            kind=self._entry if above.is_remote or not above.is_valid else self._inner,
            attributes={"kanban.operation": operation, "kanban.transport": transport},
            start_time=ended - int(seconds * 1e9),
        )
        if error is not None:
            span.set_attribute("error.type", error)
            span.set_status(self._failed)
        span.end(ended)


def tracing() -> Tracing | None:
    """Spans, if somebody collects them in this process; None otherwise, and then nothing of it is loaded.

    A collector is there before the server is: `opentelemetry-instrument` starts both, as does a program around it.
    """
    if "opentelemetry.trace" not in sys.modules and _NAMED not in os.environ:
        return None
    from opentelemetry import trace  # noqa: PLC0415 - as above

    provider = trace.get_tracer_provider()
    if isinstance(provider, trace.ProxyTracerProvider | trace.NoOpTracerProvider):
        return None
    return Tracing(provider.get_tracer("kanban-mcp", __version__))
