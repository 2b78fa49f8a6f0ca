"""What one session has been told about its selected mailbox, and what it has yet to be told.

Contract. A `View` is made from the `Selected` snapshot and then fed every `MailboxChange` of that mailbox in commit
order. Sequence numbers are those the client knows: messages that arrive or vanish wait until `updates` is called, so
positions stay what they are while a command runs. Flags change at once in what a FETCH reads, and are told later.
Pure: no I/O, no clock.

- RFC 3501 section 7.4.1: EXPUNGE is not sent while FETCH, STORE or SEARCH is answered, nor with no command in
  progress: `updates(expunge=False)` keeps it back. Positions are counted from 0; a client's numbers from 1.
- Expunges go out from the highest number down, so that none of them moves another and no `0 EXISTS` is needed.
- Each FETCH carries the UID, and first: Thunderbird mixes messages up otherwise.
- \\Recent (section 2.3.2) is what lies at or above `first_recent_uid`, in this session only.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from bridge.imap import flags
from bridge.imap.protocol import sequence
from bridge.imap.protocol.commands import SequenceSet
from storage.records import Copy, Flag, MailboxChange, Selected

Span = tuple[int, int]
"""Positions from the first up to, not including, the second."""

FEW = 32
"""Up to so many expunged messages are cut out one by one; more are filtered in one pass."""


class NoSuchMessage(Exception):
    """A sequence number beyond the mailbox's end: the command is wrong (RFC 3501 section 9, `seq-number`)."""


