"""What is changed in generated requests: nothing waits, so that many can be tried."""

from typing import Any

import schemathesis


@schemathesis.hook
def map_query(context: Any, query: dict[str, Any] | None) -> dict[str, Any] | None:
    """Requests that may wait for news do not."""
    return None if query is None else {name: value for name, value in query.items() if name != "wait"}


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Profiles are short."""
    profiling = context.operation.path.endswith("/profile") and isinstance(body, dict)
    return {**body, "seconds": 0.1} if profiling else body
