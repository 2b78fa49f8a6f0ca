"""SEARCH (RFC 3501 section 6.4.4): a key tree evaluated over the messages of a view.

Contract. `Evaluation.run` gives the matching positions, ascending. Each step sees only the candidates that the steps
before it left over, and cheap keys of an AND come first: flags and dates need nothing, headers and sizes the card,
BODY and TEXT the whole message. A body scan works in batches and asks the clock between them: past its bound it
raises `SearchTooLong`, and the session answers `NO [LIMIT]`: never a partial result passed off as whole.

Matching is by substring, without regard to case (Unicode case folding), over decoded values (RFC 2047, transfer
encodings, charsets). A header is first tried on its raw bytes, as nearly all are ASCII and do not match.
Damaged documents match nothing, not even a negation; their UIDs are kept in `damaged` for a warning.

Dates compare days in UTC, the zone in which INTERNALDATE is shown; SENT… keys take the day as the Date header has it.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Protocol

from bridge.imap import flags
from bridge.imap.protocol import commands as c
from bridge.imap.view import View
from bridge.mail.card import Card
from bridge.mail.headers import values
from bridge.mail.text import body_texts, header_text
from bridge.mail.words import decoded_words

SLICE = 500
"""Messages looked at before other sessions get their turn."""
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DATE = re.compile(r"(?<!\d)(\d{1,2})[ \t]+([A-Za-z]{3})[a-z]{0,6}[ \t]+(\d{4}|\d{2})(?!\d)")

Positions = Sequence[int]


class SearchTooLong(Exception):
    """The body scan passed its time bound; nothing of it may be answered."""


class Messages(Protocol):
    """Where sealed things come from. Positions whose document is damaged or gone are absent from the answer."""

    async def cards(self, positions: Positions) -> dict[int, Card]: ...

    async def bodies(self, positions: Positions) -> dict[int, bytes]: ...


@dataclass(slots=True)
class Evaluation:
    """One SEARCH command at work."""

    view: View
    messages: Messages
    clock: Callable[[], float]
    bound: float
    """Seconds that body scans may take."""
    pause: Callable[[], Awaitable[None]]
    """Lets other sessions run."""
    body_batch: int = 64
    unreadable: set[int] = field(default_factory=set)
    """Positions whose card or body did not open."""
    _ends: float = 0.0

    async def run(self, key: c.SearchKey) -> list[int]:
        self._ends = self.clock() + self.bound
        found = await self._match(key, range(len(self.view)))
        return [at for at in found if at not in self.unreadable]

    async def _match(self, key: c.SearchKey, among: Positions) -> list[int]:
        """The positions `among` those given that match."""
        if not among:
            return []
        if isinstance(key, c.And):
            for part in sorted(key.keys, key=cost):
                among = await self._match(part, among)
            return list(among)
        if isinstance(key, c.Or):
            left = set(await self._match(key.left, among))
            right = set(await self._match(key.right, [at for at in among if at not in left]))
            return [at for at in among if at in left or at in right]
        if isinstance(key, c.Not):
            matched = set(await self._match(key.key, among))
            return [at for at in among if at not in matched]
        return await self._match_one(key, among)

    async def _match_one(self, key: c.SearchKey, among: Positions) -> list[int]:
        if cost(key) == FREE:
            test = self._free_test(key)
            return [at for at in among if test(at)]
        if isinstance(key, c.BodyHas | c.TextHas):
            return await self._by_body(key, among)
        return await self._by_card(_card_test(key), among)

    def _free_test(self, key: c.SearchKey) -> Callable[[int], bool]:
        view, copies = self.view, self.view.copies
        if isinstance(key, c.HasFlag):
            return self._flag_test(key.flag)
        if isinstance(key, c.InSequence):
            named = {
                at for start, stop in view.spans(key.messages, key.by_uid, clip=True) for at in range(start, stop)
            }
            return named.__contains__
        if isinstance(key, c.DateIs):
            first, last = _moments(key.op, key.day)
            return lambda at: first <= copies[at].internal_date < last
        return lambda at: True

    def _flag_test(self, flag: str) -> Callable[[int], bool]:
        copies, folded = self.view.copies, flag.lower()
        if folded == flags.RECENT:
            return self.view.is_recent
        bit = flags.SYSTEM.get(folded)
        if bit is not None:
            return lambda at: bool(copies[at].flags & bit)
        return lambda at: any(word.lower() == folded for word in copies[at].keywords)

    async def _by_card(self, test: Callable[[Card], bool], among: Positions) -> list[int]:
        found: list[int] = []
        for start in range(0, len(among), SLICE):
            batch = among[start : start + SLICE]
            cards = await self._cards(batch)
            found += [at for at in batch if at in cards and test(cards[at])]
            await self.pause()
        return found

    async def _by_body(self, key: c.BodyHas | c.TextHas, among: Positions) -> list[int]:
        found = set(await self._by_card(_whole_header_test(key.text), among)) if isinstance(key, c.TextHas) else set()
        rest = [at for at in among if at not in found]
        for start in range(0, len(rest), self.body_batch):
            if self.clock() > self._ends:
                raise SearchTooLong
            found |= await self._scan(rest[start : start + self.body_batch], key.text)
            await self.pause()
        return [at for at in among if at in found]

    async def _scan(self, batch: Positions, text: str) -> set[int]:
        cards, bodies = await self._cards(batch), await self.messages.bodies(batch)
        self.unreadable.update(at for at in batch if at not in bodies)
        wanted = text.casefold()
        return {at for at in batch if at in cards and at in bodies and self._holds(bodies[at], cards[at], wanted)}

    def _holds(self, body: bytes, card: Card, wanted: str) -> bool:
        for piece in body_texts(body, card.parts):
            if wanted in piece.casefold():
                return True
            if self.clock() > self._ends:
                raise SearchTooLong
        return False

    async def _cards(self, batch: Positions) -> dict[int, Card]:
        cards = await self.messages.cards(batch)
        if len(cards) < len(batch):
            self.unreadable.update(at for at in batch if at not in cards)
        return cards


FREE, CARD, BODY = range(3)


def cost(key: c.SearchKey) -> int:
    """What a key needs at most: nothing sealed, the card, or the body."""
    if isinstance(key, c.And):
        return max(map(cost, key.keys), default=FREE)
    if isinstance(key, c.Or):
        return max(cost(key.left), cost(key.right))
    if isinstance(key, c.Not):
        return cost(key.key)
    if isinstance(key, c.BodyHas | c.TextHas):
        return BODY
    sealed = isinstance(key, c.SizeIs | c.HeaderHas) or (isinstance(key, c.DateIs) and key.sent)
    return CARD if sealed else FREE


def _moments(op: c.DateOp, day: date) -> tuple[float, float]:
    """From the first second that matches up to, not including, the last."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
    following = midnight + timedelta(days=1).total_seconds()
    return {
        c.DateOp.BEFORE: (float("-inf"), midnight),
        c.DateOp.ON: (midnight, following),
        c.DateOp.SINCE: (midnight, float("inf")),
    }[op]


