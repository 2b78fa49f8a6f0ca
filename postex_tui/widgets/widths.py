"""Widths of a table's columns in the room that there is: none is cut off at the side, none of the room is left over.

Contract. `fitted(wanted, room)` gives a width for each wanted one, in cells. Columns up to `NARROW` keep theirs (a
time, a state); the wide ones (names, addresses, reasons) share what is left, or give what is missing, by their size,
and none becomes narrower than `LEAST`. Where even that is too much, the table scrolls.
"""

from collections.abc import Sequence

NARROW = 16
LEAST = 10


def fitted(wanted: Sequence[int], room: int) -> list[int]:
    """Widths that together are `room`, where that can be."""
    widths = list(wanted)
    wide = [at for at, width in enumerate(wanted) if width > NARROW]
    spare, total = room - sum(wanted), sum(wanted[at] for at in wide)
    for at in wide:
        widths[at] = max(LEAST, wanted[at] + spare * wanted[at] // total)
    if wide:
        widths[wide[0]] += max(0, room - sum(widths))
    while sum(widths) > room and any(widths[at] > LEAST for at in wide):
        widths[max(wide, key=widths.__getitem__)] -= 1
    return widths
