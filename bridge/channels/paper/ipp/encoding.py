"""IPP messages as bytes (RFC 8010 section 3): requests are written, responses read. Pure.

`read` takes any bytes and raises nothing but `Unreadable`; it takes no more attributes than `MOST_VALUES`. Members of
collections are passed over: nothing that is asked for has any.
"""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

VERSION = (2, 0)
MOST_VALUES = 50_000
_HEAD = struct.Struct(">BBhI")
_SHORT = struct.Struct(">H")


class Tag(IntEnum):
    """Delimiters and the value tags that we write (RFC 8010 section 3.5)."""

    OPERATION = 0x01
    JOB = 0x02
    END = 0x03
    PRINTER = 0x04
    INTEGER = 0x21
    BOOLEAN = 0x22
    ENUM = 0x23
    BEGIN_COLLECTION = 0x34
    END_COLLECTION = 0x37
    NAME = 0x42
    KEYWORD = 0x44
    URI = 0x45
    CHARSET = 0x47
    LANGUAGE = 0x48
    MEDIA_TYPE = 0x49


_FIRST_VALUE = 0x10
_WITH_LANGUAGE = (0x35, 0x36)
_TEXTS = range(0x40, 0x60)

Value = int | bool | str | bytes
Attributes = Mapping[str, tuple[Value, ...]]
Given = tuple[str, Tag, Value | tuple[Value, ...]]
"""(name, tag, value or values) of an attribute to be written."""


class Unreadable(ValueError):
    """Bytes that are no IPP message."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    groups: tuple[tuple[int, Attributes], ...]
    """(delimiter tag, attributes) in the order of the message."""

    def of(self, tag: Tag) -> list[Attributes]:
        return [attributes for delimiter, attributes in self.groups if delimiter == tag]


def written(operation: int, number: int, groups: Iterable[tuple[Tag, Iterable[Given]]]) -> bytes:
    """A request without its document; charset and language stand first (RFC 8011 section 4.1.4)."""
    pieces = [_HEAD.pack(*VERSION, operation, number)]
    for tag, given in groups:
        pieces.append(bytes([tag]))
        if tag is Tag.OPERATION:
            pieces.append(_attribute("attributes-charset", Tag.CHARSET, "utf-8"))
            pieces.append(_attribute("attributes-natural-language", Tag.LANGUAGE, "en"))
        pieces += [_attribute(*each) for each in given]
    pieces.append(bytes([Tag.END]))
    return b"".join(pieces)


def _attribute(name: str, tag: Tag, value: Value | tuple[Value, ...]) -> bytes:
    values = value if isinstance(value, tuple) else (value,)
    names = [name.encode("ascii"), *[b""] * (len(values) - 1)]
    return b"".join(
        bytes([tag]) + _sized(key) + _sized(_octets(tag, each)) for key, each in zip(names, values, strict=True)
    )


def _octets(tag: Tag, value: Value) -> bytes:
    if tag is Tag.BOOLEAN:
        return b"\1" if value else b"\0"
    if isinstance(value, int):
        return struct.pack(">i", value)
    return value if isinstance(value, bytes) else value.encode("utf-8")


def _sized(octets: bytes) -> bytes:
    return _SHORT.pack(len(octets)) + octets


def read(data: bytes) -> Answer:
    """Unreadable."""
    try:
        return _Reader(data).answer()
    except (struct.error, IndexError):
        raise Unreadable("an answer that ends too early") from None


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = _HEAD.size
        self._values = 0

    def answer(self) -> Answer:
        major, _, status, _ = _HEAD.unpack_from(self._data)
        if major not in (1, 2):
            raise Unreadable("another version")
        groups: list[tuple[int, dict[str, tuple[Value, ...]]]] = []
        while (tag := self._octet()) != Tag.END:
            if tag >= _FIRST_VALUE:
                raise Unreadable("a value outside of any group")
            groups.append((tag, self._group()))
        return Answer(status, tuple(groups))

    def _group(self) -> dict[str, tuple[Value, ...]]:
        found: dict[str, list[Value]] = {}
        name, depth = "", 0
        while self._data[self._at] >= _FIRST_VALUE:
            tag, key, octets = self._octet(), self._sized(), self._sized()
            depth += (tag == Tag.BEGIN_COLLECTION) - (tag == Tag.END_COLLECTION)
            if key and not depth:
                name = key.decode("ascii", "replace")
            if not depth and tag != Tag.END_COLLECTION:
                found.setdefault(name, []).append(_value(tag, octets))
            self._count()
        return {key: tuple(values) for key, values in found.items()}

    def _count(self) -> None:
        self._values += 1
        if self._values > MOST_VALUES:
            raise Unreadable("too many attributes")

    def _octet(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _sized(self) -> bytes:
        (length,) = _SHORT.unpack_from(self._data, self._at)
        start, self._at = self._at + 2, self._at + 2 + length
        if self._at > len(self._data):
            raise Unreadable("a length beyond the end")
        return self._data[start : self._at]


def _value(tag: int, octets: bytes) -> Value:
    if tag in (Tag.INTEGER, Tag.ENUM) and len(octets) == 4:
        return int.from_bytes(octets, "big", signed=True)
    if tag == Tag.BOOLEAN:
        return octets != b"\0"
    if tag in _WITH_LANGUAGE:
        (length,) = _SHORT.unpack_from(octets)
        return octets[4 + length :].decode("utf-8", "replace")
    return octets.decode("utf-8", "replace") if tag in _TEXTS else octets
