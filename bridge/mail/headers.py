"""A header block as fields (RFC 5322 section 2.2): selection, look-up, unfolding.

Contract: functions of the bytes alone, never raise, linear time. A line ends at LF (a CR before it belongs to the
line end), a field ends where the next line does not start with space or tab. Text is
`decode("utf-8", "surrogateescape")`: see `words`.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from bridge.mail.words import decoded_words as decoded_words

MAX_HEADER = 256 * 1024
"""Octets of a header block that are read as header; what follows counts as body."""

MAX_NAME = 998
"""Octets of a field name; RFC 5322 section 2.1.1 allows no longer line."""
_COMPILED = 2048
"""Octets of names up to which a selection becomes an expression of its own, which is kept."""

_REST = r"[^\n]*+(?:\n[ \t][^\n]*+)*+"
_SCANNED = re.compile(
    r"\n(date|subject|from|sender|reply-to|to|cc|bcc|in-reply-to|message-id|content-(?:type|transfer-encoding"
    rf"|disposition|id|description|md5|language|location))[ \t]*+:({_REST})",
    re.IGNORECASE | re.ASCII,
)
_FIELD = re.compile(rf"\n(?=[^ \t\n])(?!\r\n)({_REST})", re.ASCII)
_FOLD = re.compile(r"\r*\n")


def text_of(header: bytes) -> str:
    return header.decode("utf-8", "surrogateescape")


def unfolded(value: str) -> str:
    """RFC 5322 section 2.2.3: line ends go, the white space after them stays; trimmed at both ends."""
    if "\n" in value:
        value = _FOLD.sub("", value)
    return value.strip(" \t\r")


def fields_of(text: str) -> list[str]:
    """Every field of a header block, name and value as sent."""
    return _FIELD.findall("\n" + text)


def scanned_fields(header: bytes) -> dict[str, list[str]]:
    """The fields that ENVELOPE and BODYSTRUCTURE are made of: lower-case name → unfolded values, in order."""
    fields: dict[str, list[str]] = {}
    for name, value in _SCANNED.findall("\n" + text_of(header)):
        fields.setdefault(name.lower(), []).append(unfolded(value))
    return fields


@lru_cache(maxsize=16)
def _gatherer(names: tuple[str, ...]) -> re.Pattern[bytes]:
    listed = b"|".join(re.escape(name.lower().encode()) for name in names)
    return re.compile(rb"\n(" + listed + rb")[ \t]*+:(" + _REST.encode() + b")", re.I)


def values_by_name(header: bytes, names: tuple[str, ...]) -> dict[str, list[str]]:
    """`values` of several fields in one pass: by lower-case name, those that are there."""
    fields: dict[str, list[str]] = {}
    for name, value in _gatherer(names).findall(b"\n" + header):
        fields.setdefault(name.decode().lower(), []).append(unfolded(text_of(value)))
    return fields


@lru_cache(maxsize=256)
def _normalised(names: tuple[str, ...]) -> tuple[bytes, ...]:
    """Field names as they are compared. Cached, as a client asks for the same list of each message."""
    return tuple(name.strip().lower().encode("utf-8", "surrogateescape") for name in names)


@lru_cache(maxsize=256)
def _selector(names: tuple[bytes, ...], invert: bool) -> re.Pattern[bytes]:
    listed = b"(?:" + b"|".join(re.escape(name) for name in names) + rb")[ \t]*+:"
    start = rb"\n(?=[^ \t\n])(?!\r\n|" + listed + b")" if invert else rb"\n(?=" + listed + b")"
    return re.compile(start + b"(" + _REST.encode() + b")", re.IGNORECASE)


def _selected(header: bytes, names: frozenset[bytes], invert: bool) -> list[bytes]:
    """The same as `_selector` finds, for more names than are worth an expression."""
    fields: list[bytes] = _selector((b"\0",), True).findall(b"\n" + header)
    named = ((field, field.partition(b":")) for field in fields)
    return [field for field, (name, colon, _) in named if (bool(colon) and name.strip().lower() in names) != invert]


def select_fields(header: bytes, names: Sequence[str], invert: bool = False) -> bytes:
    """BODY[HEADER.FIELDS (names)] or, inverted, HEADER.FIELDS.NOT: the fields as stored, then one blank line.

    RFC 3501 section 6.4.5. A line without a colon has no name: only the inverted form keeps it.
    """
    wanted = _normalised(tuple(names))
    if not wanted and not invert:
        return b"\r\n"
    if sum(map(len, wanted)) <= _COMPILED:
        found = _selector(wanted or (b"\0",), invert).findall(b"\n" + header)
    else:
        found = _selected(header, frozenset(wanted), invert)
    if not found:
        return b"\r\n"
    # Only the last field of a block cut short lacks its CR; every other one carries it before the LF that ends it.
    ending = b"\n\r\n" if found[-1].endswith(b"\r") or not header.endswith(found[-1]) else b"\r\n\r\n"
    return b"\n".join(found) + ending


@lru_cache(maxsize=256)
def _finder(name: str) -> re.Pattern[bytes]:
    return re.compile(
        rb"\n" + re.escape(name.encode("utf-8", "replace")) + rb"[ \t]*+:(" + _REST.encode() + b")", re.I
    )


def _occurrences(header: bytes, name: str) -> Iterator[str]:
    if len(name) <= MAX_NAME:
        for found in _finder(name.lower()).finditer(b"\n" + header):
            yield unfolded(text_of(found[1]))


def values(header: bytes, name: str) -> list[str]:
    """Every value of field `name`, unfolded, in order; encoded words as sent (see `decoded_words`)."""
    return list(_occurrences(header, name))


def value(header: bytes, name: str) -> str | None:
    """The first value of field `name`, unfolded; None if the field is absent."""
    return next(_occurrences(header, name), None)
