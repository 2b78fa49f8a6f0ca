"""The address in the window: which lines, in which size of type, and whether they fit.

As light as its one typeface: the API asks here, before an address is taken, what the cover page would say later.
"""

from collections.abc import Sequence

from babel import Locale

from bridge.channels.paper import typeface
from bridge.channels.paper.letter import ADDRESS_LINES, SAFE, WINDOW_WIDTH, Code
from bridge.i18n import N_
from storage.people.postal import PostalAddress

POINTS = (9.0, 8.5, 8.0, 7.5, 7.0)
"""The largest that fits is taken."""
WIDTH = WINDOW_WIDTH - 2 * SAFE
WORDS = {
    Code.ADDRESS_MISSING: N_("A line of the address or your name is empty in print. Write them in full."),
    Code.ADDRESS_CHARACTERS: N_(
        "The address or your name has characters that cannot be printed. Write them in Latin."
    ),
    Code.ADDRESS_LONG: N_("The address has too many lines for the window of an envelope. Leave one out."),
    Code.ADDRESS_WIDE: N_(
        "A line is too wide for the window of an envelope, also in small type. Break or shorten it."
    ),
}


def lines(name: str, below: Sequence[str], country: str, home: str) -> tuple[str, ...]:
    """As they stand in the window: a country only where the letter leaves `home`, in capitals and English."""
    abroad = () if country == home else (country_name(country),)
    return tuple(typeface.cleaned(line) for line in (name, *below, *abroad))


def country_name(code: str) -> str:
    name: str = Locale("en").territories.get(code, code)
    return name.upper()


def points(shown: Sequence[str]) -> float | None:
    """The size of type in which every line stays in the window; None if there is none."""
    widest = max(typeface.width(line, 1.0) for line in shown)
    return next((size for size in POINTS if widest * size <= WIDTH), None)


def flaw(shown: Sequence[str]) -> Code | None:
    """What keeps `lines` from standing whole in the window."""
    if not all(line.strip() for line in shown):
        return Code.ADDRESS_MISSING
    if any(typeface.unprintable(line) for line in shown):
        return Code.ADDRESS_CHARACTERS
    if len(shown) > ADDRESS_LINES:
        return Code.ADDRESS_LONG
    return Code.ADDRESS_WIDE if points(shown) is None else None


def problem(name: str, address: PostalAddress) -> Code | None:
    """Of an address that is to be taken, with its country in print."""
    return flaw(lines(name, address.lines, address.country, home=""))
