"""Marks: made with a key, read only with it, the same in any case of letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.channels.marks import Mark, Marks
from storage.deliveries.terms import JobKind

OURS, THEIRS = Marks(b"k" * 32, "Mail.Example.test"), Marks(b"x" * 32, "mail.example.test")
MARK = st.builds(Mark, st.sampled_from(JobKind), st.integers(0, 2**48 - 1))


@given(MARK)
def test_a_mark_comes_back_as_what_it_was(mark: Mark) -> None:
    assert OURS.of_bounce_address(OURS.bounce_address(mark, "example.test").upper()) == mark
    assert OURS.of_message_id(OURS.message_id(mark)) == mark
    assert THEIRS.read(OURS.text(mark)) is None
    assert len(OURS.bounce_address(mark, "").removesuffix("@")) <= 64


@given(MARK, st.integers(0, 31), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_mark_with_one_other_letter_is_none(mark: Mark, at: int, letter: str) -> None:
    text = OURS.text(mark)
    changed = text[:at] + letter + text[at + 1 :]
    assert (OURS.read(changed) is None) == (changed != text)


@pytest.mark.parametrize(
    "address", ["", "bounce@example.test", "bounce+@example.test", "bounce+é@x", "anna@example.test"]
)
def test_other_addresses_are_none(address: str) -> None:
    assert OURS.of_bounce_address(address) is None
