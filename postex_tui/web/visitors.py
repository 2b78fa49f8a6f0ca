"""Who has how many pages open: one visitor does not take the pages of all others.

Contract. A visitor is an address, or a network of 64 bits (IPv6 gives each home one or more, RFC 6177). Behind a
proxy on this machine it is the last address of X-Forwarded-For, which that proxy wrote; of whoever comes another way
that field is not read. Those of whom a proxy tells nothing cannot be told apart, and have the bound of all.
"""

import ipaddress
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

MOST_PAGES = 32
"""Pages at once; each is a process of some 60 MB."""
MOST_EACH = 8
"""Pages of one visitor at once, where visitors can be told apart."""
NETWORK_BITS = 64


class TooMany(Exception):
    """No page is left, for this visitor or for anybody."""


class Visitors:
    """Counts the pages that are open."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    @property
    def pages(self) -> int:
        return self._open.total()

    @contextmanager
    def page(self, visitor: str | None) -> Iterator[None]:
        """One page of this visitor, from its opening to its end; None: nobody knows whose. Raises TooMany."""
        who = visitor or ""
        if self.pages >= MOST_PAGES or (visitor and self._open[who] >= MOST_EACH):
            raise TooMany
        self._open[who] += 1
        try:
            yield
        finally:
            self._open[who] -= 1


def visitor(remote: str | None, forwarded: str) -> str | None:
    """Whose page it is: from the address of the connection and the X-Forwarded-For it bears. None: that of a proxy or
    a browser on this machine which tells nothing.
    """
    at = _address(remote or "")
    if at is None or not at.is_loopback:
        return _network(at)
    return _network(_address(forwarded.rsplit(",", 1)[-1].strip()))


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _network(at: ipaddress.IPv4Address | ipaddress.IPv6Address | None) -> str | None:
    if at is None or at.version == 4:
        return None if at is None else str(at)
    return str(ipaddress.ip_network((at, NETWORK_BITS), strict=False))
