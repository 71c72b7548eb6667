"""The board as one document, for hosts whose frames load nothing: the modules and styles of the web page, in it."""

import json
import posixpath
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib import resources
from importlib.resources.abc import Traversable

from kanban_mcp import __version__

ENTRY = "host/main.js"
INSTEAD = {"rest.js": "host/tools.js", "live.js": "host/live.js", "address.js": "host/address.js"}
"""What the page in a host has for what needs a server of its own: the same exports, by other means."""

_IMPORT = re.compile(r'^import \{ (.+) \} from "(.+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async function|function|class|const) (?:(\w+)|\{ (.+) \}))", re.MULTILINE)


class HostPage:
    """The document; what the boards show is not in it."""

    @cached_property
    def _files(self) -> dict[str, str]:
        web = resources.files("kanban_mcp.web")
        return dict(_texts(web) + _texts(web / "host", "host/"))

    @cached_property
    def _document(self) -> str:
        style = self._files["style.css"] + self._files["host/style.css"]
        script = joined(ENTRY, self._files)
        # Either would end where its element does in the text.
        assert "</style" not in style and "</script" not in script
        return self._files["host/board.html"].replace("{style}", style).replace("{script}", script)

    def document(self, offers: Sequence[str], writes: Sequence[str]) -> str:
        """The page for a client that may call these operations, of which some write."""
        server = {"version": __version__, "offers": offers, "writes": writes}
        return self._document.replace("{server}", json.dumps(server))


def joined(entry: str, files: Mapping[str, str]) -> str:
    """A module and those it needs as one script: each a function called once, whose result are its exports."""
    parts: dict[str, str] = {}

    def add(name: str) -> None:
        if name not in parts:
            for _, path in _IMPORT.findall(files[name]):
                add(_meant(name, path))
            parts[name] = _as_function(name, files[name])

    add(entry)
    return "const modules = {};\n" + "".join(parts.values())


def _meant(importer: str, path: str) -> str:
    """The file that a module gets by a path."""
    name = posixpath.normpath(posixpath.join(posixpath.dirname(importer), path))
    return INSTEAD.get(name, name)


def _as_function(name: str, text: str) -> str:
    exports = ", ".join(single or several for _, single, several in _EXPORT.findall(text))
    body = _IMPORT.sub(lambda found: f'const {{ {found[1]} }} = modules["{_meant(name, found[2])}"];', text)
    body = _EXPORT.sub(lambda found: found[1], body)
    return f'modules["{name}"] = (() => {{\n{body}return {{ {exports} }};\n}})();\n'


def _texts(folder: Traversable, prefix: str = "") -> list[tuple[str, str]]:
    found = (each for each in folder.iterdir() if each.name.endswith((".js", ".css", ".html")))
    return [(prefix + each.name, each.read_text(encoding="utf-8")) for each in found]
