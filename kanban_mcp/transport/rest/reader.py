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

from kanban_mcp.transport.rest.openapi import OpenApi

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

_CODE = re.compile("`([^`]+)`")
_SCHEMA = re.compile(r"&quot;#/components/schemas/(\w+)&quot;")
_LINK = r'<a href="#schema-\1">\1</a>'

STYLE = """
:root { color-scheme: light dark; --page: light-dark(#f4f5f7, #14181f); --sheet: light-dark(#ffffff, #1f2530);
  --text: light-dark(#1c2330, #e7eaf0); --dim: light-dark(#556072, #a5afbf); --line: light-dark(#d5dae2, #3a4352);
  --link: light-dark(#2456c5, #8db0ff); --write: light-dark(#1a5f3a, #86d6a8); --delete: light-dark(#a3231b, #ff9d97); }
* { box-sizing: border-box; }
html { scroll-padding-top: 4rem; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page);
  overflow-wrap: anywhere; }
header, main { max-width: 62rem; margin: 0 auto; padding: 1rem; }
header { padding-bottom: 0; } main { padding-top: 0; padding-bottom: 4rem; }
h1 { margin: 0 0 .25rem; font-size: 1.5rem; } h2 { margin: 2rem 0 .5rem; font-size: 1.15rem; }
h3 { margin: 1rem 0 .25rem; font-size: .95rem; }
a { color: var(--link); } p { margin: .5rem 0; } .dim { color: var(--dim); }
nav { position: sticky; top: 0; z-index: 1; background: var(--page); border-bottom: 1px solid var(--line); }
nav ul { display: flex; gap: 0 1rem; max-width: 62rem; margin: 0 auto; padding: .5rem 1rem; list-style: none;
  overflow-x: auto; }
nav a { display: block; padding: .15rem 0; white-space: nowrap; }
details { border: 1px solid var(--line); border-radius: 8px; margin: .4rem 0; background: var(--sheet); }
details:has(:target) { border-color: var(--link); box-shadow: 0 0 0 1px var(--link); }
summary { display: grid; grid-template-columns: 4.5rem 1fr auto; padding: .5rem .8rem; cursor: pointer;
  border-radius: 8px; align-items: baseline; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary::after { content: "+"; grid-area: 1 / -2; color: var(--dim); } [open] > summary::after { content: "\\2212"; }
summary:hover code { text-decoration: underline; }
summary .dim { grid-column: 2; }
.schema > summary { grid-template-columns: 1fr auto; }
summary:focus-visible, a:focus-visible { outline: 3px solid var(--link); outline-offset: 1px; }
.body { padding: .25rem .8rem .8rem; border-top: 1px solid var(--line); scroll-margin-top: 8rem; }
.method { font: 700 .8rem/1.5 ui-monospace, monospace; color: var(--write); }
.method.get { color: var(--link); } .method.delete { color: var(--delete); }
code, pre { font: .86rem/1.5 ui-monospace, monospace; }
pre { margin: .25rem 0; padding: .6rem .8rem; background: var(--page); border: 1px solid var(--line);
  border-radius: 6px; overflow: auto; max-height: 24rem; overflow-wrap: normal; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); }
tr:last-child td { border-bottom: 0; } tr:target td { background: var(--page); }
td:nth-child(-n + 2) { overflow-wrap: normal; }
@media (max-width: 640px) {
  summary { grid-template-columns: 3.6rem 1fr auto; } .schema > summary { grid-template-columns: 1fr auto; }
  summary .dim { grid-column: 1 / -1; }
  tr { display: grid; border-bottom: 1px solid var(--line); padding: .3rem 0; } td { border: 0; padding: 0; }
}
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
    links = "".join(f'<li><a href="#{tag}">{tag}</a></li>' for tag in [*tags, "answers", "schemas"])
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(info['title'])} REST</title>"
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="/docs/style.css"></head><body><header>'
        f"<h1>{escape(info['title'])} <span class=dim>{escape(info['version'])}</span></h1>"
        f"<p>{escape(info['description'])}</p>"
        '<p>For programs: <a href="/openapi.json">/openapi.json</a>. For people: <a href="/">the boards</a>.</p>'
        "</header>"
        f'<nav aria-label="Sections"><ul>{links}</ul></nav>'
        f"<main>{sections}{_answers(document)}{_schemas(document)}</main></body></html>"
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
    parts = [f'<p><a href="#{name}"><code>{name}</code></a></p>', told, _parameters(document, operation["parameters"])]
    if "requestBody" in operation:
        media = operation["requestBody"]["content"]["application/json"]
        parts.append(_fields("Body", media["schema"]))
        if "example" in media:
            parts.append(f"<h3>Example</h3>{_json(media['example'])}")
    parts.append(_responses(document, operation["responses"]))
    head = (
        f'<span class="method {method}">{method.upper()}</span> <code>{escape(path)}</code> '
        f"<span class=dim>{_prose(operation['summary'])}</span>"
    )
    return _folded(name, head, "".join(parts))


def _folded(name: str, head: str, body: str, kind: str = "") -> str:
    """What opens when asked for. The name is on what is inside: browsers open what hides the target of a link."""
    opening = f'<details class="{kind}">' if kind else "<details>"
    return f'{opening}<summary>{head}</summary><div class=body id="{name}">{body}</div></details>'


def _parameters(document: Mapping[str, Any], parameters: Iterable[Mapping[str, Any]]) -> str:
    rows = []
    for given in parameters:
        each = _resolved(document, given)
        place = each["in"] + (", required" if each.get("required") else "")
        rows.append((each["name"], place, ": ".join(filter(None, (_kind(each["schema"]), each.get("description"))))))
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
    return f"<h3>{title}</h3><table>{body}</table>" if body else ""


def _responses(document: Mapping[str, Any], responses: Mapping[str, Any]) -> str:
    parts = []
    for status, given in responses.items():
        if status.startswith("2"):
            schema = given["content"]["application/json"]["schema"]
            parts.append(f"<h3>{status}</h3>{_json(schema)}")
    others = " ".join(f'<a href="#status-{status}">{status}</a>' for status in responses if not status.startswith("2"))
    return "".join(parts) + f"<p class=dim>Other answers: {others}</p>"


def _answers(document: Mapping[str, Any]) -> str:
    rows = "".join(
        f'<tr id="status-{status}"><td><code>{status}</code></td><td>{escape(answer["description"])}</td></tr>'
        for status, answer in document["components"]["responses"].items()
    )
    return f'<h2 id="answers">answers</h2><table>{rows}</table>'


def _schemas(document: Mapping[str, Any]) -> str:
    parts = "".join(
        _folded(f"schema-{name}", f"<code>{name}</code>", _json(schema), "schema")
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
    text = escape(json.dumps(value, indent=2, ensure_ascii=False))
    return f"<pre>{_SCHEMA.sub(_LINK, text)}</pre>"
