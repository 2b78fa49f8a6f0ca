"""FETCH responses (RFC 3501 sections 6.4.5 and 7.4.2): from the items asked for to bytes ready to send.

Contract. `Plan.of(command)` says once per command what is needed (card, body), whether \\Seen is implied, and holds
one format string for a whole line; `Plan.lines` fills it for a batch of messages, column by column, as that is what
makes ten thousand lines cheap. Pure: cards and bodies are handed in. UID always comes first, and once.

A body that is too large to hold is streamed: `Plan.segments` gives the same line as ready bytes and byte ranges of
the stored message. A section that does not exist is `NIL`. Header sections of the whole message come from the card.

A damaged document (`storage.errors.Tampered`) is served by nothing that was sealed: `Plan.remnant` is the line
with what the mailbox itself knows (UID, FLAGS, INTERNALDATE), so that no client takes the message for expunged.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from bridge.imap.protocol.commands import BodyItem, Fetch, Item, Section, Text
from bridge.imap.protocol.dates import date_time
from bridge.imap.protocol.responses import astring, listed, literal
from bridge.mail.card import Card, Piece
from bridge.mail.headers import select_fields
from storage.records import Copy


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages side by side; all lists have the same length, but `cards` and `bodies` are empty when not needed."""

    numbers: Sequence[int]
    """Sequence numbers, from 1."""
    copies: Sequence[Copy]
    rendered: Sequence[bytes]
    """Flag lists."""
    cards: Sequence[Card] = ()
    bodies: Sequence[bytes] = ()


PIECES = {
    Text.ALL: Piece.ALL,
    Text.HEADER: Piece.HEADER,
    Text.HEADER_FIELDS: Piece.HEADER,
    Text.HEADER_FIELDS_NOT: Piece.HEADER,
    Text.TEXT: Piece.TEXT,
    Text.MIME: Piece.MIME,
}

Column = Callable[[Batch], Sequence[object]]
"""The values of one item, one per message, for a `%d` or `%s` of the line."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes of the stored message, to be streamed."""

    start: int
    stop: int


@lru_cache(maxsize=4096)
def internal_date(moment: int) -> bytes:
    """INTERNALDATE in UTC, quoted. Cached, as documents arrive many in one second."""
    return date_time(moment)


@dataclass(frozen=True, slots=True)
class BodyColumn:
    """BODY[…] and its RFC822… forms: which bytes, under which label."""

    label: bytes
    section: Section
    partial: tuple[int, int] | None = None

    @property
    def from_card(self) -> bool:
        return not self.section.part and self.section.text not in (Text.ALL, Text.TEXT, Text.MIME)

    @property
    def selects_fields(self) -> bool:
        return self.section.text in (Text.HEADER_FIELDS, Text.HEADER_FIELDS_NOT)

    def values(self, batch: Batch) -> Sequence[bytes]:
        if self.from_card:
            selection = self._selection
            return [selection(card) for card in batch.cards]
        if self.section == Section():
            return [literal(self._cut(body)) for body in batch.bodies]
        return [self._value(card, body) for card, body in zip(batch.cards, batch.bodies, strict=True)]

    def span(self, card: Card) -> tuple[int, int] | None:
        """Where the section lies in the stored message, before fields are selected and a partial is cut."""
        return card.span(self.section.part, PIECES[self.section.text])

    def range(self, card: Card) -> ByteRange | None:
        """The bytes to stream, partial applied."""
        span = self.span(card)
        if span is None or self.partial is None:
            return span and ByteRange(*span)
        first, most = self.partial
        start = min(span[0] + first, span[1])
        return ByteRange(start, min(start + most, span[1]))

    def value(self, data: bytes) -> bytes:
        """The answer, given the whole section's bytes."""
        return literal(self._cut(self._fields(data)))

    def _selection(self, card: Card) -> bytes:
        """The answer from the header that the card holds; the label does not say how long a partial is."""
        if self.selects_fields and self.partial is None:
            return card.remembered(self.label, self.value)
        return self.value(card.header)

    def _value(self, card: Card, body: bytes) -> bytes:
        span = self.span(card)
        return b"NIL" if span is None else self.value(body[span[0] : span[1]])

    def _fields(self, header: bytes) -> bytes:
        if not self.selects_fields:
            return header
        return select_fields(header, self.section.fields, invert=self.section.text is Text.HEADER_FIELDS_NOT)

    def _cut(self, data: bytes) -> bytes:
        if self.partial is None:
            return data
        first, most = self.partial
        return data[first : first + most]


