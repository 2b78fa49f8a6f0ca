"""Sheets of a message: what is printed, where the address stands, and what preflight finds (I1)."""

import re
import shutil
import subprocess
import time
import zlib
from base64 import encodebytes, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pikepdf import Pdf

from bridge.channels.paper import envelope, parts, reference
from bridge.channels.paper.composition import compose
from bridge.channels.paper.letter import (
    PAGE_HEIGHT,
    WINDOW_HEIGHT,
    WINDOW_LEFT,
    WINDOW_TOP,
    WINDOW_WIDTH,
    Code,
    Composed,
    Letter,
    Limits,
    Sides,
)
from bridge.channels.paper.press import MEMORY, Press
from bridge.mail import hypertext
from storage.deliveries.terms import DocumentType

NOW = 1_760_000_000
INVOICES = Path(__file__).parents[5].parent / "shared" / "data" / "invoices"
PDFTOTEXT = shutil.which("pdftotext")
LETTER = Letter(
    reference=reference.printed(urlsafe_b64encode(bytes(range(200, 212))).decode()),
    name="Anna de Vries",
    lines=("Stadhouderskade 123", "1071 AA  Amsterdam"),
    country="NL",
    home="NL",
    sender="Energie Voorbeeld",
    sent_at=NOW,
    timezone="Europe/Amsterdam",
    document_type=DocumentType.INVOICE,
    document="Zm9vYmFy",
    locale="nl",
)


def plain(text: str, subject: str = "Rekening") -> bytes:
    return f"Subject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()


def mixed(*pieces: bytes) -> bytes:
    head = b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    return head + b"".join(b"--b\r\n" + piece + b"\r\n" for piece in pieces) + b"--b--\r\n"


def attached(pdf: bytes, name: str = "a.pdf") -> bytes:
    head = f'Content-Type: application/pdf; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    return head.encode() + encodebytes(pdf)


def made(
    change: Callable[[Pdf], None] = lambda pdf: None, size: tuple[float, float] = (595.3, 841.9), **how: object
) -> bytes:
    pdf, out = Pdf.new(), BytesIO()
    pdf.add_blank_page(page_size=size)
    change(pdf)
    pdf.save(out, **how)
    return out.getvalue()


def printed(message: bytes, letter: Letter = LETTER, limits: Limits | None = None) -> Composed:
    return compose(message, letter, limits or Limits())


def words(pdf: bytes, tmp_path: Path) -> list[tuple[int, str, float, float, float, float]]:
    """(page from 1, word, left, top, right, bottom) in millimetres, as poppler finds them."""
    assert PDFTOTEXT is not None
    (tmp_path / "x.pdf").write_bytes(pdf)
    html = subprocess.run(
        [PDFTOTEXT, "-bbox", str(tmp_path / "x.pdf"), "-"], check=True, capture_output=True
    ).stdout.decode()
    found, page = [], 0
    for line in html.splitlines():
        page += "<page " in line
        match = re.search(r'xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*)</word>', line)
        if match:
            left, top, right, bottom = (float(number) * 25.4 / 72 for number in match.groups()[:4])
            found.append((page, match[5], left, top, right, bottom))
    return found


needs_poppler = pytest.mark.skipif(PDFTOTEXT is None, reason="pdftotext (poppler-utils) is missing")


@needs_poppler
@pytest.mark.parametrize("name", ["Anna de Vries", "Ą" * 38, "W" * 25])
def test_the_address_stands_in_the_window_and_nothing_else_does(tmp_path: Path, name: str) -> None:
    lines = (
        "t.a.v. de bewaarder van de sleutels",
        "Gebouw Zuidvleugel",
        "Kade 123 - 4",
        "1071 AA  Amsterdam",
        "Noord",
    )
    composed = printed(plain("tekst"), replace(LETTER, name=name, lines=lines, home="DE"))
    assert composed.problems == ()
    inside = [
        word
        for page, word, left, top, right, bottom in words(composed.pdf, tmp_path)
        if page == 1
        and left >= WINDOW_LEFT + 4
        and right <= WINDOW_LEFT + WINDOW_WIDTH - 4
        and top >= WINDOW_TOP + 3
        and bottom <= WINDOW_TOP + WINDOW_HEIGHT - 3
    ]
    wanted = " ".join((LETTER.reference, name, *lines, "NETHERLANDS")).split()
    assert inside == wanted
    touched = [
        word
        for page, word, left, top, right, bottom in words(composed.pdf, tmp_path)
        if page == 1
        and right > WINDOW_LEFT
        and left < WINDOW_LEFT + WINDOW_WIDTH
        and bottom > WINDOW_TOP
        and top < WINDOW_TOP + WINDOW_HEIGHT
    ]
    assert touched == wanted


