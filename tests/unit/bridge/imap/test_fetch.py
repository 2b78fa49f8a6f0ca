"""FETCH lines from items (RFC 3501 sections 6.4.5 and 7.4.2)."""

import pytest

from bridge.imap.fetch import Batch, BodyColumn, ByteRange, Plan, label
from bridge.imap.protocol.commands import BodyItem, Fetch, Item, Section, SequenceSet, Text
from bridge.mail.scanner import scan
from storage.records import Copy

NESTED = (
    b"Subject: outer\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: text/plain\r\n\r\nHello\r\n"
    b"--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\nFrom: a@b.test\r\n\r\nDeep\r\n--x--\r\n"
)
BODY_TEXT = NESTED.split(b"\r\n\r\n", 1)[1]
DATE = 1_738_404_000


def batch(*messages: bytes) -> Batch:
    numbers = range(1, len(messages) + 1)
    copies = [Copy(uid * 10, uid, 0, (), 1, DATE) for uid in numbers]
    return Batch(numbers, copies, [b"(\\Seen)"] * len(messages), [scan(message) for message in messages], messages)


def plan(*items: Item | BodyItem, by_uid: bool = False) -> Plan:
    return Plan.of(Fetch("t", SequenceSet(((1, 1),)), items, by_uid))


def body(
    part: tuple[int, ...] = (), text: Text = Text.ALL, *fields: str, peek: bool = True, partial=None
) -> BodyItem:
    return BodyItem(Section(part, text, fields), peek, partial)


def served(item: Item | BodyItem, message: bytes = NESTED) -> bytes:
    return plan(item).lines(batch(message))


def test_uid_comes_first_and_once() -> None:
    assert plan(Item.FLAGS, Item.UID).lines(batch(b"x")) == b"* 1 FETCH (UID 10 FLAGS (\\Seen))\r\n"
    assert plan(Item.FLAGS, by_uid=True).lines(batch(b"x")) == b"* 1 FETCH (UID 10 FLAGS (\\Seen))\r\n"
    assert plan(Item.UID, Item.UID, by_uid=True).lines(batch(b"x")) == b"* 1 FETCH (UID 10)\r\n"


def test_day_of_the_internal_date_is_padded_with_a_space() -> None:
    assert served(Item.INTERNALDATE) == b'* 1 FETCH (INTERNALDATE " 1-Feb-2025 10:00:00 +0000")\r\n'


def test_lines_follow_each_other_in_order() -> None:
    lines = plan(Item.RFC822_SIZE, Item.FLAGS).lines(batch(b"abc", b"defgh"))
    assert lines == b"* 1 FETCH (RFC822.SIZE 3 FLAGS (\\Seen))\r\n* 2 FETCH (RFC822.SIZE 5 FLAGS (\\Seen))\r\n"


@pytest.mark.parametrize(
    ("item", "answer"),
    [
        (body(), b"BODY[] {%d}\r\n%s" % (len(NESTED), NESTED)),
        (body((1,)), b"BODY[1] {5}\r\nHello"),
        (body((1,), Text.MIME), b"BODY[1.MIME] {28}\r\nContent-Type: text/plain\r\n\r\n"),
        (body((2,), Text.HEADER), b"BODY[2.HEADER] {34}\r\nSubject: inner\r\nFrom: a@b.test\r\n\r\n"),
        (body((2,), Text.TEXT), b"BODY[2.TEXT] {4}\r\nDeep"),
        (body((2, 1)), b"BODY[2.1] {4}\r\nDeep"),
        (body((9,)), b"BODY[9] NIL"),
        (body((1,), Text.HEADER), b"BODY[1.HEADER] NIL"),
        (body((), Text.HEADER_FIELDS, "SUBJECT"), b"BODY[HEADER.FIELDS (SUBJECT)] {18}\r\nSubject: outer\r\n\r\n"),
        (
            body((2,), Text.HEADER_FIELDS_NOT, "From"),
            b"BODY[2.HEADER.FIELDS.NOT (From)] {18}\r\nSubject: inner\r\n\r\n",
        ),
        (body(partial=(3, 4)), b"BODY[]<3> {4}\r\nject"),
        (body(partial=(9999, 4)), b"BODY[]<9999> {0}\r\n"),
        (body((1,), partial=(1, 2)), b"BODY[1]<1> {2}\r\nel"),
        (body((), Text.HEADER_FIELDS, "Subject", partial=(0, 7)), b"BODY[HEADER.FIELDS (Subject)]<0> {7}\r\nSubject"),
        (Item.RFC822_TEXT, b"RFC822.TEXT {%d}\r\n" % len(BODY_TEXT) + BODY_TEXT),
    ],
)
def test_sections(item: Item | BodyItem, answer: bytes) -> None:
    assert served(item) == b"* 1 FETCH (" + answer + b")\r\n"


