"""A plot as a picture: bars in an SVG of our own, which any browser opens and which asks nothing of the network.

Contract. Each group is a title and (label, count) pairs, drawn one below the other; a count of None has the words for
too few people instead of a bar.
"""

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from postex_tui.terminal.safe_text import safe_text

Group = tuple[str, Sequence[tuple[str, int | None]]]
WIDTH, LINE, NAMES = 760, 22, 220
LONGEST = 40


def drawn(title: str, groups: Sequence[Group], few: str) -> bytes:
    """The whole file."""
    body = list(_groups(groups, few))
    height = LINE * (3 + sum(len(bars) + 2 for _, bars in groups))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        ' font-family="sans-serif" font-size="13">'
    )
    paper = '<rect width="100%" height="100%" fill="#ffffff"/>'
    return "\n".join(
        [head, f"<title>{_safe(title)}</title>", paper, _text(20, 28, title, bold=True), *body, "</svg>"]
    ).encode()


def _groups(groups: Sequence[Group], few: str) -> Iterator[str]:
    top = 2 * LINE + 8
    for title, bars in groups:
        yield _text(20, top + LINE, title, bold=True)
        highest = max((count for _, count in bars if count), default=1)
        for row, (label, count) in enumerate(bars, 2):
            yield from _bar(top + row * LINE, label, count, highest, few)
        top += LINE * (len(bars) + 2)


def _bar(at: int, label: str, count: int | None, highest: int, few: str) -> Iterator[str]:
    yield _text(20, at, label)
    room = WIDTH - NAMES - 100
    length = 0 if count is None else max(1, room * count // highest)
    if count is not None:
        yield f'<rect x="{NAMES}" y="{at - 12}" width="{length}" height="14" fill="#2a6f97"/>'
    yield _text(NAMES + length + 8, at, few if count is None else str(count))


def _text(x: int, y: int, words: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x}" y="{y}" fill="#1b1b1b"{weight}>{_safe(words)}</text>'


def _safe(words: str) -> str:
    return escape(safe_text(words, LONGEST * 3))