@needs_poppler
def test_the_cover_says_whose_it_is_in_the_readers_language(tmp_path: Path) -> None:
    message = mixed(b"Content-Type: text/plain\r\n\r\nHallo", b'Content-Type: image/png; name="foto.png"\r\n\r\nx')
    for locale, day in (("nl", "9 oktober 2025"), ("en", "9 October 2025")):
        composed = printed(message, replace(LETTER, locale=locale))
        text = " ".join(word for page, word, *_ in words(composed.pdf, tmp_path) if page == 1)
        for wanted in (day, LETTER.sender, LETTER.document, LETTER.reference, "foto.png"):
            assert wanted in text
        assert ("factuur" if locale == "nl" else "invoice") in text


@needs_poppler
def test_text_is_printed_whole(tmp_path: Path) -> None:
    lines = [f"regel-{number} Ünïcödé € Łódź Ελλάδα Київ" for number in range(150)] + ["x" * 300]
    composed = printed(plain("\r\n".join(lines)))
    found = words(composed.pdf, tmp_path)
    text = "".join(word for page, word, *_ in found if page > 1)
    assert all(f"regel-{number}" in text for number in range(150))
    assert text.count("x") == 300
    assert composed.pages == 1 + 4
    assert all(left >= 20 and right <= 195 and bottom <= PAGE_HEIGHT - 5 for _, _, left, _, right, bottom in found)


@pytest.mark.parametrize("kind", ["valid", "broken"])
def test_invoices_are_appended_page_by_page(kind: str) -> None:
    """Those that are broken are so in their XML, which is not printed."""
    if not (INVOICES / kind).is_dir():
        pytest.skip(f"no sample invoices in {INVOICES}")
    for path in sorted((INVOICES / kind).glob("*.pdf")):
        data = path.read_bytes()
        with pikepdf.open(path) as pdf:
            pages = len(pdf.pages)
        composed = printed(mixed(attached(data)))
        assert composed.obstacle is None, path.name
        assert composed.pages == pages + 1
        with Pdf.open(BytesIO(composed.pdf)) as pdf:
            assert all(abs(float(page.mediabox[2]) - 595.3) < 1 for page in pdf.pages)


def cut(pdf: bytes) -> bytes:
    return pdf[: len(pdf) // 3]


def xfa(pdf: Pdf) -> None:
    pdf.Root.AcroForm = pikepdf.Dictionary(XFA=pdf.make_stream(b"<xdp/>"), Fields=pikepdf.Array())
    pdf.Root.NeedsRendering = True


def foreign_font(pdf: Pdf) -> None:
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.TrueType, BaseFont=pikepdf.Name.Garamond)
    pdf.pages[0].Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))


