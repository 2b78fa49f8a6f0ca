"""Text from outside, made fit for a terminal: what a stranger wrote is shown, never obeyed (security.md).

Contract. `safe_text` gives a line that holds no control character (C0, DEL, C1: ESC, OSC and their kin), nothing that
turns the direction of reading (bidi embeddings, overrides, isolates) and nothing invisible (zero width, tags,
variation selectors, soft hyphens): each becomes one visible `·`, so that no two texts look alike by what is hidden.
Ends of lines become `⏎`, or stay with `lines`. A text longer than `most` characters ends in `…`; the work is bounded
by `most`, however long the text is. Marks that stack on one letter are cut after the fourth. Markup needs no care
here: the widgets of `postex_tui.widgets.plain` show text with markup off.
"""

import unicodedata

MOST = 400
"""Characters of a line unless the caller wants more."""
MOST_LINES = 20_000
HIDDEN = "·"
_CUT = "…"
_END = "⏎"
_STACK = 4
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MARKS = frozenset({"Mn", "Me"})
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u034f\u17b4\u17b5\u2800\u180b\u180c\u180d\u180f")
"""Letters and marks by their category, yet nothing is seen of them."""
_SELECTORS = frozenset({*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)})


def safe_text(text: object, most: int = MOST, *, lines: bool = False) -> str:
    """`text`, at most `most` characters, fit to be shown."""
    given = str(text)
    cut = given[: most + 1]
    is_plain = cut.isascii() and cut.isprintable()
    shown = cut if is_plain else _shown(cut.replace("\r\n", "\n"), lines)
    return shown if len(shown) <= most and len(given) <= most + 1 else shown[: most - 1] + _CUT


def _shown(text: str, lines: bool) -> str:
    stacked, out = 0, []
    for letter in text:
        kind = unicodedata.category(letter)
        stacked = stacked + 1 if kind in _MARKS else 0
        if stacked <= _STACK:
            out.append(_visible(letter, kind, lines))
    return "".join(out)


def _visible(letter: str, kind: str, lines: bool) -> str:
    if letter == "\n":
        return "\n" if lines else _END
    if letter == "\t":
        return " "
    if kind in _UNSAFE or letter in _BLANK or ord(letter) in _SELECTORS:
        return HIDDEN
    return " " if kind == "Zs" else letter
