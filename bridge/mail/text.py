"""The text of a message as a person reads it, for SEARCH BODY and TEXT (RFC 3501 section 6.4.4).

Contract: never raises, linear time, one piece of text at a time, none longer than the message; parts that are
neither text nor header give nothing. Transfer encodings of RFC 2045 section 6 are undone, charsets decoded as
`charsets` does.
"""

import binascii
from collections.abc import Iterator

from bridge.mail import headers, parameters
from bridge.mail.charsets import decoded
from bridge.mail.parts import Kind, PartMap, Row
from bridge.mail.structure import encoding
from bridge.mail.words import base64_octets, decoded_words


def header_text(header: bytes) -> str:
    """A header block unfolded, its encoded words decoded, one field a line."""
    text = headers.text_of(header)
    return "\n".join(decoded_words(headers.unfolded(field)) for field in headers.fields_of(text))


def body_texts(message: bytes, parts: PartMap) -> Iterator[str]:
    """Each text of the message but its own header: MIME headers (they hold file names), text parts, inner headers."""
    for index, row in enumerate(parts):
        header = message[row.start : row.body]
        if index:
            yield header_text(header)
        if row.kind == Kind.TEXT:
            yield part_text(message, row)


def part_text(message: bytes, row: Row) -> str:
    """The decoded content of one text part."""
    fields = headers.scanned_fields(message[row.start : row.body])
    kind = fields.get("content-type")
    charset = parameters.parse(kind[0]).parameters.get("charset", "") if kind else ""
    return decoded(_octets(message[row.body : row.stop], encoding(fields).lower()), charset)


def _octets(content: bytes, transfer_encoding: str) -> bytes:
    if transfer_encoding == "base64":
        return base64_octets(content)
    if transfer_encoding == "quoted-printable":
        return binascii.a2b_qp(content)
    return content
