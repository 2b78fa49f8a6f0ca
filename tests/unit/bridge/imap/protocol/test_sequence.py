"""Sequence sets: ranges against plain sets of numbers, and no cost for what a range spans."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.imap.protocol import sequence
from bridge.imap.protocol.commands import STAR, SequenceSet
from bridge.imap.protocol.errors import ParseError
from tests.costs import at_most

ENDS = st.integers(0, 40)
SETS = st.lists(st.tuples(ENDS, ENDS), min_size=1, max_size=8).map(lambda ranges: SequenceSet(tuple(ranges)))


def numbers_of(messages: SequenceSet, largest: int) -> set[int]:
    """The numbers of a set by walking each range, as RFC 3501 tells it."""
    found: set[int] = set()
    for ends in messages.ranges:
        low, high = sorted(largest if end == STAR else end for end in ends)
        found.update(range(low, high + 1))
    return found


@given(SETS, st.integers(1, 50))
def test_resolve_holds_the_numbers_and_no_others(messages: SequenceSet, largest: int) -> None:
    ranges = sequence.resolve(messages, largest)
    assert {n for low, high in ranges for n in range(low, high + 1)} == numbers_of(messages, largest)
    assert all(earlier[1] + 1 < later[0] for earlier, later in pairwise(ranges))
    assert sequence.highest(ranges) == max(numbers_of(messages, largest))


@given(SETS, st.integers(1, 50), st.sets(st.integers(1, 60)))
def test_members_of_a_uid_list(messages: SequenceSet, largest: int, uids: set[int]) -> None:
    ranges, ordered = sequence.resolve(messages, largest), sorted(uids)
    wanted = sorted(uids & numbers_of(messages, largest))
    assert sequence.select(ranges, ordered) == wanted
    assert [n for n in ordered if sequence.contains(ranges, n)] == wanted
    assert all(start < stop for start, stop in sequence.spans(ranges, ordered))


@given(st.lists(st.integers(1, 30), max_size=20))
def test_runs_keep_the_order(numbers: list[int]) -> None:
    ranges = sequence.runs(numbers)
    assert [n for low, high in ranges for n in range(low, high + 1)] == numbers


@given(SETS)
def test_encoded_ranges_are_parsed_again(messages: SequenceSet) -> None:
    ranges = sequence.resolve(messages, 50)
    assert list(sequence.parse(sequence.encode(ranges)).ranges) == ranges


def test_an_empty_mailbox_has_no_numbers() -> None:
    assert sequence.resolve(SequenceSet(((1, STAR), (STAR, STAR), (3, 4))), 0) == []
    assert sequence.highest([]) == 0
    assert not sequence.contains([], 1)


def test_star_below_the_low_end_still_names_the_last_message() -> None:
    assert sequence.resolve(SequenceSet(((559, STAR),)), 500) == [(500, 559)]


@pytest.mark.parametrize(
    "text", [b"", b"0", b"1:", b":1", b",1", b"1,", b"01", b"4294967296", b"1:2:3", b"**", b"-1", b"a"]
)
def test_what_is_no_sequence_set(text: bytes) -> None:
    with pytest.raises(ParseError):
        sequence.parse(text)


def test_the_widest_range_and_many_ranges_cost_what_they_are_long() -> None:
    with at_most(0.1):
        whole = sequence.resolve(sequence.parse(b"1:4294967295,*"), 4294967295)
        assert whole == [(1, 4294967295)]
        assert sequence.select(whole, range(1, 10_001)) == list(range(1, 10_001))
    with at_most(3):
        many = sequence.resolve(sequence.parse(b",".join(b"%d" % (n * 2) for n in range(100_000, 0, -1))), 1)
        assert len(many) == 100_000
        assert len(sequence.spans(many, range(1, 1000))) == 499
