"""Columns fill the room and none is cut off, where that can be."""

from hypothesis import given
from hypothesis import strategies as st

from postex_tui.widgets.widths import LEAST, NARROW, fitted


@given(st.lists(st.integers(1, 80), max_size=9), st.integers(1, 400))
def test_all_of_the_room_and_no_more(wanted: list[int], room: int) -> None:
    widths = fitted(wanted, room)
    least = sum(width if width <= NARROW else LEAST for width in wanted)
    if any(width > NARROW for width in wanted):
        assert sum(widths) == max(room, least)
    assert all(width >= min(before, LEAST) for before, width in zip(wanted, widths, strict=True))


@given(st.lists(st.integers(1, NARROW), max_size=9), st.integers(1, 400))
def test_narrow_columns_keep_their_width(wanted: list[int], room: int) -> None:
    assert fitted(wanted, room) == wanted


def test_a_list_of_accounts() -> None:
    assert fitted([32, 20, 9, 12], 68) == [29, 18, 9, 12]
    assert fitted([32, 20, 9, 12], 110) == [55, 34, 9, 12]
