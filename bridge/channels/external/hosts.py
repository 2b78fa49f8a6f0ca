"""Where a name leads that a recipient gave us: never into private networks, unless the settings allow it.

The addresses are looked up once and connected to as they are, so that a name cannot mean another machine by then.
"""

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Network, ip_address

_NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052: an IPv4 address in its last 32 bits."""


class NoSuchHost(Exception):
    """The name leads nowhere that may be connected to."""


async def addresses(host: str, port: int, *, private: bool) -> list[str]:
    """In the order of preference, at least one. NoSuchHost."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NoSuchHost from None
    allowed = [str(address[0]) for *_, address in found if private or _is_public(str(address[0]))]
    if not allowed:
        raise NoSuchHost
    return allowed


def _is_public(text: str) -> bool:
    address = ip_address(text.partition("%")[0])
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if address in _NAT64:
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    return (inner or address).is_global and not address.is_multicast
