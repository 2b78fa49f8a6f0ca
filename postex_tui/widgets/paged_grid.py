"""A long list of the API in a table: a page at a time, the next one when the cursor comes near the end.

Contract. `ask(after)` gives a page `{"items": […], "next": …}`; `row(item)` gives (key, cells). However long the list
is, a key press costs one page at most, and that is fetched beside the loop. What was asked before and comes late is
dropped.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from textual import work
from textual.message import Message
from textual.widgets import DataTable

from postex_tui.answers import Refusal
from postex_tui.widgets.plain import Grid

Item = Mapping[str, Any]
Ask = Callable[[str | None], Awaitable[Mapping[str, Any]]]
Row = Callable[[Item], tuple[str, Sequence[object]]]
AHEAD = 40
"""Rows left below the cursor when the next page is fetched."""


class PagedGrid(Grid):
    """`begin` shows a first page; the rest comes by itself."""

    class Failed(Message):
        """A further page did not come."""

        def __init__(self, refusal: Refusal) -> None:
            super().__init__()
            self.refusal = refusal

    def __init__(self, columns: Sequence[tuple[str, object, int]], row: Row, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._columns, self._row = columns, row
        self._ask: Ask | None = None
        self._next: str | None = None
        self._fetching = False
        self.items: dict[str, Item] = {}
        """What is shown, by key."""

    def on_mount(self) -> None:
        self.columns_are(self._columns)

    def begin(self, page: Mapping[str, Any], ask: Ask) -> bool:
        """Show this first page, the cursor where it was if that row is still there; False if it is empty."""
        at = self.key_here
        self.clear()
        self.items.clear()
        self._ask, self._fetching = ask, False
        self._add(page)
        if at is not None and at in self.items:
            self.move_cursor(row=self.get_row_index(at))
        return bool(self.items)

    def begin_whole(self, items: Sequence[Item]) -> bool:
        """As `begin`, of a list that has no further pages."""
        return self.begin({"items": items, "next": None}, _no_more)

    @property
    def key_here(self) -> str | None:
        """Of the row under the cursor."""
        if not self.row_count:
            return None
        return self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value

    @property
    def here(self) -> Item | None:
        key = self.key_here
        return None if key is None else self.items.get(key)

    def _add(self, page: Mapping[str, Any]) -> None:
        for item in page["items"]:
            key, cells = self._row(item)
            if key not in self.items:
                self.items[key] = item
                self.put(key, cells)
        self._next = page["next"]

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        self._reach(event.cursor_row)

    def on_data_table_cell_highlighted(self, event: DataTable.CellHighlighted) -> None:
        """Where the cursor is a cell."""
        self._reach(event.coordinate.row)

    def _reach(self, row: int) -> None:
        if self._next is not None and not self._fetching and row >= self.row_count - AHEAD:
            self._fetching = True
            self._more()

    @work(group="pages", exclusive=True)
    async def _more(self) -> None:
        asked, after = self._ask, self._next
        if asked is None or after is None:
            return
        try:
            page = await asked(after)
        except Refusal as refusal:
            self._fetching = False
            self.post_message(self.Failed(refusal))
            return
        if asked is self._ask:
            self._add(page)
            self._fetching = False


async def _no_more(after: str | None) -> Mapping[str, Any]:
    return {"items": [], "next": None}
