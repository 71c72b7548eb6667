"""`/metrics`: what the monitors know, for Prometheus as text and for dashboards as JSON."""

from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from kanban_mcp.app import App
from kanban_mcp.errors import Forbidden
from kanban_mcp.store.clock import stamp
from kanban_mcp.transport.problems import STATUS, problem
from kanban_mcp.transport.rest.rest import Rest

QUANTILES = (0.5, 0.95, 0.99)


class Metrics(Collector):
    """Reads the monitors when it is asked, so that being watched costs calls nothing."""

    def __init__(self, app: App, rest: Rest) -> None:
        self._app = app
        self._rest = rest
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    @property
    def routes(self) -> list[BaseRoute]:
        """Where it is in the whole application."""
        return [Route("/metrics", self._serve)]

    async def _serve(self, request: Request) -> Response:
        if "admin" not in request.scope["caller"].scopes:
            error = Forbidden("Metrics need the scope 'admin'.", hint="Use a key that has it.")
            return problem(error, instance="/metrics")
        accepted = request.headers.get("accept", "")
        if "application/json" in accepted:
            return JSONResponse(self.figures(), headers={"Cache-Control": "no-store"})
        encode, kind = choose_encoder(accepted)
        return Response(encode(self._registry), headers={"Content-Type": kind, "Cache-Control": "no-store"})

    def figures(self) -> dict[str, Any]:
        """The specification's JSON."""
        watch = self._app.watch
        performance, memory = watch.calls.get_performance(), watch.memory.get_memory()
        return {
            "timestamp": stamp(self._app.database.clock()),
            "uptime": performance.uptime_seconds,
            "performance": performance.model_dump(mode="json", exclude={"operations"}),
            "operations": [
                dict(zip(performance.operations.columns, row, strict=True)) for row in performance.operations.rows
            ],
            "memory": {
                "rss": memory.now.rss_bytes,
                "budget": memory.budget_bytes,
                "share": memory.share,
                **memory.now.figures,
            },
        }

    def collect(self) -> Iterator[Metric]:
        """Every metric, as the library asks for it."""
        yield from self._calls()
        yield self._requests()
        yield from self._cache()
        yield from self._process()

    def _calls(self) -> Iterator[Metric]:
        counted = CounterMetricFamily(
            "kanban_calls",
            "Calls of operations. `status` is the class of what HTTP answers, over every transport.",
            labels=("operation", "transport", "status"),
        )
        times = Metric("kanban_call_seconds", "From asking to answer, quantiles within 2 % since the start.", "summary")
        for calls in self._app.watch.calls.by_operation():
            labels = {"operation": calls.operation, "transport": calls.transport}
            for status, count in calls.by_status(_status).items():
                counted.add_metric((calls.operation, calls.transport, status), count)
            for share in QUANTILES:
                said = {**labels, "quantile": str(share)}
                times.samples.append(Sample("kanban_call_seconds", said, calls.times.quantile(share)))
            times.samples.append(Sample("kanban_call_seconds_count", labels, calls.times.count))
            times.samples.append(Sample("kanban_call_seconds_sum", labels, calls.times.total))
        yield counted
        yield times

    def _requests(self) -> Metric:
        found = CounterMetricFamily(
            "kanban_rest_requests",
            "Requests under /api by the template of their address; `unknown` for what is none.",
            labels=("route", "method", "status"),
        )
        for asked, count in self._rest.asked.copy().items():
            found.add_metric((asked.route, asked.method, str(asked.status)), count)
        return found

    def _cache(self) -> Iterator[Metric]:
        looked = CounterMetricFamily(
            "kanban_cache_lookups", "Looks into the cache for an answer of an operation.", labels=("view", "outcome")
        )
        for view, counts in self._app.cache.counts().items():
            looked.add_metric((view, "hit"), counts.hits)
            looked.add_metric((view, "miss"), counts.misses)
        yield looked
        yield GaugeMetricFamily("kanban_cache_entries", "Answers kept in the cache now.", value=len(self._app.cache))

    def _process(self) -> Iterator[Metric]:
        watch = self._app.watch
        mean, largest, slow = watch.queries.summary
        memory = watch.memory.look()
        yield CounterMetricFamily(
            "kanban_slow_statements", "Statements that took longer than KANBAN_SLOW_QUERY_MS.", value=slow
        )
        yield GaugeMetricFamily("kanban_statement_mean_seconds", "Mean of all statements since the start.", value=mean)
        yield GaugeMetricFamily("kanban_statement_max_seconds", "The slowest statement since the start.", value=largest)
        yield GaugeMetricFamily(
            "kanban_writes_waiting", "Writes that wait for the writer now.", value=self._app.writer.waiting
        )
        yield GaugeMetricFamily("kanban_uptime_seconds", "Since the server opened its file.", value=watch.calls.uptime)
        yield GaugeMetricFamily("kanban_memory_bytes", "Resident memory of the process.", value=memory.rss_bytes)
        open_now = GaugeMetricFamily(
            "kanban_connections", "Connections open now, by what they carry.", labels=("transport",)
        )
        for transport, count in watch.connections.by_transport.items():
            open_now.add_metric((transport,), count)
        yield open_now
        told = watch.connections.latency
        yield GaugeMetricFamily(
            "kanban_websocket_latency_mean_seconds",
            "From a change to its frame on a WebSocket, mean since the start.",
            value=told.mean,
        )
        yield GaugeMetricFamily(
            "kanban_websocket_latency_max_seconds", "The slowest since the start.", value=told.largest
        )


def _status(code: str) -> str:
    """The class of the HTTP status that an error's code stands for; 4xx for what its caller gave up."""
    return f"{STATUS.get(code, 499) // 100}xx"
