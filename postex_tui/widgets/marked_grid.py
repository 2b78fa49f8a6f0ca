"""A paged list whose rows can be marked, for what is done to several at once.

Contract. What is marked stays so while the list is asked anew, by another filter too. `end` asks for the list from
its other end: whoever shows it turns it (`Turned`), for the last page is one page away and not all pages before it.
"""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from bridge.i18n import N_
from postex_tui.widgets.paged_grid import Item, PagedGrid, Row

MARK = "mark"
MARKED, UNMARKED = "●", " "


class MarkedGrid(PagedGrid):
    """`marked`: the items by key, in the order in which they were marked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", N_("Open")),
        Binding("space", "mark", N_("Mark"), key_display="␣"),
        Binding("end", "turn", N_("Other end"), show=False),
        Binding("home", "scroll_top", show=False),
    ]

    class Marked(Message):
        """One row more or fewer is marked."""

    class Turned(Message):
        """The list is wanted from its other end."""

    def __init__(self, columns: Sequence[tuple[str, object, int]], row: Row, *, id: str | None = None) -> None:
        super().__init__([(MARK, "", 1), *columns], self._with_mark, id=id)
        self._bare = row
        self.marked: dict[str, Item] = {}

    def renew(self, item: Item) -> None:
        """Show one thing as it is now, if it is in the list."""
        key, cells = self._with_mark(item)
        if key in self.items:
            self.items[key] = item
            for (column, _, _), cell in zip(self._columns, cells, strict=True):
                self.change(key, column, cell)

    def unmark(self) -> None:
        """None is marked any more."""
        for key in [key for key in self.marked if key in self.items]:
            self.change(key, MARK, UNMARKED)
        self.marked.clear()
        self.post_message(self.Marked())

    def action_mark(self) -> None:
        key, item = self.key_here, self.here
        if key is None or item is None:
            return
        if self.marked.pop(key, None) is None:
            self.marked[key] = item
        self.change(key, MARK, MARKED if key in self.marked else UNMARKED)
        self.post_message(self.Marked())
        self.action_cursor_down()

    def action_turn(self) -> None:
        self.post_message(self.Turned())

    def _with_mark(self, item: Item) -> tuple[str, Sequence[object]]:
        key, cells = self._bare(item)
        return key, [MARKED if key in self.marked else UNMARKED, *cells]
