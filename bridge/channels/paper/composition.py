"""From a received message to one PDF, and what is wrong with it. Pure: bytes and values in, bytes and values out.

The order on paper: cover page, text, attached PDFs as they stand in the message. Printed on both sides, each of them
begins on a sheet of its own.
"""

from collections.abc import Iterator
from io import BytesIO

from pikepdf import Pdf

from bridge.channels.paper import attached_pdf, envelope, parts, sheets, typeface
from bridge.channels.paper.letter import Code, Composed, Letter, Limits, Sides
from bridge.channels.paper.parts import Contents


def compose(message: bytes, letter: Letter, limits: Limits) -> Composed:
    """Never raises on any message. With an obstacle nothing is rendered."""
    if len(message) > limits.octets:
        return Composed(b"", 0, (Code.SIZE,))
    contents = parts.contents(message)
    problems = tuple(dict.fromkeys(_problems(contents, letter, limits)))
    checked = Composed(b"", 0, problems)
    return checked if checked.obstacle else _composed(contents, letter, limits, problems)


def _problems(contents: Contents, letter: Letter, limits: Limits) -> Iterator[Code]:
    """Preflight: the address, the text, each PDF."""
    yield from address_problems(letter)
    yield from _text_problems(contents, limits)
    if typeface.unprintable(typeface.cleaned("\n".join((letter.sender, *contents.listed)))):
        yield Code.SYMBOLS
    for pdf in contents.pdfs:
        yield from attached_pdf.check(pdf, limits.pages)


def address_problems(letter: Letter) -> Iterator[Code]:
    """What keeps the address from standing whole in the window."""
    flaw = envelope.flaw(sheets.shown(letter)) if letter.lines else Code.ADDRESS_MISSING
    if flaw is not None:
        yield flaw


def _text_problems(contents: Contents, limits: Limits) -> Iterator[Code]:
    if not contents.text.strip() and not contents.pdfs:
        yield Code.NOTHING
    if len(contents.text) > limits.characters:
        yield Code.PAGES
        return
    missing = typeface.unprintable(typeface.cleaned("\n".join((contents.subject, contents.text))))
    if any(not typeface.is_sign(each) for each in missing):
        yield Code.CHARACTERS
    elif missing:
        yield Code.SYMBOLS


def _composed(contents: Contents, letter: Letter, limits: Limits, problems: tuple[Code, ...]) -> Composed:
    with Pdf.open(BytesIO(_own(contents, letter, limits, problems))) as target:
        double = letter.sides is not Sides.ONE
        for pdf in contents.pdfs:
            if double:
                _even(target)
            attached_pdf.append(target, pdf)
            if len(target.pages) > limits.pages:
                break
        return _measured(target, limits, problems)


def _own(contents: Contents, letter: Letter, limits: Limits, problems: tuple[Code, ...]) -> bytes:
    """Cover and text."""
    points = envelope.points(sheets.shown(letter))
    assert points is not None, "the address was checked"
    own = sheets.Sheets(letter, limits.pages)
    own.cover(contents.listed, squares=Code.SYMBOLS in problems, points=points)
    if letter.sides is not Sides.ONE:
        own.add_page()
    if contents.text.strip():
        own.body(contents.subject, contents.text)
    return bytes(own.output())


def _even(target: Pdf) -> None:
    """The next page is the front of a sheet."""
    if len(target.pages) % 2:
        target.add_blank_page(page_size=attached_pdf.A4)


def _measured(target: Pdf, limits: Limits, problems: tuple[Code, ...]) -> Composed:
    pages = len(target.pages)
    if pages > limits.pages:
        return Composed(b"", pages, (Code.PAGES, *problems))
    out = BytesIO()
    target.save(out, deterministic_id=True)
    octets = out.getvalue()
    if len(octets) > limits.octets:
        return Composed(b"", pages, (Code.SIZE, *problems))
    return Composed(octets, pages, problems)
