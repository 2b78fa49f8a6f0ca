"""What is composed and what comes of it: values that pass to the press and back.

Measures are millimetres on A4. The recipient's address stands in the window of DIN 5008 form B, for DL and C5/6
envelopes with a window of DIN 680: 90 × 45 mm, 20 mm from the left and 45 mm from the top of the sheet, which is
folded at 105 and 210 mm.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from storage.deliveries.terms import DocumentType

PAGE_WIDTH, PAGE_HEIGHT = 210.0, 297.0
WINDOW_LEFT, WINDOW_TOP, WINDOW_WIDTH, WINDOW_HEIGHT = 20.0, 45.0, 90.0, 45.0
FOLDS = (105.0, 210.0)
SAFE = 5.0
"""Of the window, at each side: the sheet moves in its envelope."""
ADDRESS_TOP = 59.0
"""Below the line with the reference, which is in the window too."""
ADDRESS_LINES = 7
"""Name, five lines, country."""


class Sides(StrEnum):
    """As IPP calls them (RFC 8011 section 5.2.8)."""

    ONE = "one-sided"
    LONG_EDGE = "two-sided-long-edge"
    SHORT_EDGE = "two-sided-short-edge"


class Code(StrEnum):
    """What can be wrong with a letter."""

    ADDRESS_MISSING = "address-missing"
    ADDRESS_RETURNED = "address-returned"
    """Paper came back from it."""
    ADDRESS_WIDE = "address-too-wide"
    ADDRESS_LONG = "address-too-long"
    ADDRESS_CHARACTERS = "address-characters"
    NOTHING = "nothing-to-print"
    CHARACTERS = "characters"
    """Letters or digits that no font here can print."""
    SYMBOLS = "symbols"
    """Pictures and the like, printed as an empty square; said on the cover page."""
    PAGES = "too-many-pages"
    SIZE = "too-large"
    PDF_BROKEN = "pdf-broken"
    PDF_ENCRYPTED = "pdf-encrypted"
    PDF_FORM = "pdf-xfa"
    """A form that only one maker's program shows."""
    PDF_FONTS = "pdf-fonts"
    """Not every font is in the PDF: the printer takes another one."""
    TIME = "too-slow"
    FAULT = "press-fault"


HARMLESS = frozenset({Code.SYMBOLS, Code.PDF_FONTS})
"""Printed all the same."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What stands on the cover page."""

    reference: str
    """Printed form of the delivery's id."""
    name: str = field(repr=False)
    lines: tuple[str, ...] = field(repr=False)
    """Below the name, without the country."""
    country: str
    """ISO 3166-1 alpha-2; printed when it is not `home`."""
    home: str
    """Of the printer."""
    sender: str = field(repr=False)
    sent_at: int
    """Epoch seconds; shown as a day in `timezone`."""
    timezone: str
    document_type: DocumentType
    document: str
    """Its id, as the 250 told it to its sender."""
    locale: str
    sides: Sides = Sides.ONE


@dataclass(frozen=True, slots=True)
class Limits:
    """Beyond: a problem, nothing printed."""

    pages: int = 100
    octets: int = 40_000_000
    """Of the message, and of the PDF made of it."""
    characters: int = 400_000
    """Of the text; some hundred pages."""


@dataclass(frozen=True, slots=True)
class Composed:
    """`pdf` is empty when a problem forbids to print."""

    pdf: bytes = field(repr=False)
    pages: int
    problems: tuple[Code, ...] = ()

    @property
    def obstacle(self) -> Code | None:
        """The first problem that forbids to print."""
        return next((code for code in self.problems if code not in HARMLESS), None)
