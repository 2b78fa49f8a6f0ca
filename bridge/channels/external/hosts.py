"""Where a name leads that a recipient gave us: never into private networks, unless the settings allow it.

The addresses are looked up once and connected to as they are, so that a name cannot mean another machine by then.
"""

import asyncio
import socket

from bridge.channels.public_addresses import is_public


class NoSuchHost(Exception):
    """The name leads nowhere that may be connected to."""


async def addresses(host: str, port: int, *, private: bool) -> list[str]:
    """In the order of preference, at least one. NoSuchHost."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NoSuchHost from None
    allowed = [str(address[0]) for *_, address in found if private or is_public(str(address[0]))]
    if not allowed:
        raise NoSuchHost
    return allowed