BROKEN = {
    "no pdf": (b"hello", Code.PDF_BROKEN),
    "empty": (b"", Code.PDF_BROKEN),
    "cut": (cut(made()), Code.PDF_BROKEN),
    "password": (made(encryption=pikepdf.Encryption(owner="o", user="u")), Code.PDF_ENCRYPTED),
    "no printing": (
        made(
            encryption=pikepdf.Encryption(
                owner="o", user="", allow=pikepdf.Permissions(print_lowres=False, print_highres=False)
            )
        ),
        Code.PDF_ENCRYPTED,
    ),
    "xfa": (made(xfa), Code.PDF_FORM),
    "pages": (made(lambda pdf: [pdf.add_blank_page() for _ in range(200)] and None), Code.PAGES),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_pdf_that_cannot_be_printed_stops_the_letter(what: str) -> None:
    data, code = BROKEN[what]
    composed = printed(mixed(b"Content-Type: text/plain\r\n\r\nHallo", attached(data)))
    assert (composed.obstacle, composed.pdf) == (code, b"")


def test_a_font_that_is_missing_is_told_and_printed() -> None:
    composed = printed(mixed(attached(made(foreign_font))))
    assert composed.problems == (Code.PDF_FONTS,)
    assert composed.pages == 2


@pytest.mark.parametrize("size", [(842.0, 595.0), (1684.0, 2384.0), (200.0, 300.0), (612.0, 792.0)])
def test_other_sizes_lie_on_a4(size: tuple[float, float]) -> None:
    composed = printed(mixed(attached(made(size=size))))
    with Pdf.open(BytesIO(composed.pdf)) as pdf:
        box = [float(number) for number in pdf.pages[-1].mediabox]
    assert [round(number) for number in sorted(box[2:])] == [595, 842]
    assert (box[2] > box[3]) is (size[0] > size[1])


def test_on_both_sides_each_part_begins_a_sheet() -> None:
    message = mixed(b"Content-Type: text/plain\r\n\r\nHallo", attached(made()), attached(made()))
    composed = printed(message, replace(LETTER, sides=Sides.LONG_EDGE))
    assert composed.pages == 7  # cover and its back, text and its back, a PDF and its back, a PDF


ADDRESSES = {
    Code.ADDRESS_MISSING: replace(LETTER, lines=()),
    Code.ADDRESS_WIDE: replace(LETTER, name="W" * 60),
    Code.ADDRESS_LONG: replace(LETTER, lines=("x",) * 7),
    Code.ADDRESS_CHARACTERS: replace(LETTER, lines=("東京都", "1071 AA")),
}


@pytest.mark.parametrize("code", ADDRESSES)
def test_an_address_that_would_not_arrive(code: Code) -> None:
    assert printed(plain("x"), ADDRESSES[code]).obstacle is code


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("Dag 👍🏽 ✔ →", (Code.SYMBOLS,)),
        ("日本語", (Code.CHARACTERS,)),
        ("שלום", (Code.CHARACTERS,)),
        ("مرحبا", (Code.CHARACTERS,)),
        ("Ünïcödé e\u0301 \u200b\u00ad €", ()),
        ("   ", (Code.NOTHING,)),
    ],
)
def test_nothing_vanishes_in_silence(text: str, problems: tuple[Code, ...]) -> None:
    assert printed(plain(text)).problems == problems


def test_a_sender_or_file_name_in_another_script_is_told_and_printed() -> None:
    assert printed(plain("Dag"), replace(LETTER, sender="東京電力")).problems == (Code.SYMBOLS,)
    name = b"Content-Type: image/png; name*=utf-8''%E6%9D%B1.png\r\n\r\nx"
    assert printed(mixed(b"Content-Type: text/plain\r\n\r\nDag", name)).problems == (Code.SYMBOLS,)


def test_too_much() -> None:
    assert printed(plain("a\r\n" * 30_000)).obstacle is Code.PAGES
    assert printed(plain("a " * 300_000)).obstacle is Code.PAGES
    assert printed(plain("x" * 5000), limits=Limits(octets=2000)).obstacle is Code.SIZE


HTML = (
    "<html><head><title>no</title><style>p{}</style></head><body><p>Beste <b>Anna</b>,<br>regel&nbsp;twee &euro;5</p>"
    '<script>alert(1)</script><div style="display: none">preview</div><ul><li>een<li>twee</ul>'
    '<a href="https://x.test/y">hier</a> <a href="javascript:z">daar</a></body></html>'
)


def test_html_becomes_text() -> None:
    found = hypertext.text_of(HTML)
    assert found == "Beste Anna,\nregel twee €5\n\n• een\n• twee\nhier <https://x.test/y> daar"


@settings(max_examples=60, deadline=None)
@given(
    st.text()
    | st.lists(st.sampled_from(["<div>", "</p>", "<table><td>", "&#0;", "a", "<!--", "<p style=x"])).map("".join)
)
def test_html_of_any_kind_is_taken(html: str) -> None:
    assert isinstance(hypertext.text_of(html), str)


def test_deep_html_ends() -> None:
    assert isinstance(hypertext.text_of("<div>" * 100_000 + "x"), str)
    assert len(hypertext.text_of("<p>y</p>" * 100_000)) > 100_000


def test_of_alternatives_the_plain_text_is_taken_and_every_attachment() -> None:
    inner = (
        b"Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: text/html\r\n\r\n<p>html\r\n--c\r\n"
        + attached(made())
        + b"\r\n--c--"
    )
    message = (
        b"MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: text/plain\r\n\r\nplain\r\n--b\r\n" + inner + b"\r\n--b--\r\n"
    )
    found = parts.contents(message)
    assert (found.text, len(found.pdfs)) == ("plain", 1)


def test_names_of_what_is_not_printed() -> None:
    found = parts.contents(
        mixed(
            b"Content-Type: text/plain\r\nContent-Disposition: attachment; filename*=utf-8''n%C3%A9.txt\r\n\r\nx",
            b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nbody",
            b'Content-Type: application/octet-stream; name="=?utf-8?q?caf=C3=A9.pdf?="\r\n\r\nno pdf',
            b"Content-Type: application/zip\r\n\r\nPK",
        )
    )
    assert found.listed == ("né.txt", "", "café.pdf", "")
    assert found.text == ""


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda octets: mixed(attached(octets), octets)))
def test_any_message_is_taken(message: bytes) -> None:
    composed = printed(message)
    assert bool(composed.pdf) is (composed.obstacle is None)


