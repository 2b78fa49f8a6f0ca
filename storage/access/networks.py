"""IP networks: those that a device may be used from, and the wide one that is kept of where it was used (S20).

An IPv4 address that comes wrapped in IPv6 counts as IPv4.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from storage.errors import Invalid

Network = IPv4Network | IPv6Network
MOST = 20
"""Networks of one device."""
KEPT = {4: 24, 6: 48}
"""Prefix lengths by IP version."""


def checked(texts: Iterable[str]) -> tuple[str, ...]:
    """In canonical form, each once; Invalid for what is no network, or too many."""
    try:
        found = dict.fromkeys(str(ip_network(text.strip())) for text in texts)
    except ValueError:
        raise Invalid("networks: in CIDR form without host bits, such as 10.0.0.0/8") from None
    if len(found) > MOST:
        raise Invalid(f"networks: {MOST} at most")
    return tuple(found)


def holds(networks: tuple[str, ...], ip: str | None) -> bool:
    """Whether `ip` lies in one of `networks`; None: a caller that came over no network lies in none."""
    address = _address(ip)
    return address is not None and any(
        network.version == address.version and address in network for network in _parsed(networks)
    )


def prefix(ip: str | None) -> str | None:
    """The /24 or /48 that `ip` lies in; None for what is no address."""
    address = _address(ip)
    return None if address is None else str(ip_network((address, KEPT[address.version]), strict=False))


@lru_cache(maxsize=1024)
def _address(ip: str | None) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address((ip or "").partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


@lru_cache(maxsize=1024)
def _parsed(networks: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(network) for network in networks)
