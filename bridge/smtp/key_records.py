"""TXT records of DKIM keys, asked of the DNS before a message goes to a worker: that must not wait (RFC 6376).

`Resolver` is passed in; `system()` asks the resolvers of this machine.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping

Resolver = Callable[[str], Awaitable[bytes | None]]
"""The TXT record of a name; None: the name has none. Raises anything if nobody answered."""
SECONDS = 5.0
"""For all names of a message."""


async def fetched(resolver: Resolver, names: Iterable[str]) -> Mapping[str, bytes | None]:
    """By name; a name that nobody answered for is left out."""
    wanted = tuple(dict.fromkeys(names))
    answers = await asyncio.gather(*(_one(resolver, name) for name in wanted))
    return {name: answer for name, (answered, answer) in zip(wanted, answers, strict=True) if answered}


async def _one(resolver: Resolver, name: str) -> tuple[bool, bytes | None]:
    try:
        async with asyncio.timeout(SECONDS):
            return True, await resolver(name)
    except Exception:  # noqa: BLE001 - no answer is an answer: `temperror`
        return False, None


async def system(name: str) -> bytes | None:
    """From the resolvers of this machine."""
    import dns.asyncresolver
    import dns.resolver

    try:
        found = await dns.asyncresolver.resolve(name, "TXT", lifetime=SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return None
    return b"".join(next(iter(found)).strings)
