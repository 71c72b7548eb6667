"""The OpenAPI document as a page for people: made here, without scripts, and without anything from another server."""

import functools
import json
import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kanban_mcp.transport.openapi import OpenApi

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

_CODE = re.compile("`([^`]+)`")

STYLE = """
:root { color-scheme: light dark; --line: light-dark(#d7dce2, #3a424d); --soft: light-dark(#f4f6f8, #1d2229);
  --text: light-dark(#1c2430, #e3e8ee); --dim: light-dark(#566272, #9aa7b5); --link: light-dark(#0b5cad, #7cb8f5);
  --page: light-dark(#ffffff, #14181d); --method: light-dark(#0b5cad, #7cb8f5); }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { margin: 0 0 .25rem; } h2 { margin: 2.5rem 0 .5rem; } h3 { margin: 1rem 0 .25rem; font-size: 1rem; }
a { color: var(--link); } p { margin: .5rem 0; } .dim { color: var(--dim); }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: 1rem 0; }
details { border: 1px solid var(--line); border-radius: 8px; margin: .5rem 0; background: var(--page); }
details:target { outline: 2px solid var(--link); }
summary { padding: .6rem .8rem; cursor: pointer; overflow-wrap: anywhere; }
summary .dim { display: block; margin-left: 5.2rem; }
summary:focus-visible, a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
details > div { padding: 0 .8rem .8rem; border-top: 1px solid var(--line); }
.method { display: inline-block; min-width: 4.2rem; font: 700 .85rem ui-monospace, monospace; color: var(--method); }
code, pre { font: .875rem/1.45 ui-monospace, monospace; }
pre { background: var(--soft); padding: .75rem; border-radius: 6px; overflow-x: auto; max-height: 24rem; }
.table { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .925rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--line); }
"""


class Reader:
    """The page at `/docs`, and its style."""

    def __init__(self, openapi: OpenApi) -> None:
        self._openapi = openapi

    @property
    def routes(self) -> list[BaseRoute]:
        """Where it is in the whole application."""
        return [Route("/docs", self._page), Route("/docs/style.css", self._style)]

    async def _page(self, request: Request) -> Response:
        return Response(self._text, headers=HEADERS, media_type="text/html")

    async def _style(self, request: Request) -> Response:
        return Response(STYLE, headers=HEADERS, media_type="text/css")

    @functools.cached_property
    def _text(self) -> str:
        return page(self._openapi.document)


def page(document: Mapping[str, Any]) -> str:
    """The whole page."""
    info, tags = document["info"], [tag["name"] for tag in document["tags"]]
    sections = "".join(_section(document, tag) for tag in tags)
    links = "".join(f'<a href="#{tag}">{tag}</a>' for tag in [*tags, "errors", "schemas"])
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(info['title'])} REST</title>"
        '<link rel="stylesheet" href="/docs/style.css"></head><body><main>'
        f"<h1>{escape(info['title'])} <span class=dim>{escape(info['version'])}</span></h1>"
        f'<p>{escape(info["description"])} The document for programs is <a href="/openapi.json">/openapi.json</a>.</p>'
        f'<nav aria-label="Sections">{links}</nav>{sections}{_errors(document)}{_schemas(document)}'
        "</main></body></html>"
    )


def _section(document: Mapping[str, Any], tag: str) -> str:
    operations = "".join(
        _operation(document, path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if tag in operation["tags"]
    )
    return f'<section aria-labelledby="{tag}"><h2 id="{tag}">{tag}</h2>{operations}</section>'


def _operation(document: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any]) -> str:
    name = operation["operationId"]
    told = "".join(f"<p>{_prose(part)}</p>" for part in operation["description"].split("\n\n") if part.strip())
    parts = [told, _parameters(document, operation["parameters"])]
    if "requestBody" in operation:
        media = operation["requestBody"]["content"]["application/json"]
        parts.append(_fields("Body", media["schema"]))
        if "example" in media:
            parts.append(f"<h3>Example</h3>{_json(media['example'])}")
    parts.append(_responses(document, operation["responses"]))
    return (
        f'<details id="{name}"><summary><span class=method>{method.upper()}</span> <code>{escape(path)}</code> '
        f"<span class=dim>{_prose(operation['summary'])}</span></summary><div>{''.join(parts)}</div></details>"
    )


def _parameters(document: Mapping[str, Any], parameters: Iterable[Mapping[str, Any]]) -> str:
    rows = []
    for given in parameters:
        each = _resolved(document, given)
        place = each["in"] + (", required" if each.get("required") else "")
        rows.append((each["name"], place, f"{_kind(each['schema'])} {each.get('description', '')}"))
    return _table("Parameters", rows)


def _fields(title: str, schema: Mapping[str, Any]) -> str:
    required = schema.get("required", [])
    properties = schema["properties"].items()
    return _table(title, [(name, "required" if name in required else "", _kind(part)) for name, part in properties])


def _table(title: str, rows: Iterable[tuple[str, str, str]]) -> str:
    body = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td class=dim>{escape(place)}</td><td>{escape(kind)}</td></tr>"
        for name, place, kind in rows
    )
    return f"<h3>{title}</h3><div class=table><table>{body}</table></div>" if body else ""


def _responses(document: Mapping[str, Any], responses: Mapping[str, Any]) -> str:
    parts = []
    for status, given in responses.items():
        if status.startswith("2"):
            schema = given["content"]["application/json"]["schema"]
            parts.append(f"<h3>{status}</h3>{_json(schema)}")
    others = " ".join(f'<a href="#status-{status}">{status}</a>' for status in responses if not status.startswith("2"))
    return "".join(parts) + f"<p class=dim>Other answers: {others}</p>"


def _errors(document: Mapping[str, Any]) -> str:
    rows = "".join(
        f'<tr id="status-{status}"><td><code>{status}</code></td><td>{escape(answer["description"])}</td></tr>'
        for status, answer in document["components"]["responses"].items()
    )
    return f'<h2 id="errors">errors</h2><div class=table><table>{rows}</table></div>'


def _schemas(document: Mapping[str, Any]) -> str:
    parts = "".join(
        f'<details id="schema-{name}"><summary><code>{name}</code></summary><div>{_json(schema)}</div></details>'
        for name, schema in sorted(document["components"]["schemas"].items())
    )
    return f'<h2 id="schemas">schemas</h2>{parts}'


def _resolved(document: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in node:
        return node
    found: Mapping[str, Any] = document["components"]["parameters"][node["$ref"].rsplit("/", 1)[-1]]
    return found


def _kind(schema: Mapping[str, Any]) -> str:
    """A schema in a few words."""
    if "anyOf" in schema:
        return " or ".join(_kind(arm) for arm in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    limits = [f"{word} {schema[key]}" for key, word in _LIMITS.items() if key in schema]
    return f"{kind} ({', '.join(limits)})" if limits else kind


_LIMITS = {"minimum": "from", "maximum": "to", "minLength": "at least", "maxLength": "at most", "default": "usually"}


def _prose(text: str) -> str:
    """Text as HTML; what stands between backticks is code."""
    return _CODE.sub(r"<code>\1</code>", escape(text))


def _json(value: Any) -> str:
    return f"<pre>{escape(json.dumps(value, indent=2, ensure_ascii=False))}</pre>"
