"""SEARCH keys over a handful of messages (RFC 3501 section 6.4.4)."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import date

import pytest

from bridge.imap.handlers.search import response
from bridge.imap.protocol import commands as c
from bridge.imap.search import Evaluation, SearchTooLong, sent_day
from bridge.imap.view import View
from bridge.mail.card import Card
from bridge.mail.scanner import scan
from storage.records import Copy, Flag, Mailbox, Selected

DAY = 86_400
NEW_YEAR = 1_735_689_600
"""1 January 2025, midnight UTC."""

MESSAGES = (
    b"Subject: Factuur januari\r\nFrom: Energie <facturen@energie.test>\r\n"
    b"Date: Wed, 1 Jan 2025 23:30:00 +0100\r\n\r\nHallo\r\n",
    b"Subject: =?utf-8?q?Caf=C3=A9?= Rekening\r\nDate: 2 Jan 25 10:00 GMT\r\n\r\nDe koffie\r\n",
    b"Subject: a very long\r\n subject that folds\r\nTo: bram@example.test\r\nX-Empty:\r\n\r\n" + b"x" * 2000,
    b"Subject: codering\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    b"R2VoZWltIMOJw6luIHdvb3Jk\r\n",
)
COPIES = (
    Copy(3, 30, Flag.SEEN, (), 1, NEW_YEAR - 1),
    Copy(5, 50, Flag.FLAGGED | Flag.DELETED, ("$Paid",), 1, NEW_YEAR),
    Copy(8, 80, 0, (), 1, NEW_YEAR + DAY - 1),
    Copy(9, 90, Flag.SEEN | Flag.ANSWERED, (), 1, NEW_YEAR + DAY),
)


class Shelf:
    """Messages by position; counts what was opened."""

    def __init__(self, damaged: Sequence[int] = ()) -> None:
        self.damaged = damaged
        self.bodies_read = 0

    async def cards(self, positions: Sequence[int]) -> dict[int, Card]:
        return {at: scan(MESSAGES[at]) for at in positions if at not in self.damaged}

    async def bodies(self, positions: Sequence[int]) -> dict[int, bytes]:
        self.bodies_read += len(positions)
        return {at: MESSAGES[at] for at in positions if at not in self.damaged}


async def no_pause() -> None: ...


def found(key: c.SearchKey, shelf: Shelf | None = None, moments: Iterator[float] | None = None) -> list[int]:
    """Sequence numbers."""
    view = View(Selected(Mailbox(1, 1, "INBOX", None, 1, 10, 1), list(COPIES), 8), False)
    clock = (lambda: next(moments)) if moments else (lambda: 0.0)
    evaluation = Evaluation(view, shelf or Shelf(), clock, 10.0, no_pause)
    return [at + 1 for at in asyncio.run(evaluation.run(key))]


def numbers(*ranges: tuple[int, int], by_uid: bool = False) -> c.InSequence:
    return c.InSequence(c.SequenceSet(ranges), by_uid)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (c.All(), [1, 2, 3, 4]),
        (c.HasFlag("\\Seen"), [1, 4]),
        (c.Not(c.HasFlag("\\Seen")), [2, 3]),
        (c.HasFlag("\\Recent"), [3, 4]),
        (c.HasFlag("$PAID"), [2]),
        (c.HasFlag("$Other"), []),
        (numbers((2, 3)), [2, 3]),
        (numbers((3, c.STAR)), [3, 4]),
        (numbers((7, 9)), []),
        (numbers((5, 8), by_uid=True), [2, 3]),
        (numbers((99, c.STAR), by_uid=True), [4]),
        (c.Or(c.HasFlag("\\Flagged"), c.HasFlag("\\Answered")), [2, 4]),
        (c.And((c.HasFlag("\\Seen"), c.Not(c.HasFlag("\\Answered")))), [1]),
        (c.DateIs(c.DateOp.ON, date(2025, 1, 1), False), [2, 3]),
        (c.DateIs(c.DateOp.BEFORE, date(2025, 1, 1), False), [1]),
        (c.DateIs(c.DateOp.SINCE, date(2025, 1, 2), False), [4]),
        (c.DateIs(c.DateOp.ON, date(2025, 1, 1), True), [1]),
        (c.DateIs(c.DateOp.SINCE, date(2025, 1, 1), True), [1, 2]),
        (c.DateIs(c.DateOp.BEFORE, date(2025, 1, 2), True), [1]),
        (c.SizeIs(True, 2000), [3]),
        (c.SizeIs(False, len(MESSAGES[1]) + 1), [2]),
        (c.SizeIs(False, len(MESSAGES[1])), []),
        (c.HeaderHas("Subject", "FACTUUR"), [1]),
        (c.HeaderHas("subject", "café"), [2]),
        (c.HeaderHas("Subject", "CAFÉ REKENING"), [2]),
        (c.HeaderHas("Subject", "long subject"), [3]),
        (c.HeaderHas("From", "facturen@"), [1]),
        (c.HeaderHas("X-Empty", ""), [3]),
        (c.HeaderHas("Subject", ""), [1, 2, 3, 4]),
        (c.HeaderHas("X-Missing", ""), []),
        (c.HeaderHas("Subject", "facturen"), []),
        (c.BodyHas("koffie"), [2]),
        (c.BodyHas("geheim één"), [4]),
        (c.BodyHas("factuur"), []),
        (c.TextHas("factuur"), [1]),
        (c.TextHas("woord"), [4]),
        (c.TextHas("bram@example.test"), [3]),
        (c.Not(c.TextHas("e")), []),
    ],
)
def test_keys(key: c.SearchKey, expected: list[int]) -> None:
    assert found(key) == expected


def test_cheap_keys_spare_the_bodies() -> None:
    shelf = Shelf()
    assert found(c.And((c.BodyHas("hallo"), c.HeaderHas("Subject", "factuur"), c.HasFlag("\\Seen"))), shelf) == [1]
    assert shelf.bodies_read == 1


def test_a_damaged_message_matches_nothing_not_even_a_negation() -> None:
    assert found(c.HeaderHas("Subject", "factuur"), Shelf([0])) == []
    assert found(c.Not(c.HeaderHas("Subject", "nothing")), Shelf([0])) == [2, 3, 4]
    assert found(c.Not(c.BodyHas("nothing")), Shelf([1])) == [1, 3, 4]


def test_a_scan_past_its_bound_gives_nothing_at_all() -> None:
    with pytest.raises(SearchTooLong):
        found(c.BodyHas("hallo"), moments=iter([0.0, 5.0, 11.0, 12.0, 13.0]))


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("Wed, 01 Jan 2025 10:00:00 +0000", date(2025, 1, 1)),
        ("1 january 99", date(1999, 1, 1)),
        ("31 Feb 2025", None),
        ("yesterday", None),
        ("", None),
        ("12 Xyz 2025 3 Mar 2024", None),
    ],
)
def test_days_of_date_headers(value: str, day: date | None) -> None:
    assert sent_day(value) == day


def test_extended_results() -> None:
    def extended(*options: str, results: Sequence[int] = (2, 3, 4, 9)) -> bytes:
        return response(c.Search("a1", c.All(), True, frozenset(options)), results)

    assert extended() == b'* ESEARCH (TAG "a1") UID ALL 2:4,9\r\n'
    assert extended("MIN", "MAX", "COUNT") == b'* ESEARCH (TAG "a1") UID MIN 2 MAX 9 COUNT 4\r\n'
    assert extended("ALL", "COUNT", results=()) == b'* ESEARCH (TAG "a1") UID COUNT 0\r\n'
    assert response(c.Search("a1", c.All(), False), (1, 2)) == b"* SEARCH 1 2\r\n"
    assert response(c.Search("a1", c.All(), False), ()) == b"* SEARCH\r\n"
