"""Flags as clients write them and as storage keeps them (RFC 3501 section 2.3.2).

Contract: `parsed` turns flag names into bits of `Flag` and keywords, `rendered` turns them back into a parenthesised
list that is ready to send. \\Recent is no flag that a client may set: it is dropped on the way in, as clients copy
what they were shown. A name with a backslash that is no system flag is refused (`UnknownFlag`).
"""

from collections.abc import Iterable

from storage.records import Flag

SYSTEM = {
    "\\answered": Flag.ANSWERED,
    "\\flagged": Flag.FLAGGED,
    "\\deleted": Flag.DELETED,
    "\\seen": Flag.SEEN,
    "\\draft": Flag.DRAFT,
}
RECENT = "\\recent"
NAMES = tuple((int(flag), name) for flag, name in ((SYSTEM[key], key.title()) for key in SYSTEM))
SYSTEM_LIST = " ".join(name for _, name in NAMES)
MOST_RENDERINGS = 4096

_renderings: dict[tuple[int, tuple[str, ...], bool], bytes] = {}


class UnknownFlag(ValueError):
    """A flag name with a backslash that RFC 3501 does not define."""


def parsed(names: Iterable[str]) -> tuple[int, tuple[str, ...]]:
    """Bits of `Flag` and keywords in the order given, each once whatever its case; raises `UnknownFlag`."""
    bits, keywords = 0, dict[str, str]()
    for name in names:
        folded = name.lower()
        if folded in SYSTEM:
            bits |= SYSTEM[folded]
        elif folded == RECENT:
            continue
        elif folded.startswith("\\"):
            raise UnknownFlag(name)
        else:
            keywords.setdefault(folded, name)
    return int(bits), tuple(keywords.values())


def rendered(bits: int, keywords: tuple[str, ...], recent: bool) -> bytes:
    """`(\\Seen $Forwarded)`. Cached: a mailbox of ten thousand messages has a handful of combinations."""
    key = (bits, keywords, recent)
    found = _renderings.get(key)
    if found is None:
        if len(_renderings) >= MOST_RENDERINGS:  # keywords are the clients' to invent
            _renderings.clear()
        found = _renderings[key] = _render(bits, keywords, recent)
    return found


def _render(bits: int, keywords: tuple[str, ...], recent: bool) -> bytes:
    names = [name for bit, name in NAMES if bits & bit]
    names += ["\\Recent"] if recent else []
    return f"({' '.join((*names, *keywords))})".encode("ascii")
