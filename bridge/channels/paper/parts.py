"""What of a message goes on paper: its text, its PDFs, and the names of what else it holds.

Found by the bounded scanner of `bridge.mail`; never raises on any bytes. Of alternatives the plain text is taken,
else the HTML as text. A message inside a message, and whatever is neither text nor PDF, is named only.
"""

import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from bridge.mail import headers, hypertext, parameters
from bridge.mail.charsets import decoded
from bridge.mail.parts import Kind, PartMap, Row
from bridge.mail.scanner import scan
from bridge.mail.structure import encoding
from bridge.mail.text import part_text
from bridge.mail.words import base64_octets, decoded_words

PDF_MARK = b"%PDF-"
MARK_WITHIN = 1024
"""Octets within which readers look for the mark (ISO 32000-1, annex H.3)."""


@dataclass(frozen=True, slots=True)
class Contents:
    subject: str = field(default="", repr=False)
    sender: str = field(default="", repr=False)
    """The From field, for people."""
    text: str = field(default="", repr=False)
    pdfs: tuple[bytes, ...] = field(default=(), repr=False)
    listed: tuple[str, ...] = field(default=(), repr=False)
    """Names of parts that are not printed; "" for one without a name."""


@dataclass(slots=True)
class _Found:
    plain: list[str] = field(default_factory=list)
    pdfs: list[bytes] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)


def contents(message: bytes) -> Contents:
    card = scan(message)
    found = _walk(message, card.parts, 0)
    text = "\n\n".join(piece for piece in (each.strip("\r\n") for each in found.plain) if piece.strip())
    return Contents(
        decoded_words(headers.value(card.header, "subject") or ""),
        decoded_words(headers.value(card.header, "from") or ""),
        text,
        tuple(found.pdfs),
        tuple(found.listed),
    )


def _walk(message: bytes, parts: PartMap, index: int) -> _Found:
    row = parts.row(index)
    if row.kind is not Kind.MULTIPART:
        return _leaf(message, row)
    found = [_walk(message, parts, child) for child in _children(parts, index)]
    if _kind(message, row)[0] == "multipart/alternative":
        texts = _best(message, parts, index, found)
    else:
        texts = [text for each in found for text in each.plain]
    return _Found(
        texts, [pdf for each in found for pdf in each.pdfs], [name for each in found for name in each.listed]
    )


def _best(message: bytes, parts: PartMap, index: int, found: list[_Found]) -> list[str]:
    """Of one alternative: the plain text if it says something, else the last that does (RFC 2046 section 5.1.4)."""
    said = [
        (_kind(message, parts.row(child))[0] == "text/plain", each.plain)
        for child, each in zip(_children(parts, index), found, strict=True)
        if any(text.strip() for text in each.plain)
    ]
    plain = [texts for is_plain, texts in said if is_plain]
    return plain[0] if plain else said[-1][1] if said else []


def _children(parts: PartMap, index: int) -> Iterator[int]:
    child, end = index + 1, index + 1 + parts.row(index).below
    while child < end:
        yield child
        child += 1 + parts.row(child).below


def _leaf(message: bytes, row: Row) -> _Found:
    kind, name, attached = _kind(message, row)
    if row.kind is Kind.MESSAGE:
        return _Found(listed=[name])
    if row.kind is Kind.TEXT and not attached and kind in ("text/plain", "text/html"):
        text = part_text(message, row)
        return _Found(plain=[text if kind == "text/plain" else hypertext.text_of(text)])
    if kind in ("application/pdf", "application/x-pdf"):
        return _Found(pdfs=[_octets(message, row)])
    if name.lower().endswith(".pdf"):
        octets = _octets(message, row)
        if PDF_MARK in octets[:MARK_WITHIN]:
            return _Found(pdfs=[octets])
    return _Found(listed=[name])


def _kind(message: bytes, row: Row) -> tuple[str, str, bool]:
    """(media type in lower case, file name or "", whether it is an attachment and no part of the text)."""
    fields = headers.scanned_fields(message[row.start : row.body])
    kind = parameters.parse(fields.get("content-type", ["text/plain"])[0])
    disposition = parameters.parse(fields.get("content-disposition", [""])[0])
    name = _name(disposition.parameters, "filename") or _name(kind.parameters, "name")
    attached = disposition.value.lower() == "attachment" or bool(_name(disposition.parameters, "filename"))
    return "".join(kind.value.lower().split()), name, attached


def _name(given: dict[str, str], key: str) -> str:
    """RFC 2231 section 4, else as RFC 2047 has it in practice."""
    extended = given.get(f"{key}*")
    if extended is not None:
        charset, _, rest = extended.partition("'")
        return decoded(unquote_to_bytes(rest.rpartition("'")[2]), charset)
    return decoded_words(given.get(key, ""))


def _octets(message: bytes, row: Row) -> bytes:
    content = message[row.body : row.stop]
    transfer = encoding(headers.scanned_fields(message[row.start : row.body])).lower()
    if transfer == "base64":
        return base64_octets(content)
    return binascii.a2b_qp(content) if transfer == "quoted-printable" else content
