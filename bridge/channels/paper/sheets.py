"""Our own pages: the cover with the address in the window, and the text of a message (fpdf2).

Everything from outside passes `typeface.cleaned`: what cannot be printed shows as a square and is told in problems by
whoever composes, never left out in silence.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from bridge.channels.paper import envelope, typeface
from bridge.channels.paper.letter import (
    ADDRESS_TOP,
    FOLDS,
    SAFE,
    WINDOW_HEIGHT,
    WINDOW_LEFT,
    WINDOW_TOP,
    Letter,
)
from bridge.i18n import N_, text
from bridge.routing.explaining import TYPES

MARGIN = 25.0
"""Left, and 20 at the right: as DIN 5008 has it."""
RIGHT_MARGIN, FOOT = 20.0, 20.0
ADDRESS_STEP = 3.9
REFERENCE_POINTS = 6.5
BODY_POINTS, BODY_STEP = 10.0, 4.9
MOST_LISTED = 15
LONGEST_NAME = 70
NOT_PRINTED = N_("Not printed, but in your mailbox:")
MORE = N_("and {count} more")
UNNAMED = N_("a part without a name")
SQUARES = N_("Signs that cannot be printed show as an empty square. Your mailbox has the document as it was sent.")
MAILBOX = N_("This document lies in your mailbox as well.")


def shown(letter: Letter) -> tuple[str, ...]:
    """The lines in the window."""
    return envelope.lines(letter.name, letter.lines, letter.country, letter.home)


class Sheets(FPDF):
    """A4 pages in our typeface."""

    def __init__(self, letter: Letter, most_pages: int) -> None:
        super().__init__(orientation="portrait", unit="mm", format="A4")
        self._letter = letter
        self._most = most_pages
        self.add_font(typeface.NAME, fname=str(typeface.FILE))
        self.set_margins(MARGIN, MARGIN, RIGHT_MARGIN)
        self.c_margin = 0
        self.set_auto_page_break(True, FOOT)
        self.set_creation_date(datetime.fromtimestamp(letter.sent_at, ZoneInfo("UTC")))

    def cover(self, listed: Sequence[str], *, squares: bool, points: float) -> None:
        """The first page."""
        self.add_page()
        self._fold_marks()
        self._window(points)
        self._particulars()
        if listed:
            self._listed(listed)
        if squares:
            self._paragraph(self._words(SQUARES))

    def body(self, subject: str, content: str) -> None:
        """The text, from a new page on."""
        self.add_page()
        if subject:
            self.set_font(typeface.NAME, size=13)
            self.multi_cell(0, 6.5, _shown(subject), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            self.ln(4)
        self.set_font(typeface.NAME, size=BODY_POINTS)
        for line in typeface.squared(typeface.cleaned(content)).split("\n"):
            if self.page_no() > self._most:
                return
            self._line(line)

    def _line(self, line: str) -> None:
        if not line.strip():
            self.ln(BODY_STEP)
            return
        self.multi_cell(0, BODY_STEP, line, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def footer(self) -> None:
        """On each page the reference, so that a lost sheet is known."""
        self.set_y(-12)
        self.set_font(typeface.NAME, size=REFERENCE_POINTS)
        self.cell(0, 4, f"{self._letter.reference}   {self.page_no()}", align="R")

    def _words(self, message: str, **values: object) -> str:
        return text(self._letter.locale, message, **values)

    def _fold_marks(self) -> None:
        self.set_line_width(0.1)
        for height in FOLDS:
            self.line(4, height, 9, height)

    def _window(self, points: float) -> None:
        """The reference on top, where it is read without opening a returned envelope; then the address."""
        left = WINDOW_LEFT + SAFE
        self.set_font(typeface.NAME, size=REFERENCE_POINTS)
        self.text(left, WINDOW_TOP + SAFE + 3, self._letter.reference)
        self.set_font(typeface.NAME, size=points)
        for number, line in enumerate(shown(self._letter)):
            self.text(left, ADDRESS_TOP + 3 + number * ADDRESS_STEP, line)
        self.set_y(WINDOW_TOP + WINDOW_HEIGHT + 20)

    def _particulars(self) -> None:
        letter = self._letter
        day = datetime.fromtimestamp(letter.sent_at, ZoneInfo(letter.timezone)).date()
        rows = (
            (N_("From"), letter.sender),
            (N_("Date"), format_date(day, "d MMMM y", locale=letter.locale)),
            (N_("Kind"), self._words(TYPES[letter.document_type])),
            (N_("Document"), letter.document),
            (N_("Reference"), letter.reference),
        )
        for label, value in rows:
            self.set_font(typeface.NAME, size=BODY_POINTS)
            self.cell(32, 6, self._words(label))
            self.multi_cell(0, 6, _shown(value), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(4)
        self._paragraph(self._words(MAILBOX))

    def _listed(self, names: Sequence[str]) -> None:
        self._paragraph(self._words(NOT_PRINTED))
        for name in names[:MOST_LISTED]:
            self._paragraph(f"• {_cut(_shown(name)) or self._words(UNNAMED)}", 0)
        if len(names) > MOST_LISTED:
            self._paragraph(self._words(MORE, count=len(names) - MOST_LISTED), 0)
        self.ln(3)

    def _paragraph(self, words: str, after: float = 2.0) -> None:
        self.set_font(typeface.NAME, size=BODY_POINTS - 1)
        self.multi_cell(0, BODY_STEP, words, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(after)


def _shown(value: str) -> str:
    """On one line."""
    return typeface.squared(typeface.cleaned(value).replace("\n", " ")).strip()


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
