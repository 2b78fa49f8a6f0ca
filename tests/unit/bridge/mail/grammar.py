"""A strict reader of ENVELOPE, BODY and BODYSTRUCTURE after the ABNF of RFC 3501 section 9, to test our writer with.

Values come back as bytes, None for NIL, int for numbers, tuples for lists; AssertionError where the grammar breaks.
"""

import re
from typing import Any

_QUOTED = re.compile(rb'"((?:[^"\\\r\n\0\x80-\xff]|\\["\\])*)"')
_NUMBER = re.compile(rb"0|[1-9][0-9]*")


class Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def expect(self, token: bytes) -> None:
        assert self.data.startswith(token, self.at), (token, self.data[self.at : self.at + 40])
        self.at += len(token)

    def sees(self, token: bytes) -> bool:
        return self.data.startswith(token, self.at)

    def string(self) -> bytes:
        found = _QUOTED.match(self.data, self.at)
        assert found, self.data[self.at : self.at + 40]
        self.at = found.end()
        return re.sub(rb"\\(.)", rb"\1", found[1])

    def nstring(self) -> bytes | None:
        if self.sees(b"NIL"):
            self.at += 3
            return None
        return self.string()

    def number(self) -> int:
        found = _NUMBER.match(self.data, self.at)
        assert found, self.data[self.at : self.at + 40]
        self.at = found.end()
        return int(found[0])

    def spaced(self, *readers: Any) -> tuple[Any, ...]:
        values = []
        for read in readers:
            self.expect(b" ")
            values.append(read())
        return tuple(values)

    def addresses(self) -> tuple[Any, ...] | None:
        if self.sees(b"NIL"):
            return self.nstring()  # type: ignore[return-value]
        self.expect(b"(")
        found = []
        while not self.sees(b")"):
            self.expect(b"(")
            found.append((self.nstring(), *self.spaced(self.nstring, self.nstring, self.nstring)))
            self.expect(b")")
        assert found, "an address list has at least one address"
        self.expect(b")")
        return tuple(found)

    def envelope(self) -> tuple[Any, ...]:
        self.expect(b"(")
        lists = [self.addresses] * 6
        value = (self.nstring(), *self.spaced(self.nstring, *lists, self.nstring, self.nstring))
        self.expect(b")")
        return value

    def parameters(self) -> dict[bytes, bytes] | None:
        if self.sees(b"NIL"):
            return self.nstring()  # type: ignore[return-value]
        self.expect(b"(")
        found: dict[bytes, bytes] = {}
        while not self.sees(b")"):
            if found:
                self.expect(b" ")
            name = self.string()
            self.expect(b" ")
            assert name not in found
            found[name] = self.string()
        assert found, "a parameter list has at least one pair"
        self.expect(b")")
        return found

    def disposition(self) -> tuple[Any, ...] | None:
        if self.sees(b"NIL"):
            return self.nstring()  # type: ignore[return-value]
        self.expect(b"(")
        value = (self.string(), *self.spaced(self.parameters))
        self.expect(b")")
        return value

    def language(self) -> Any:
        if not self.sees(b"("):
            return self.nstring()
        self.expect(b"(")
        tags = [self.string()]
        while not self.sees(b")"):
            self.expect(b" ")
            tags.append(self.string())
        self.expect(b")")
        return tuple(tags)

    def body(self, extended: bool) -> tuple[Any, ...]:
        """(children, subtype, …) of a multipart, or (type, subtype, parameters, id, …)."""
        self.expect(b"(")
        value = self._multipart(extended) if self.sees(b"(") else self._single(extended)
        self.expect(b")")
        return value

    def _multipart(self, extended: bool) -> tuple[Any, ...]:
        children = []
        while self.sees(b"("):
            children.append(self.body(extended))
        value = (tuple(children), *self.spaced(self.string))
        if extended:
            value += self.spaced(self.parameters, self.disposition, self.language, self.nstring)
        return value

    def _single(self, extended: bool) -> tuple[Any, ...]:
        value: tuple[Any, ...] = (self.string(), *self.spaced(self.string, self.parameters, self.nstring))
        value += self.spaced(self.nstring, self.string, self.number)
        if value[0].lower() == b"text":
            value += self.spaced(self.number)
        elif (value[0].lower(), value[1].lower()) == (b"message", b"rfc822"):
            value += self.spaced(self.envelope, lambda: self.body(extended), self.number)
        if extended:
            value += self.spaced(self.nstring, self.disposition, self.language, self.nstring)
        return value

    def end(self) -> None:
        assert self.at == len(self.data), self.data[self.at : self.at + 40]


def envelope(data: bytes) -> tuple[Any, ...]:
    reader = Reader(data)
    value = reader.envelope()
    reader.end()
    return value


def body(data: bytes, extended: bool) -> tuple[Any, ...]:
    reader = Reader(data)
    value = reader.body(extended)
    reader.end()
    return value
