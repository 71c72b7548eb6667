"""Pages of servers in the client's host, in the words of the protocol: the extension that MCP Apps are.

It is `io.modelcontextprotocol/ui`; its page of the protocol is modelcontextprotocol.io/extensions/apps.
"""

from collections.abc import Mapping
from typing import Any

EXTENSIONS = "extensions"
"""Where capabilities name extensions."""
EXTENSION = "io.modelcontextprotocol/ui"
OFFERED: dict[str, dict[str, Any]] = {EXTENSION: {}}
MEDIA_TYPE = "text/html;profile=mcp-app"
PAGE = "ui://kanban/board.html"
PAGE_META = {
    "ui": {
        "csp": {"connectDomains": [], "resourceDomains": [], "frameDomains": [], "baseUriDomains": []},
        "prefersBorder": True,
    }
}
"""What the host is told about the frame: it needs nothing from any other place."""
TOOL_META = {"ui": {"resourceUri": PAGE}}


def shows_pages(capabilities: Any) -> bool:
    """Whether a client says that it shows pages of servers."""
    extensions = capabilities.get(EXTENSIONS) if isinstance(capabilities, Mapping) else None
    settings = extensions.get(EXTENSION) if isinstance(extensions, Mapping) else None
    media = settings.get("mimeTypes") if isinstance(settings, Mapping) else None
    return isinstance(media, list) and MEDIA_TYPE in media
