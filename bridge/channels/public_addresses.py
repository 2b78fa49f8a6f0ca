"""Which numbers are of the public internet: the only ones that a name given by a recipient may lead to.

Of IPv6 that is what IANA has allotted for unicast, 2000::/3 (RFC 4291 section 2.4), without what is reserved in it:
not the old site-local, local NAT64 (RFC 8215) or IPv4-compatible addresses, which lead into networks nearby. An
address of IPv6 that stands for one of IPv4 is what that one is.
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052: an IPv4 address in its last 32 bits."""


def is_public(text: str) -> bool:
    """Whether it is such a number; a name is not."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    inner = address if isinstance(address, IPv4Address) else _inner(address)
    if inner is not None:
        return inner.is_global and not inner.is_multicast
    return address in _UNICAST and address.is_global


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that it stands for (RFC 4291, RFC 3056, RFC 6052)."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
