"""Message → card: finds the MIME parts of a stored message (RFC 2045, RFC 2046) within fixed limits.

Contract: `scan` takes any bytes and never raises; time is linear in the message (times the depth of multiparts that
are open at one place, at the speed of `bytes.find`). Messages are expected with CRLF line ends; a bare LF ends a line
too. Limits of this file: depth 100, 1000 parts, 256 KiB of a header block, 1 MiB of all of them, and a limit to what
is searched again and again for the boundaries of ever deeper multiparts. What lies beyond one of them is shown as one
opaque part, application/octet-stream, and is still there in every byte.
"""

import re

from bridge.mail import parameters
from bridge.mail.card import Card
from bridge.mail.delimiters import Delimiters
from bridge.mail.envelope import Fields, envelope
from bridge.mail.headers import MAX_HEADER, scanned_fields
from bridge.mail.parts import Kind, PartMap
from bridge.mail.structure import Part, rows, written

MAX_DEPTH = 100
MAX_PARTS = 1000
MAX_HEADERS = 1024 * 1024
"""Octets of all header blocks of a message that are read; beyond, a part's header counts as its content."""
SEARCHED_ANYHOW = 128 * 1024 * 1024
SEARCHED_TIMES = 8
"""Octets that may be searched for boundaries: a fixed number, or this many times the message if that is more."""

_TYPE = re.compile(r"([^\s/;\"()<>@,:\\\[\]?=]+)[ \t]*/[ \t]*([^\s/;\"()<>@,:\\\[\]?=]+)", re.ASCII)
_ContentType = tuple[str, str, dict[str, str]]

_PLAIN_TEXT: _ContentType = ("text", "plain", {"charset": "us-ascii"})
"""RFC 2045 section 5.2, for a part without a Content-Type that can be read."""
_INNER_MESSAGE: _ContentType = ("message", "rfc822", {})
"""RFC 2046 section 5.1.5, the default inside multipart/digest."""
_OPAQUE: _ContentType = ("application", "octet-stream", {})


def scan(message: bytes) -> Card:
    root = _Scanner(message).message()
    structure = written(message, root)
    return Card(
        size=len(message),
        header=message[: root.body],
        envelope=envelope(root.fields).encode("ascii"),
        body=structure.body.encode("ascii"),
        bodystructure=structure.bodystructure.encode("ascii"),
        parts=PartMap(b"".join(row.packed() for row in rows(root))),
    )


class _Scanner:
    """Walks the message once from front to back; `_delimiters` knows how far it has come."""

    def __init__(self, message: bytes) -> None:
        self._message = message
        self._delimiters = Delimiters(message)
        self._parts = 0
        self._headers = 0
        self._searchable = max(SEARCHED_ANYHOW, SEARCHED_TIMES * len(message))

    def message(self) -> Part:
        return self._part(0, _PLAIN_TEXT, depth=1)

    def _part(self, start: int, default: _ContentType, depth: int) -> Part:
        """The part whose header begins at `start`, up to the next delimiter that is not inside it."""
        self._parts += 1
        end, _ = self._delimiters.next()
        body, whole = self._header_end(start, min(end + 1, len(self._message)))
        self._headers += body - start
        if self._headers > MAX_HEADERS:
            body, whole = start, False
        fields = scanned_fields(self._message[start:body])
        content = _content_type(fields, default) if whole else _OPAQUE
        part = Part(start, body, fields, *content, Kind.LEAF)
        if depth < MAX_DEPTH and self._parts < MAX_PARTS and self._delimiters.searched < self._searchable:
            self._open(part, depth)
        elif part.type.lower() == "multipart" or _is_message(part):
            part.type, part.subtype, part.parameters = _OPAQUE
        if part.kind is Kind.LEAF and part.type.lower() == "text":
            part.kind = Kind.TEXT
        part.stop = max(body, self._content_end(body), *(child.stop for child in part.children[-1:]))
        return part

    def _header_end(self, start: int, limit: int) -> tuple[int, bool]:
        """Where the content begins, behind the blank line; False if the header is too long to be one."""
        message = self._message
        for blank in (b"\r\n", b"\n"):
            if message.startswith(blank, start, limit):
                return start + len(blank), True
        stop = min(limit, start + MAX_HEADER)
        crlf = message.find(b"\n\r\n", start, stop)
        bare = message.find(b"\n\n", start, crlf if crlf >= 0 else stop)
        if bare >= 0:
            return bare + 2, True
        if crlf >= 0:
            return crlf + 3, True
        if limit <= start + MAX_HEADER:
            return limit, True
        return max(start, message.rfind(b"\n", start, stop) + 1), False

    def _content_end(self, body: int) -> int:
        """RFC 2046 section 5.1.1: the line end before a delimiter belongs to the delimiter."""
        at, owner = self._delimiters.next()
        if owner is not None and at > body and self._message[at - 1] == 0x0D:
            return at - 1
        return at

    def _open(self, part: Part, depth: int) -> None:
        """Scans what `part` contains, if it is a container."""
        if part.type.lower() == "multipart":
            boundary = part.parameters.get("boundary", "").rstrip(" \t")
            if boundary:
                self._multipart(part, boundary.encode("utf-8", "surrogateescape"), depth)
            else:  # RFC 2045 section 5.2: a Content-Type that cannot be right counts as none
                part.type, part.subtype, part.parameters = _PLAIN_TEXT
        elif _is_message(part):
            part.kind = Kind.MESSAGE
            self._delimiters.position = max(part.body - 1, 0)
            part.children.append(self._part(part.body, _PLAIN_TEXT, depth + 1))

    def _multipart(self, part: Part, boundary: bytes, depth: int) -> None:
        part.kind = Kind.MULTIPART
        default = _INNER_MESSAGE if part.subtype.lower() == "digest" else _PLAIN_TEXT
        level = self._delimiters.open(boundary, max(part.body - 1, 0))
        rest = None
        at, owner = self._delimiters.next()
        while owner is level:
            start, closing = self._delimiters.cross(level, at)
            if closing or self._parts >= MAX_PARTS:
                rest = None if closing else start
                break
            part.children.append(self._part(start, default, depth + 1))
            at, owner = self._delimiters.next()
        self._delimiters.close(level)
        if rest is not None:
            part.children.append(self._opaque(rest))
        elif not part.children:
            part.children.append(self._empty(part.body))

    def _opaque(self, start: int) -> Part:
        """All that is left of a multipart once the message has too many parts."""
        return Part(start, start, {}, *_OPAQUE, Kind.LEAF, stop=max(start, self._content_end(start)))

    def _empty(self, body: int) -> Part:
        """The one part of a multipart that has none: `body-type-mpart` of RFC 3501 section 9 needs one."""
        at = max(body, self._content_end(body))
        return Part(at, at, {}, *_PLAIN_TEXT, Kind.TEXT, stop=at)


def _content_type(fields: Fields, default: _ContentType) -> _ContentType:
    sent = fields.get("content-type")
    if not sent:
        return default
    found = parameters.parse(sent[0])
    kind = _TYPE.match(found.value)
    if kind is None:
        return _PLAIN_TEXT
    return kind[1], kind[2], found.parameters


def _is_message(part: Part) -> bool:
    return (part.type.lower(), part.subtype.lower()) == ("message", "rfc822")
