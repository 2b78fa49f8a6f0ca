"""Sets of message numbers and UIDs as ranges; nothing here ever walks the numbers inside a range.

`parse` reads a `sequence-set` (RFC 3501 section 9), `resolve` settles `*` and order, the rest asks about resolved
ranges: a list of (low, high), both inclusive, ascending, apart from each other by at least one number.
Time is that of the ranges (n log n), never that of the numbers they span.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from bridge.imap.protocol.commands import STAR, SequenceSet
from bridge.imap.protocol.errors import ParseError

LARGEST = 0xFFFFFFFF
"""The largest `nz-number`: 32 bits without sign."""

Ranges = list[tuple[int, int]]

_SINGLE = re.compile(rb"[1-9][0-9]{0,9}")


def parse(text: bytes) -> SequenceSet:
    """`sequence-set = (seq-number / seq-range) *("," sequence-set)`; ranges as sent, `*` as STAR; ParseError."""
    ranges = []
    for piece in text.split(b","):
        low, colon, high = piece.partition(b":")
        first = _seq_number(low)
        ranges.append((first, _seq_number(high) if colon else first))
    return SequenceSet(tuple(ranges))


def _seq_number(text: bytes) -> int:
    """`seq-number = nz-number / "*"`."""
    if text == b"*":
        return STAR
    if _SINGLE.fullmatch(text) and (number := int(text)) <= LARGEST:
        return number
    raise ParseError("Sequence set expected, as in 1:3,7,10:*")


def resolve(messages: SequenceSet, largest: int) -> Ranges:
    """The ranges of `messages` where `*` is `largest`; empty when `largest` is 0, that is, in an empty mailbox.

    A range may be written backwards, and `9:*` holds `largest` even when that is less than 9 (RFC 3501 section 9).
    Numbers above `largest` are kept: for UIDs they are harmless, for message numbers ask `highest`.
    """
    if largest == 0:
        return []
    settled = ((low or largest, high or largest) for low, high in messages.ranges)
    return merge((low, high) if low <= high else (high, low) for low, high in settled)


def merge(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Ranges with low ≤ high in any order, made ascending and apart."""
    merged: Ranges = []
    end = -1
    for low, high in sorted(ranges):
        if merged and low <= end + 1:
            if high > end:
                merged[-1] = (merged[-1][0], high)
                end = high
        else:
            merged.append((low, high))
            end = high
    return merged


def runs(numbers: Iterable[int]) -> Ranges:
    """Numbers in the order given as ranges, one for each run that counts upward by one."""
    ranges: Ranges = []
    first = last = -2
    for number in numbers:
        if number != last + 1:
            if first >= 0:
                ranges.append((first, last))
            first = number
        last = number
    if first >= 0:
        ranges.append((first, last))
    return ranges


def highest(ranges: Ranges) -> int:
    """The largest number in resolved ranges, 0 for none."""
    return ranges[-1][1] if ranges else 0


def contains(ranges: Ranges, number: int) -> bool:
    """Whether `number` lies in resolved ranges."""
    place = bisect_right(ranges, (number, LARGEST)) - 1
    return place >= 0 and number <= ranges[place][1]


def spans(ranges: Ranges, numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Half-open index spans of ascending `numbers` that lie in resolved ranges; no empty ones."""
    found = []
    start = 0
    for low, high in ranges:
        start = bisect_left(numbers, low, start)
        if start == len(numbers):
            break
        stop = bisect_right(numbers, high, start)
        if stop > start:
            found.append((start, stop))
            start = stop
    return found


def select(ranges: Ranges, numbers: Sequence[int]) -> list[int]:
    """Those of ascending `numbers` that lie in resolved ranges."""
    return [number for start, stop in spans(ranges, numbers) for number in numbers[start:stop]]


def encode(ranges: Iterable[tuple[int, int]]) -> bytes:
    """`sequence-set` of resolved ranges, as COPYUID, ESEARCH and VANISHED want it."""
    return b",".join(b"%d" % low if low == high else b"%d:%d" % (low, high) for low, high in ranges)
