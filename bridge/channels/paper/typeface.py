"""The one typeface of our own pages, which comes with the program: what it can print and how wide that is.

DejaVu Sans covers the scripts of Europe and many signs. What runs from right to left, or is joined by rules of its
script, needs more than a glyph per character: it counts as what cannot be printed, since it would come out wrong.
"""

import unicodedata
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"
NAME = "DejaVu Sans"
SQUARE = "□"
"""Stands for what cannot be printed."""
MM_PER_POINT = 25.4 / 72
_JOINED = frozenset({"R", "AL", "AN"})
"""Bidirectional classes (UAX 9)."""


@cache
def _glyphs() -> tuple[dict[int, str], dict[str, int], int]:
    """(character → glyph, glyph → advance, units of an em)."""
    from fontTools.ttLib import TTFont

    with TTFont(FILE, lazy=True) as font:
        widths = {name: advance for name, (advance, _) in font["hmtx"].metrics.items()}
        return dict(font.getBestCmap()), widths, font["head"].unitsPerEm


def printable(character: str) -> bool:
    return ord(character) in _glyphs()[0] and unicodedata.bidirectional(character) not in _JOINED


def width(text: str, points: float) -> float:
    """Millimetres of one line."""
    characters, widths, em = _glyphs()
    units = sum(widths[characters.get(ord(each), ".notdef")] for each in text)
    return units / em * points * MM_PER_POINT


def cleaned(text: str) -> str:
    """Composed characters, one kind of line end, blanks for tabs, no controls, nothing invisible."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n")
    return "".join(
        each for each in text.expandtabs(8) if each == "\n" or unicodedata.category(each) not in ("Cc", "Cf", "Cs")
    )


def unprintable(text: str) -> frozenset[str]:
    """The characters of `cleaned` text that would not come out."""
    return frozenset(each for each in set(text) if each != "\n" and not printable(each))


def squared(text: str) -> str:
    """With a square for each character that would not come out."""
    missing = unprintable(text)
    return "".join(SQUARE if each in missing else each for each in text) if missing else text


def is_sign(character: str) -> bool:
    """Whether text is understood without it: pictures, marks, private use. Letters, digits and currency are not."""
    category = unicodedata.category(character)
    return category in ("So", "Sk", "Co", "Cn", "Zl", "Zp", "Zs") or "︀" <= character <= "️"