def test_the_whole_header_and_its_forms_need_no_body() -> None:
    for item in (Item.RFC822_HEADER, body((), Text.HEADER), body((), Text.HEADER_FIELDS, "To"), Item.ENVELOPE):
        assert not plan(item).needs_body
        assert plan(item).needs_card
    assert not plan(Item.FLAGS, Item.UID, Item.INTERNALDATE).needs_card
    assert plan(body((2,), Text.HEADER)).needs_body


def test_what_implies_seen() -> None:
    for item in (body(peek=False), Item.RFC822, Item.RFC822_TEXT):
        assert plan(item).marks_seen
    for quiet in (body(), Item.RFC822_HEADER, Item.ENVELOPE, Item.BODY):
        assert not plan(quiet).marks_seen


def test_flags_are_added_for_messages_that_become_seen() -> None:
    lines = plan(body((1,), peek=False)).with_flags().lines(batch(NESTED))
    assert lines == b"* 1 FETCH (BODY[1] {5}\r\nHello FLAGS (\\Seen))\r\n"
    assert plan(Item.FLAGS, body()).with_flags().items == (Item.FLAGS, body())


def test_a_damaged_message_is_served_without_what_was_sealed() -> None:
    remnant = plan(Item.FLAGS, Item.ENVELOPE, Item.INTERNALDATE, body(), by_uid=True).remnant()
    assert remnant is not None
    assert remnant.items == (Item.UID, Item.FLAGS, Item.INTERNALDATE)
    assert plan(Item.ENVELOPE).remnant() is None


def test_labels_quote_what_is_no_atom_and_survive_percent_signs() -> None:
    item = body((), Text.HEADER_FIELDS, "X-100%", 'Odd"Name', "To")
    assert label(item) == b'BODY[HEADER.FIELDS ("X-100%" "Odd\\"Name" To)]'
    assert served(item) == b"* 1 FETCH (" + label(item) + b" {2}\r\n\r\n)\r\n"


def test_segments_of_a_streamed_message_are_its_line_with_ranges_in_it() -> None:
    items = (Item.UID, body(), body((2,), Text.HEADER_FIELDS, "From"), body(partial=(10, 5)), body((7,)))
    chosen = plan(*items)
    joined = b""
    for segment in chosen.segments(batch(NESTED)):
        if isinstance(segment, bytes):
            joined += segment
            continue
        column, wanted = segment
        data = NESTED[wanted.start : wanted.stop]
        joined += column.value(data) if column.selects_fields else b"{%d}\r\n%s" % (len(data), data)
    assert joined == chosen.lines(batch(NESTED))


def test_ranges_never_leave_their_section() -> None:
    column = BodyColumn(b"BODY[1]<3>", Section((1,)), (3, 100))
    card = scan(NESTED)
    found, span = column.range(card), card.span((1,))
    assert span is not None
    assert found == ByteRange(span[0] + 3, span[1])
    assert BodyColumn(b"", Section((1,)), (50, 1)).range(card) == ByteRange(span[1], span[1])