@given(st.binary(min_size=12, max_size=12), st.integers(0, 21), st.integers(1, 31))
def test_a_reference_with_a_mistake_is_no_reference(octets: bytes, place: int, step: int) -> None:
    public_id = urlsafe_b64encode(octets).decode()
    text = reference.printed(public_id)
    assert reference.read(f" {text.lower()} ") == public_id
    letters, digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ", list(text.replace("-", ""))
    digits[place] = letters[(letters.index(digits[place]) + step) % 32]
    assert reference.read("".join(digits)) is None
    swapped = list(text.replace("-", ""))
    other = (place + step) % 22
    swapped[place], swapped[other] = swapped[other], swapped[place]
    assert reference.read("".join(swapped)) in (None, public_id)


def test_a_country_is_written_for_the_post_abroad() -> None:
    assert envelope.lines("A", ("B",), "DE", home="NL") == ("A", "B", "GERMANY")
    assert envelope.lines("A", ("B",), "NL", home="NL") == ("A", "B")


async def test_the_press_composes_in_a_process_of_its_own() -> None:
    composed = await Press().compose(plain("Dag"), LETTER)
    assert (composed.pages, composed.problems) == (2, ())
    assert composed.pdf.startswith(b"%PDF-")


UNFIT = (Code.FAULT, Code.TIME, Code.PDF_BROKEN)


async def test_the_press_stops_what_takes_too_long_or_too_much() -> None:
    assert (await Press(seconds=0.01).compose(plain("Dag"), LETTER)).obstacle is Code.TIME
    size = MEMORY + 1_000_000
    bomb = made(lambda pdf: setattr(pdf.pages[0], "Contents", _deflated(pdf, size)))
    assert len(bomb) < 10_000_000
    started = time.monotonic()
    assert (await Press(seconds=5).compose(mixed(attached(bomb)), LETTER)).obstacle in UNFIT
    assert time.monotonic() - started < 10


async def test_a_page_tree_that_grows_out_of_a_few_lines_stops_there() -> None:
    """A million pages in four kilobytes: each of twenty levels names the one below twice."""
    count = range(4, 24)
    levels = [
        b"%d 0 obj<</Type/Pages/Kids[%d 0 R %d 0 R]/Count %d>>endobj" % (n, n + 1, n + 1, 2 << 24 - n) for n in count
    ]
    page = b"24 0 obj<</Type/Page/MediaBox[0 0 595 842]>>endobj"
    root = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 4 0 R>>endobj"
    bomb = b"\n".join([root, *levels, page, b"trailer<</Root 1 0 R/Size 25>>", b"%%EOF"])
    started = time.monotonic()
    obstacle = (await Press(seconds=5).compose(mixed(attached(bomb)), LETTER)).obstacle
    assert obstacle in (*UNFIT, Code.PAGES)
    assert time.monotonic() - started < 10


def test_scripts_actions_and_files_within_a_pdf_stay_behind() -> None:
    def armed(pdf: Pdf) -> None:
        script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.launchURL('https://x.test')")
        pdf.Root.OpenAction = script
        pdf.pages[0].AA = pikepdf.Dictionary(O=script)
        link = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=pikepdf.Array([0, 0, 9, 9]), A=script
        )
        pdf.pages[0].Annots = pikepdf.Array([pdf.make_indirect(link)])
        pdf.attachments["x.exe"] = b"MZ"

    data = made(armed)
    assert b"JavaScript" in data
    composed = printed(mixed(attached(data)))
    assert composed.obstacle is None
    with Pdf.open(BytesIO(composed.pdf)) as pdf:
        whole = b"".join(each.unparse(resolved=True) for each in pdf.objects)
        assert not any(word in whole for word in (b"JavaScript", b"/JS", b"/AA", b"/Annots", b"EmbeddedFile"))


def _deflated(pdf: Pdf, size: int) -> pikepdf.Stream:
    """`size` blanks in a thousandth of it."""
    packer, piece = zlib.compressobj(), b" " * 1_000_000
    first = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
    octets = first + again * (size // len(piece)) + packer.flush()
    return pikepdf.Stream(pdf, octets, Filter=pikepdf.Name.FlateDecode)
