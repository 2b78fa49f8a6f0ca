"""FETCH and UID FETCH (RFC 3501 sections 6.4.5 and 6.4.8): slices of messages through a `Plan`, out in order.

Work is cut into slices so that other sessions get their turn and a slow reader is waited for. Small bodies are read
many at a time; a large one is read in pieces and never held whole. A body that would be streamed is opened once
before its literal begins, since nothing can be taken back after: a damaged document is then refused like any other.

Damaged documents: all others are served, the damaged one by its flags and dates alone, an untagged NO names its UID,
and the command ends with `NO [CORRUPTION]`. So no client believes that it has the message, or that it was expunged.
Messages that another session expunged: `NO [EXPUNGEISSUED]` by number (RFC 5530), passed over in silence by UID.

\\Seen is set for the messages that could be read, and FLAGS are then part of their lines. Its write is posted, not
waited for: reading goes on at its own speed, and when the disk is full. Whoever could miss it waits for it: any other
session of the account, and this one for all but a FETCH (`Posting.settle`). A crash within those milliseconds leaves
a message unseen that was read.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence

from bridge.imap.answers import Answer, Wrong
from bridge.imap.fetch import Batch, BodyColumn, ByteRange, Plan
from bridge.imap.messages import Documents
from bridge.imap.protocol import sequence
from bridge.imap.protocol.commands import Command, Fetch
from bridge.imap.protocol.errors import Status
from bridge.imap.session import Session
from bridge.imap.view import View
from bridge.mail.card import Card
from storage.mail import documents
from storage.mail.documents import FlagMode
from storage.oversight.usage import Category
from storage.records import Flag

SLICE = 1000
"""Messages without bodies in one go: about 10 ms."""
BODIES_AT_ONCE = 256
BYTES_AT_ONCE = 1 << 20
"""Bodies read together; a message larger than this is streamed."""
PIECE = 1 << 18
"""What is read of a streamed body at a time: a multiple of the sealed chunk."""


async def fetch(session: Session, command: Command) -> Answer:
    assert isinstance(command, Fetch)
    if command.modifiers:
        raise Wrong("FETCH modifier not known")
    view = session.selected()
    spans = view.spans(command.messages, command.by_uid)
    fetching = Fetching(session, view, Plan.of(command))
    for start, stop in spans:
        for at in range(start, stop, SLICE):
            await fetching.slice(range(at, min(at + SLICE, stop)))
            await session.flow()
            if at + SLICE < stop:
                await asyncio.sleep(0)
    return fetching.answer(command.by_uid)


class Fetching:
    """One FETCH at work."""

    __slots__ = ("_documents", "_flagged_plan", "_marks", "_plan", "_session", "_view")

    def __init__(self, session: Session, view: View, plan: Plan) -> None:
        self._session = session
        self._view = view
        self._plan = plan
        self._flagged_plan = plan.with_flags()
        self._marks = plan.marks_seen and not view.read_only
        self._documents = Documents(view, session.signed_in().reader)

    async def slice(self, positions: range) -> None:
        if not self._plan.needs_card:
            self._session.send(self._plan.lines(self._batch(positions)))
            return
        cards = await self._documents.cards(positions)
        readable = positions if len(cards) == len(positions) else [at for at in positions if at in cards]
        if self._plan.needs_body:
            await self._with_bodies(readable, cards)
        else:
            self._send(readable, cards, {})
        self._send_remnants(positions, readable)

    async def _with_bodies(self, positions: Sequence[int], cards: dict[int, Card]) -> None:
        for group in _groups(positions, cards):
            if cards[group[0]].size > BYTES_AT_ONCE:
                await self._stream(group[0], cards[group[0]])
                continue
            bodies = await self._documents.bodies(group)
            opened = [at for at in group if at in bodies]
            self._send(opened, cards, bodies)
            self._send_remnants(group, opened)
            await self._session.flow()

    def _send(self, positions: Sequence[int], cards: dict[int, Card], bodies: dict[int, bytes]) -> None:
        marked = self._mark_seen(positions)
        if bodies:
            self._note(positions, marked)
        plain = [at for at in positions if at not in marked] if marked else positions
        for plan, chosen in ((self._plan, plain), (self._flagged_plan, sorted(marked))):
            if chosen:
                self._session.send(plan.lines(self._batch(chosen, cards, bodies)))

    def _batch(
        self, positions: Sequence[int], cards: dict[int, Card] | None = None, bodies: dict[int, bytes] | None = None
    ) -> Batch:
        view = self._view
        if isinstance(positions, range):
            start, stop = positions.start, positions.stop
            numbers: Sequence[int] = range(start + 1, stop + 1)
            copies, rendered = view.copies[start:stop], view.rendered[start:stop]
        else:
            numbers = [at + 1 for at in positions]
            copies = [view.copies[at] for at in positions]
            rendered = [view.rendered[at] for at in positions]
        held = [cards[at] for at in positions] if cards else ()
        return Batch(numbers, copies, rendered, held, [bodies[at] for at in positions] if bodies else ())

    def _mark_seen(self, positions: Sequence[int]) -> set[int]:
        """Set \\Seen where it is missing; returns those positions."""
        if not self._marks:
            return set()
        view = self._view
        unseen = [at for at in positions if not view.copies[at].flags & Flag.SEEN and not view.is_gone(at)]
        if unseen:
            view.see(unseen)
            ranges = sequence.runs([view.uids[at] for at in unseen])
            self._session.services.posting.post(
                self._session,
                view.mailbox.account_id,
                documents.store_flags,
                view.mailbox.id,
                ranges,
                FlagMode.ADD,
                Flag.SEEN,
                (),
                int(self._session.services.clock()),
            )
            self._session.signed_in().downloads.count(Category.OPEN, len(unseen))
        return set(unseen)

    def _note(self, positions: Sequence[int], marked: set[int]) -> None:
        """Whose bodies leave without a flag that says so."""
        copies, user = self._view.copies, self._session.signed_in()
        left = [copies[at].document_id for at in positions if at not in marked]
        if left and self._plan.marks_seen and user.read_only:
            user.downloads.read(left)
        elif left:
            user.downloads.downloaded(left)

    def _send_remnants(self, positions: Sequence[int], served: Sequence[int]) -> None:
        """Of damaged documents, what the mailbox itself knows."""
        if len(served) == len(positions):
            return
        done, remnant = set(served), self._plan.remnant()
        damaged = [at for at in positions if at not in done and self._view.uids[at] in self._documents.damaged]
        if remnant is not None and damaged:
            self._session.send(remnant.lines(self._batch(damaged)))

    async def _stream(self, position: int, card: Card) -> None:
        batch = self._batch([position], {position: card})
        if not all([await self._opens(position, piece) for piece in self._plan.segments(batch)]):
            self._send_remnants([position], ())
            return
        marked = self._mark_seen([position])
        self._note([position], marked)
        plan = self._flagged_plan if marked else self._plan
        for segment in plan.segments(self._batch([position], {position: card})):
            await self._send_segment(position, segment)

    async def _opens(self, position: int, segment: bytes | tuple[BodyColumn, ByteRange]) -> bool:
        """Whether all chunks of a range are whole; what is found damaged is noted."""
        if isinstance(segment, bytes):
            return True
        return all([await self._documents.part(position, *piece) is not None for piece in _pieces(segment[1])])

    async def _send_segment(self, position: int, segment: bytes | tuple[BodyColumn, ByteRange]) -> None:
        if isinstance(segment, bytes):
            self._session.send(segment)
            return
        column, wanted = segment
        if column.selects_fields:
            await self._send_piece(position, wanted.start, wanted.stop, column.value)
            return
        self._session.send(b"{%d}\r\n" % (wanted.stop - wanted.start))
        for start, stop in _pieces(wanted):
            await self._send_piece(position, start, stop, bytes)

    async def _send_piece(self, position: int, start: int, stop: int, shown: Callable[[bytes], bytes]) -> None:
        """What was found damaged since it was checked ends the session: the line cannot be finished."""
        piece = await self._documents.part(position, start, stop)
        if piece is None:
            self._session.cut()
        else:
            self._session.send(shown(piece))
        await self._session.flow(inside_line=True)

    def answer(self, by_uid: bool) -> Answer:
        damaged, vanished = self._documents.damaged, self._documents.vanished
        if damaged:
            self._session.warn_of_damage(damaged)
            return Answer("Damaged messages were left out, all others are complete", Status.NO, "CORRUPTION")
        if vanished and not by_uid:
            return Answer("Some messages were expunged meanwhile", Status.NO, "EXPUNGEISSUED")
        return Answer("FETCH completed")


def _groups(positions: Sequence[int], cards: dict[int, Card]) -> Iterator[list[int]]:
    """Messages whose bodies are read together; a large one stands alone."""
    group: list[int] = []
    held = 0
    for at in positions:
        size = cards[at].size
        if group and (held + size > BYTES_AT_ONCE or len(group) == BODIES_AT_ONCE):
            yield group
            group, held = [], 0
        group.append(at)
        held += size
    if group:
        yield group


def _pieces(wanted: ByteRange) -> Iterator[tuple[int, int]]:
    for start in range(wanted.start, wanted.stop, PIECE):
        yield start, min(start + PIECE, wanted.stop)
