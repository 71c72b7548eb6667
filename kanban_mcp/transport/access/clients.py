"""From which address a request comes, also behind proxies."""

import functools
import ipaddress
from collections.abc import Iterable
from typing import TypeAlias

from starlette.datastructures import Headers
from starlette.types import Scope

_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
FORWARDED = frozenset((b"x-forwarded-for", b"forwarded", b"x-real-ip", b"via"))
"""What proxies add to requests."""
KNOWN_ADDRESSES = 4096
"""Addresses that are read once: who asks again is not parsed again."""


class ClientAddresses:
    """Believes the header X-Forwarded-For of these proxies (addresses or networks), and of nobody else."""

    def __init__(self, proxies: Iterable[str]) -> None:
        self._proxies: list[_Network] = [ipaddress.ip_network(proxy, strict=False) for proxy in proxies]

    def of(self, scope: Scope) -> str:
        """The client's address; of IPv6 its /64, for within that a client may choose."""
        client = scope.get("client")
        address = client[0] if client else ""
        if self._proxies and self._trusted(address):
            for hop in reversed(Headers(scope=scope).get("x-forwarded-for", "").split(",")):
                # The nearest hop that is no proxy of ours; what stands before it, the client may have written.
                if not (hop := hop.strip()):
                    break
                address = hop
                if not self._trusted(hop):
                    break
        return _counted(address)

    def _trusted(self, address: str) -> bool:
        parsed = _parsed(address)
        return parsed is not None and any(parsed in network for network in self._proxies)


@functools.lru_cache(KNOWN_ADDRESSES)
def _counted(address: str) -> str:
    parsed = _parsed(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
    return str(parsed) if parsed is not None else "unknown"


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return mapped or parsed