SIMPLE: dict[Item, tuple[bytes, Column, bool]] = {
    Item.UID: (b"UID %d", lambda batch: [copy.uid for copy in batch.copies], False),
    Item.FLAGS: (b"FLAGS %s", lambda batch: batch.rendered, False),
    Item.INTERNALDATE: (
        b"INTERNALDATE %s",
        lambda batch: [internal_date(copy.internal_date) for copy in batch.copies],
        False,
    ),
    Item.RFC822_SIZE: (b"RFC822.SIZE %d", lambda batch: [card.size for card in batch.cards], True),
    Item.ENVELOPE: (b"ENVELOPE %s", lambda batch: [card.envelope for card in batch.cards], True),
    Item.BODY: (b"BODY %s", lambda batch: [card.body for card in batch.cards], True),
    Item.BODYSTRUCTURE: (b"BODYSTRUCTURE %s", lambda batch: [card.bodystructure for card in batch.cards], True),
}
"""Item → its piece of the line, its values, and whether they come from the card."""

WHOLE = {
    Item.RFC822: Section(),
    Item.RFC822_HEADER: Section(text=Text.HEADER),
    Item.RFC822_TEXT: Section(text=Text.TEXT),
}


def label(item: BodyItem) -> bytes:
    """`BODY[1.HEADER.FIELDS (From)]<0>` as RFC 3501 section 7.4.2 wants it back: no PEEK, no length."""
    section = item.section
    names = [str(number) for number in section.part]
    if section.text is not Text.ALL:
        names.append(section.text.name.replace("_", "."))
    fields = b" " + listed(astring(name.encode("ascii")) for name in section.fields) if section.fields else b""
    origin = b"<%d>" % item.partial[0] if item.partial else b""
    return b"BODY[%s%s]%s" % (".".join(names).encode("ascii"), fields, origin)


@dataclass(frozen=True, slots=True)
class Plan:
    """One FETCH command, compiled."""

    items: tuple[Item | BodyItem, ...]
    """UID first, none twice."""
    needs_card: bool
    needs_body: bool
    marks_seen: bool
    template: bytes = field(repr=False)
    columns: tuple[Column, ...] = field(repr=False)

    @classmethod
    def of(cls, command: Fetch) -> "Plan":
        items = command.items
        if command.by_uid or Item.UID in items:
            items = (Item.UID, *items)
        return compiled(tuple(dict.fromkeys(items)))

    def with_flags(self) -> "Plan":
        """The same with FLAGS, for messages that the command itself marked \\Seen."""
        return self if Item.FLAGS in self.items else compiled((*self.items, Item.FLAGS))

    def lines(self, batch: Batch) -> bytes:
        """All lines of the batch, ready to send."""
        values = zip(batch.numbers, *(column(batch) for column in self.columns), strict=True)
        return b"".join([self.template % row for row in values])

    def remnant(self) -> "Plan | None":
        """What can be said of a message whose card does not open; None if nothing."""
        left = tuple(item for item in self.items if isinstance(item, Item) and item in SIMPLE and not SIMPLE[item][2])
        return compiled(left) if left else None

    def segments(self, batch: Batch) -> Iterator[bytes | tuple[BodyColumn, ByteRange]]:
        """The line of the one message in `batch`, bodies left out: each as its column and range, to be streamed.

        A column that selects fields wants the bytes of its range for `value`; others are sent as they are.
        """
        yield b"* %d FETCH (" % batch.numbers[0]
        for index, item in enumerate(self.items):
            lead = b" " if index else b""
            if isinstance(item, Item) and item in SIMPLE:
                piece, column, _ = SIMPLE[item]
                yield lead + piece % (column(batch)[0],)
            else:
                yield from self._body_segments(lead, _body_column(item), batch)
        yield b")\r\n"

    @staticmethod
    def _body_segments(lead: bytes, body: BodyColumn, batch: Batch) -> Iterator[bytes | tuple[BodyColumn, ByteRange]]:
        yield lead + body.label + b" "
        card = batch.cards[0]
        if body.from_card:
            yield body.values(batch)[0]
            return
        span = body.span(card) if body.selects_fields else None
        wanted = ByteRange(*span) if span else body.range(card)
        yield b"NIL" if wanted is None else (body, wanted)


@lru_cache(maxsize=256)
def compiled(items: tuple[Item | BodyItem, ...]) -> Plan:
    """The plan for items in this order. Cached: clients ask for the same few lists all day."""
    pieces, columns, needs_card, needs_body = [], list[Column](), False, False
    for item in items:
        if isinstance(item, Item) and item in SIMPLE:
            piece, column, from_card = SIMPLE[item]
            needs_card = needs_card or from_card
        else:
            body = _body_column(item)
            piece, column = body.label.replace(b"%", b"%%") + b" %s", body.values
            needs_card, needs_body = True, needs_body or not body.from_card
        pieces.append(piece)
        columns.append(column)
    template = b"* %d FETCH (" + b" ".join(pieces) + b")\r\n"
    return Plan(items, needs_card, needs_body, any(map(_marks_seen, items)), template, tuple(columns))


def _body_column(item: Item | BodyItem) -> BodyColumn:
    if isinstance(item, Item):
        return BodyColumn(item.value.encode("ascii"), WHOLE[item])
    return BodyColumn(label(item), item.section, item.partial)


def _marks_seen(item: Item | BodyItem) -> bool:
    return not item.peek if isinstance(item, BodyItem) else item in (Item.RFC822, Item.RFC822_TEXT)