def _card_test(key: c.SearchKey) -> Callable[[Card], bool]:
    if isinstance(key, c.SizeIs):
        size = key.size
        return (lambda card: card.size > size) if key.larger else (lambda card: card.size < size)
    if isinstance(key, c.HeaderHas):
        return _header_test(key.name, key.text)
    assert isinstance(key, c.DateIs)
    return _sent_test(key.op, key.day)


def _header_test(name: str, text: str) -> Callable[[Card], bool]:
    """A value asked for before is at hand; else raw bytes that cannot match spare its making."""
    wanted, may_match = _folded(text) or MARK, _raw_test(text)
    field_name = name.lower().encode("utf-8")
    question, answer = b"values of " + field_name, partial(_folded_values, name)

    def test(card: Card) -> bool:
        if not card.remembers(question):
            raw = card.header.lower()
            if not may_match(raw) or field_name not in raw:
                return False
        return wanted in card.remembered(question, answer)

    return test


MARK = b"\0"
"""Stands before each value; no text that is searched for can hold it (RFC 3501 section 9, CHAR8)."""


def _folded_values(name: str, header: bytes) -> bytes:
    """All values of a field without regard to case; empty only if it is absent."""
    return b"".join(MARK + _folded(decoded_words(value)) for value in values(header, name))


def _folded(text: str) -> bytes:
    return text.casefold().encode("utf-8", "surrogatepass")


def _raw_test(text: str) -> Callable[[bytes], bool]:
    """Whether lower-cased raw bytes could hold the text; False is certain.

    Folding breaks a value at white space only, so the longest word of an ASCII text stands in one piece unless it is
    encoded (`=?`).
    """
    word = max(text.lower().split() or [""], key=len).encode("utf-8")
    if not text.isascii():
        return lambda raw: b"=?" in raw or not raw.isascii()
    return lambda raw: word in raw or b"=?" in raw or not raw.isascii()


def _whole_header_test(text: str) -> Callable[[Card], bool]:
    """TEXT looks at all header lines, names included, raw and decoded."""
    wanted, may_match = text.casefold(), _raw_test(text)

    def test(card: Card) -> bool:
        if not may_match(card.header.lower()):
            return False
        return wanted in header_text(card.header).casefold()

    return test


def _sent_test(op: c.DateOp, day: date) -> Callable[[Card], bool]:
    compare: dict[c.DateOp, Callable[[date], bool]] = {
        c.DateOp.BEFORE: lambda sent: sent < day,
        c.DateOp.ON: lambda sent: sent == day,
        c.DateOp.SINCE: lambda sent: sent >= day,
    }

    def test(card: Card) -> bool:
        sent = next((found for found in map(sent_day, values(card.header, "Date")) if found), None)
        return sent is not None and compare[op](sent)

    return test


def sent_day(value: str) -> date | None:
    """The day that a Date header names, its zone disregarded; None if it names none (RFC 5322 section 3.3, 4.3)."""
    match = DATE.search(value)
    month = match and match[2].title()
    if match is None or month not in MONTHS:
        return None
    year = int(match[3])
    if len(match[3]) == 2:
        year += 2000 if year < 50 else 1900
    try:
        return date(year, MONTHS.index(month) + 1, int(match[1]))
    except ValueError:
        return None
