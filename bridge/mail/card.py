"""The card: all that lists, header fetches and part look-ups need of a message, made once at its arrival.

Contract: `decode(encode(card)) == card`; decoding only slices, the part map stays packed. Layout: version byte,
message size and five lengths (little endian, 32 bits each), then header, envelope, body, bodystructure and part map.

A card in memory keeps the answers to the last few questions about its header (`remembered`): clients ask the same of
ten thousand messages again and again, and an answer found costs a tenth of one made.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from bridge.mail.parts import Kind, PartMap

_VERSION = 1
_HEAD = struct.Struct("<B6I")

REMEMBERED = 5
"""Answers that a card keeps, ..."""
REMEMBERED_OCTETS = 1024
"""... each of them at most so long: together they stay in the measure of what the cache counts for a card."""


class Unreadable(ValueError):
    """Bytes that are no card of a known version."""


class Piece(Enum):
    """What of a part is asked for (RFC 3501 section 6.4.5)."""

    ALL = "ALL"
    """BODY[] or, of a part, its content without its MIME header: BODY[1.2]."""
    HEADER = "HEADER"
    """Header of the message or of a message/rfc822 part, with its blank line."""
    TEXT = "TEXT"
    MIME = "MIME"
    """MIME header of a numbered part."""


@dataclass(frozen=True, slots=True)
class Card:
    """`size`: octets of the message. `envelope`, `body`, `bodystructure`: 7-bit, ready to send, without item name."""

    size: int
    header: bytes
    envelope: bytes
    body: bytes
    bodystructure: bytes
    parts: PartMap
    _answers: dict[bytes, bytes] = field(default_factory=dict, init=False, compare=False, repr=False)

    def remembered(self, question: bytes, answer: Callable[[bytes], bytes]) -> bytes:
        """`answer(self.header)`, made at most once while it is among the last asked; `question` names it."""
        found = self._answers.get(question)
        if found is None:
            found = answer(self.header)
            if len(found) <= REMEMBERED_OCTETS:
                self._make_room()
                self._answers[question] = found
        return found

    def remembers(self, question: bytes) -> bool:
        return question in self._answers

    def _make_room(self) -> None:
        if len(self._answers) >= REMEMBERED:
            self._answers.pop(next(iter(self._answers)))

    def span(self, part: tuple[int, ...], piece: Piece = Piece.ALL) -> tuple[int, int] | None:
        """Where `piece` of a part stands in the stored message, [start, stop); None if the message has none such."""
        found = self.parts.find(part)
        if found is None:
            return None
        row, index = found
        if piece is Piece.ALL:
            return (row.body, row.stop) if part else (0, self.size)
        if piece is Piece.MIME:
            return (row.start, row.body) if part else None
        if part:
            if row.kind != Kind.MESSAGE:
                return None
            row = self.parts.row(index + 1)
        return (row.start, row.body) if piece is Piece.HEADER else (row.body, row.stop)

    def encode(self) -> bytes:
        fields = (self.header, self.envelope, self.body, self.bodystructure, self.parts.rows)
        return _HEAD.pack(_VERSION, self.size, *map(len, fields)) + b"".join(fields)

    @classmethod
    def decode(cls, data: bytes) -> "Card":
        """Raises Unreadable for another version or a wrong length."""
        if len(data) < _HEAD.size:
            raise Unreadable
        version, size, header, envelope, body, structure, rows = _HEAD.unpack_from(data)
        at_envelope = _HEAD.size + header
        at_body = at_envelope + envelope
        at_structure = at_body + body
        at_rows = at_structure + structure
        if version != _VERSION or len(data) != at_rows + rows:
            raise Unreadable
        return cls(
            size,
            data[_HEAD.size : at_envelope],
            data[at_envelope:at_body],
            data[at_body:at_structure],
            data[at_structure:at_rows],
            PartMap(data[at_rows:]),
        )
