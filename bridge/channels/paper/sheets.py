"""Our own pages: the cover with the address in the window, and the text of a message (fpdf2).

Everything from outside passes `typeface.cleaned`: what cannot be printed shows as a square and is told in problems by
whoever composes, never left out in silence.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from bridge.channels.paper import typeface
from bridge.channels.paper.letter import (
    ADDRESS_LINES,
    ADDRESS_TOP,
    FOLDS,
    SAFE,
    WINDOW_HEIGHT,
    WINDOW_LEFT,
    WINDOW_TOP,
    WINDOW_WIDTH,
    Letter,
)
from bridge.i18n import N_, text
from storage.deliveries.terms import DocumentType

MARGIN = 25.0
"""Left, and 20 at the right: as DIN 5008 has it."""
RIGHT_MARGIN, FOOT = 20.0, 20.0
ADDRESS_POINTS = (9.0, 8.5, 8.0, 7.5, 7.0)
"""The largest that fits is taken."""
ADDRESS_STEP = 3.9
ADDRESS_WIDTH = WINDOW_WIDTH - 2 * SAFE
REFERENCE_POINTS = 6.5
BODY_POINTS, BODY_STEP = 10.0, 4.9
MOST_LISTED = 15
LONGEST_NAME = 70
TYPES = {
    DocumentType.LETTER: N_("Letter"),
    DocumentType.INVOICE: N_("Invoice"),
    DocumentType.REMINDER: N_("Reminder"),
    DocumentType.PAYSLIP: N_("Payslip"),
    DocumentType.CONTRACT: N_("Contract"),
    DocumentType.NOTICE: N_("Notice"),
    DocumentType.NEWSLETTER: N_("Newsletter"),
    DocumentType.OTHER: N_("Document"),
}
NOT_PRINTED = N_("Not printed, but in your mailbox:")
MORE = N_("and {count} more")
UNNAMED = N_("a part without a name")
SQUARES = N_("Signs that cannot be printed show as an empty square. Your mailbox has the document as it was sent.")
MAILBOX = N_("This document lies in your mailbox as well.")


def address_lines(letter: Letter) -> tuple[str, ...]:
    """As they stand in the window: a country only where the letter leaves the printer's, in capitals and English."""
    country = () if letter.country == letter.home else (country_name(letter.country),)
    return tuple(typeface.cleaned(line) for line in (letter.name, *letter.lines, *country))


def country_name(code: str) -> str:
    name: str = Locale("en").territories.get(code, code)
    return name.upper()


def address_points(lines: Sequence[str]) -> float | None:
    """The size of type in which every line stays in the window; None if there is none, or too many lines."""
    if len(lines) > ADDRESS_LINES:
        return None
    widest = max(typeface.width(line, 1.0) for line in lines)
    return next((points for points in ADDRESS_POINTS if widest * points <= ADDRESS_WIDTH), None)


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
        for number, line in enumerate(address_lines(self._letter)):
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
