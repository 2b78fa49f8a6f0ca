"""PDFs that came with a message: are they fit to print, and their pages on A4 (pikepdf, ISO 32000).

Contract. `check` names what is wrong; `Appending.add` lays each page of a sound one on an A4 page of its own, upright
or across as it was, never larger than it was. Form fields and notes are drawn as they print; scripts, actions and
attached files stay behind.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pikepdf
from pikepdf import Name, Pdf, Rectangle

from bridge.channels.paper.letter import Code

A4 = (595.276, 841.89)
"""Points."""
MAX_DEPTH = 8
"""Of form objects that are searched for fonts."""
_BASE_FONTS = ("Courier", "Helvetica", "Times", "Symbol", "ZapfDingbats", "Arial")
"""Every printer has these (ISO 32000-1 section 9.6.2.2), or the same by another name."""
_EMBEDDED = (Name.FontFile, Name.FontFile2, Name.FontFile3)


def check(data: bytes, most_pages: int) -> tuple[Code, ...]:
    """In the order in which they were found; empty: sound."""
    try:
        with opened(data) as pdf:
            return tuple(dict.fromkeys(_problems(pdf, most_pages)))
    except pikepdf.PasswordError:
        return (Code.PDF_ENCRYPTED,)
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return (Code.PDF_BROKEN,)


def opened(data: bytes) -> Pdf:
    """PasswordError, PdfError."""
    return Pdf.open(BytesIO(data), suppress_warnings=True)


def _problems(pdf: Pdf, most_pages: int) -> Iterator[Code]:
    if pdf.is_encrypted and not (pdf.allow.print_lowres or pdf.allow.print_highres):
        yield Code.PDF_ENCRYPTED
    if not len(pdf.pages):
        yield Code.PDF_BROKEN
    if len(pdf.pages) > most_pages:
        yield Code.PAGES
        return
    if _only_xfa(pdf):
        yield Code.PDF_FORM
    for page in pdf.pages:
        yield from _of_page(page)


def _only_xfa(pdf: Pdf) -> bool:
    """Whether its pages are made by a program from XML: the PDF itself holds only a request to wait."""
    form = pdf.Root.get(Name.AcroForm)
    if not isinstance(form, pikepdf.Dictionary) or Name.XFA not in form:
        return False
    return bool(pdf.Root.get(Name.NeedsRendering, False)) or not len(form.get(Name.Fields, ()))


def _of_page(page: pikepdf.Page) -> Iterator[Code]:
    box = [float(number) for number in page.cropbox]
    if len(box) != 4 or abs(box[2] - box[0]) < 1 or abs(box[3] - box[1]) < 1:
        yield Code.PDF_BROKEN
    for stream in _contents(page):
        stream.read_bytes()  # what cannot be decoded here cannot be printed
    if any(not _is_embedded(font) for font in _fonts(page.resources, MAX_DEPTH)):
        yield Code.PDF_FONTS


def _contents(page: pikepdf.Page) -> list[Any]:
    found: Any = page.obj.get(Name.Contents, [])
    return [found] if isinstance(found, pikepdf.Stream) else list(found)


def _fonts(resources: Any, depth: int) -> Iterator[Any]:
    fonts = resources.get(Name.Font, {})
    yield from (fonts[name] for name in fonts.keys())  # noqa: SIM118 - a PDF dictionary
    forms = resources.get(Name.XObject, {})
    for name in forms.keys() if depth else ():
        form = forms[name]
        if form.get(Name.Subtype) == Name.Form and Name.Resources in form:
            yield from _fonts(form[Name.Resources], depth - 1)


def _is_embedded(font: Any) -> bool:
    if font.get(Name.Subtype) == Name.Type3:
        return True
    if font.get(Name.Subtype) == Name.Type0:
        font = font[Name.DescendantFonts][0]
    descriptor = font.get(Name.FontDescriptor)
    if descriptor is not None and any(name in descriptor for name in _EMBEDDED):
        return True
    return str(font.get(Name.BaseFont, "")).lstrip("/").partition("+")[0].startswith(_BASE_FONTS)


def append(target: Pdf, data: bytes) -> None:
    """The pages of a PDF that `check` found sound."""
    with opened(data) as source:
        if Name.AcroForm in source.Root:
            source.generate_appearance_streams()
        source.flatten_annotations("print")
        for page in source.pages:
            _lay(target, page)


def _lay(target: Pdf, page: pikepdf.Page) -> None:
    box = [float(number) for number in page.cropbox]
    wide, high = abs(box[2] - box[0]), abs(box[3] - box[1])
    if int(page.obj.get(Name.Rotate, 0)) % 180:
        wide, high = high, wide
    sheet = A4 if high >= wide else (A4[1], A4[0])
    target.add_blank_page(page_size=sheet)
    target.pages[-1].add_overlay(page, _place(wide, high, *sheet), shrink=True, expand=False)  # type: ignore[call-arg]  # the stub lags


def _place(wide: float, high: float, width: float, height: float) -> Rectangle:
    """In the middle; the whole sheet for what is larger."""
    if wide > width or high > height:
        return Rectangle(0, 0, width, height)
    left, bottom = (width - wide) / 2, (height - high) / 2
    return Rectangle(left, bottom, left + wide, bottom + high)
