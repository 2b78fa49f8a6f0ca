"""The part map: where in a stored message each MIME part begins and ends, as a compact table.

One row per part in the order they stand in the message, each followed by the rows below it, so that a part is found
by stepping over its elder siblings; nothing is decoded before it is asked for. Rows: the whole message first. The
numbering of RFC 3501 section 6.4.5 is the business of `PartMap.find`.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

_ROW = struct.Struct("<IIIIB")


class Kind(IntEnum):
    LEAF = 0
    MULTIPART = 1
    MESSAGE = 2
    """message/rfc822; its one child is the message inside."""
    TEXT = 3
    """A leaf of type text/*."""


@dataclass(frozen=True, slots=True)
class Row:
    """Offsets in the message: MIME header [start, body), content [body, stop); `below` rows follow that lie in it."""

    start: int
    body: int
    stop: int
    below: int
    kind: Kind

    def packed(self) -> bytes:
        return _ROW.pack(self.start, self.body, self.stop, self.below, self.kind)


@dataclass(frozen=True, slots=True)
class PartMap:
    """`rows`: packed rows; a message has at least one."""

    rows: bytes

    def row(self, index: int) -> Row:
        start, body, stop, below, kind = _ROW.unpack_from(self.rows, index * _ROW.size)
        return Row(start, body, stop, below, Kind(kind))

    def __len__(self) -> int:
        return len(self.rows) // _ROW.size

    def __iter__(self) -> Iterator[Row]:
        return map(self.row, range(len(self)))

    def find(self, part: tuple[int, ...]) -> tuple[Row, int] | None:
        """The row of a numbered part and its index; `()` is the message. None if there is no such part."""
        index, row = 0, self.row(0)
        if part and row.kind != Kind.MULTIPART:  # part 1 of a message that is no multipart is its body
            if part[0] != 1:
                return None
            part = part[1:]
        for number in part:
            found = self._child(index, row, number)
            if found is None:
                return None
            index, row = found
        return row, index

    def _child(self, index: int, row: Row, number: int) -> tuple[int, Row] | None:
        if row.kind == Kind.MESSAGE:
            index, row = index + 1, self.row(index + 1)
            if row.kind != Kind.MULTIPART:
                return (index, row) if number == 1 else None
        return self._sibling(index, row, number) if row.kind == Kind.MULTIPART else None

    def _sibling(self, index: int, row: Row, number: int) -> tuple[int, Row] | None:
        child, end = index + 1, index + 1 + row.below
        while child < end:
            found = self.row(child)
            number -= 1
            if number == 0:
                return child, found
            child += 1 + found.below
        return None