class View:
    """The messages of the selected mailbox, position by position."""

    __slots__ = (
        "_arrivals",
        "_dirty",
        "_first_recent",
        "_gone",
        "_keywords",
        "_new_keywords",
        "copies",
        "deleted",
        "mailbox",
        "modseq",
        "read_only",
        "rendered",
        "uids",
    )

    def __init__(self, selected: Selected, read_only: bool) -> None:
        self.mailbox = selected.mailbox
        self.modseq = selected.mailbox.highest_modseq
        self.read_only = read_only
        self.deleted = False
        """The mailbox itself is gone; nothing more can be done in it."""
        self.copies: list[Copy] = list(selected.copies)
        self.uids: list[int] = [copy.uid for copy in self.copies]
        self._first_recent = selected.first_recent_uid
        self.rendered: list[bytes] = [self._render(copy) for copy in self.copies]
        """Flag list of each message, ready to send."""
        self._arrivals: dict[int, Copy] = {}
        self._gone: set[int] = set()
        self._dirty: dict[int, int] = {}
        """UID → how many flag changes are untold."""
        self._keywords = {word for words in {copy.keywords for copy in self.copies} for word in words}
        self._new_keywords = False

    def __len__(self) -> int:
        return len(self.uids)

    # --- what happens ---

    def apply(self, change: MailboxChange) -> None:
        """Take in one committed write; older ones than the snapshot are dropped."""
        if change.modseq <= self.modseq and not change.deleted:
            return
        self.modseq = max(self.modseq, change.modseq)
        for copy in change.arrived:
            self._learn(copy.keywords)
            self._arrivals[copy.uid] = copy
        for copy in change.flagged:
            self._flag(copy)
        for uid in change.expunged:
            if self._arrivals.pop(uid, None) is None and self.position(uid) is not None:
                self._gone.add(uid)
        self.deleted = self.deleted or change.deleted

    def _flag(self, copy: Copy) -> None:
        self._learn(copy.keywords)
        if copy.uid in self._arrivals:
            self._arrivals[copy.uid] = copy
            return
        position = self.position(copy.uid)
        if position is not None and self._show(position, copy):
            self._dirty[copy.uid] = self._dirty.get(copy.uid, 0) + 1

    def _show(self, position: int, copy: Copy) -> bool:
        """Take `copy` for what stands there; whether that makes a difference to what a client is told."""
        self.copies[position] = copy
        before, self.rendered[position] = self.rendered[position], self._render(copy)
        return before != self.rendered[position] or copy.uid in self._dirty

    def _learn(self, keywords: tuple[str, ...]) -> None:
        if keywords and not self._keywords.issuperset(keywords):
            self._keywords.update(keywords)
            self._new_keywords = True

    def _render(self, copy: Copy) -> bytes:
        return flags.rendered(copy.flags, copy.keywords, copy.uid >= self._first_recent)

    # --- what must be told ---

    def tell(self, spans: Iterable[Span]) -> None:
        """The flags of these messages must be told, changed or not (STORE without .SILENT)."""
        for uid in self._uids_of(spans):
            self._dirty.setdefault(uid, 1)

    def see(self, positions: Iterable[int]) -> None:
        """\\Seen at once, for a client that is told so now; the change itself, when it comes, is then no news."""
        for position in positions:
            copy = self.copies[position]
            self._show(position, copy._replace(flags=copy.flags | Flag.SEEN))

    def hush(self, copies: Iterable[Copy]) -> None:
        """The client knows the outcome of its own change, unless another session's came between."""
        for copy in copies:
            position = self.position(copy.uid)
            if (
                position is not None
                and self._dirty.get(copy.uid) == 1
                and self.copies[position].modseq == copy.modseq
            ):
                del self._dirty[copy.uid]

    def has_updates(self) -> bool:
        return bool(self._arrivals or self._gone or self._dirty or self._new_keywords)

    def updates(self, expunge: bool) -> bytes:
        """Untagged responses for all that is untold, ready to send; empty when there is nothing."""
        if not self.has_updates():
            return b""
        lines = list(self._expunges()) if expunge else []
        if self._new_keywords:
            self._new_keywords = False
            lines += [self.flags_line(), self.permanent_flags_line()]
        if self._arrivals:
            self._admit()
            lines.append(self.counts())
        lines += self._flag_lines()
        return b"".join(lines)

    def _expunges(self) -> Iterator[bytes]:
        positions = sorted(map(self._known, self._gone), reverse=True)
        for position in positions:
            yield b"* %d EXPUNGE\r\n" % (position + 1)
        for uid in self._gone & self._dirty.keys():
            del self._dirty[uid]
        self._cut(positions)
        self._gone.clear()

    def _known(self, uid: int) -> int:
        return bisect_left(self.uids, uid)

    def _cut(self, positions: Sequence[int]) -> None:
        if len(positions) <= FEW:
            for position in positions:
                del self.uids[position], self.copies[position], self.rendered[position]
            return
        keep = [uid not in self._gone for uid in self.uids]
        self.uids = [uid for uid, kept in zip(self.uids, keep, strict=True) if kept]
        self.copies = [copy for copy, kept in zip(self.copies, keep, strict=True) if kept]
        self.rendered = [text for text, kept in zip(self.rendered, keep, strict=True) if kept]

    def _admit(self) -> None:
        for _, copy in sorted(self._arrivals.items()):
            self.uids.append(copy.uid)
            self.copies.append(copy)
            self.rendered.append(self._render(copy))
        self._arrivals.clear()

    def _flag_lines(self) -> list[bytes]:
        positions = sorted(map(self._known, self._dirty))
        self._dirty.clear()
        uids, rendered = self.uids, self.rendered
        return [b"* %d FETCH (UID %d FLAGS %s)\r\n" % (at + 1, uids[at], rendered[at]) for at in positions]

    def counts(self) -> bytes:
        """`EXISTS` and `RECENT`."""
        return b"* %d EXISTS\r\n* %d RECENT\r\n" % (len(self.uids), self.recent())

    def flags_line(self) -> bytes:
        return f"* FLAGS ({' '.join((flags.SYSTEM_LIST, *sorted(self._keywords)))})\r\n".encode("ascii")

    def permanent_flags_line(self) -> bytes:
        if self.read_only:
            return b"* OK [PERMANENTFLAGS ()] Nothing can be changed\r\n"
        names = " ".join((flags.SYSTEM_LIST, *sorted(self._keywords), "\\*"))
        return f"* OK [PERMANENTFLAGS ({names})] Flags are kept\r\n".encode("ascii")

    # --- looking up ---

    def position(self, uid: int) -> int | None:
        at = bisect_left(self.uids, uid)
        return at if at < len(self.uids) and self.uids[at] == uid else None

    def is_recent(self, position: int) -> bool:
        return self.uids[position] >= self._first_recent

    def recent(self) -> int:
        return len(self.uids) - bisect_left(self.uids, self._first_recent)

    def is_gone(self, position: int) -> bool:
        """Expunged by someone, and not yet told."""
        return self.uids[position] in self._gone

    def any_gone(self, spans: Iterable[Span]) -> bool:
        return bool(self._gone) and any(uid in self._gone for uid in self._uids_of(spans))

    def spans(self, messages: SequenceSet, by_uid: bool, clip: bool = False) -> list[Span]:
        """Positions that a set names: ascending, disjoint, none empty.

        Raises `NoSuchMessage` for sequence numbers too high, unless they are to be clipped (SEARCH).
        """
        if by_uid:
            largest = self.uids[-1] if self.uids else 0
            return sequence.spans(sequence.resolve(messages, largest), self.uids)
        count = len(self.uids)
        ranges = sequence.resolve(messages, count)
        if not clip and (not ranges or sequence.highest(ranges) > count):
            raise NoSuchMessage
        return [(low - 1, min(high, count)) for low, high in ranges if low <= count]

    def uid_ranges(self, spans: Iterable[Span]) -> list[tuple[int, int]]:
        """The same messages for storage. No other message lies between: UIDs only grow, so gaps are never filled."""
        return [(self.uids[start], self.uids[stop - 1]) for start, stop in spans]

    def uids_flagged(self, flag: Flag, spans: Iterable[Span]) -> list[int]:
        """Those of the messages that have a system flag."""
        copies = self.copies
        return [copy.uid for start, stop in spans for copy in copies[start:stop] if copy.flags & flag]

    def _uids_of(self, spans: Iterable[Span]) -> Iterator[int]:
        for start, stop in spans:
            yield from self.uids[start:stop]
