"""Charts of flow, drawn as SVG: `cumulative_flow(flow).svg`. They know models alone, and load nothing from outside."""

from kanban_mcp.charts.ageing import ageing
from kanban_mcp.charts.chart import Chart, Table
from kanban_mcp.charts.cumulative_flow import cumulative_flow
from kanban_mcp.charts.cycle_time import cycle_time
from kanban_mcp.charts.forecast import forecast
from kanban_mcp.charts.throughput import throughput

__all__ = ["Chart", "Table", "ageing", "cumulative_flow", "cycle_time", "forecast", "throughput"]
