"""For terminals without Unicode: lines and letters that they do not have, as the nearest that they do.

Contract. Each segment keeps its width in cells, so that nothing moves.
"""

import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_DRAWN = str.maketrans(
    {
        **dict.fromkeys("─━═╌╍┄┅▔▁▂▃", "-"),
        **dict.fromkeys("│┃║▏▕▎▍▌▐", "|"),
        **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╯╰┏┓┗┛╔╗╚╝╠╣╦╩╬", "+"),
        **dict.fromkeys("█▇▆▅▄▀■", "#"),
        **dict.fromkeys("·•●○◉", "*"),
        **dict.fromkeys("▶›»→▸", ">"),
        **dict.fromkeys("◀‹«←◂", "<"),
        **dict.fromkeys("▲↑▴", "^"),
        **dict.fromkeys("▼↓▾", "v"),
        **dict.fromkeys("‘’‚", "'"),
        **dict.fromkeys("“”„", '"'),
        **dict.fromkeys("–—‐", "-"),
        "…": ".",
        "✓": "x",
        "✗": "!",
        "⏎": "/",
        "␣": "_",
        "\u00a0": " ",
    }
)


def is_needed(environ: Mapping[str, str], encoding: str) -> bool:
    """Whether the locale (POSIX.1-2017 section 8.2) has no Unicode. Python writes UTF-8 in the locale C all the same
    (PEP 540), and the terminal need not understand it.
    """
    named = next((environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), "")
    return named in ("C", "POSIX") or not encoding.lower().replace("-", "").startswith("utf")


@lru_cache(4096)
def ascii_of(text: str) -> str:
    """`text` in ASCII, as wide as before."""
    return "".join(_nearest(letter) for letter in text.translate(_DRAWN))


def _nearest(letter: str) -> str:
    if letter.isascii():
        return letter
    bare = unicodedata.normalize("NFKD", letter)[0]
    return (bare if bare.isascii() else "?").ljust(cell_len(letter), "?")[: cell_len(letter)]


class AsciiOnly(LineFilter):
    """Applied to every line that goes to the terminal."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            segment if segment.text.isascii() else Segment(ascii_of(segment.text), segment.style, segment.control)
            for segment in segments
        ]
