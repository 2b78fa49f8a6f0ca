"""Textual's table, drawn quickly: a full screen of rows costs some milliseconds in place of fifty.

Contract. Rows are one line high and have neither labels nor fixed columns; cells are `Text` of one style. Textual
sends each cell through Rich's general machine of wrapping, padding and styling; here it is cut to its column, with an
ellipsis to tell, and styled at once. A changed cell draws its own row anew, not the table.
"""

from typing import Any, Protocol, cast

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.coordinate import Coordinate
from textual.geometry import Region
from textual.strip import Strip
from textual.widgets import DataTable

SegmentLines = list[list[Segment]]


class Cell(Protocol):
    """What of a `Text` is drawn."""

    plain: str
    style: str | Style


class QuickTable(DataTable[Any]):
    """Overrides what the pinned Textual keeps to itself; tests/tui/test_quick_table.py compares both drawings."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._behind = Style.null()
        self._of_rows: dict[int, Style] = {}

    def _render_cell(
        self,
        row_index: int,
        column_index: int,
        base_style: Style,
        width: int,
        cursor: bool = False,
        hover: bool = False,
    ) -> SegmentLines:
        """As Textual's: one line of segments, `width` cells wide."""
        cell = cast(Cell, self._get_row_renderables(row_index).cells[column_index])
        is_head = row_index == -1
        component, post = self._get_styles_to_render_cell(
            is_head,
            False,
            False,
            hover,
            cursor,
            self.show_cursor,
            self._show_hover_cursor,
            self.cursor_foreground_priority == "css",
            self.cursor_background_priority == "css",
        )
        style = base_style + Style.from_meta({"row": row_index, "column": column_index}) + component
        if cell.style:
            style += self.app.console.get_style(cell.style)
        pad = " " * self.cell_padding
        shown = _fitted(cell.plain, width - 2 * self.cell_padding)
        return [[Segment(f"{pad}{shown}{pad}", style + post)]]

    def render_lines(self, crop: Region) -> list[Strip]:
        """The styles of what lies behind and of rows are found once, not for each line."""
        self._behind = self.rich_style
        self._of_rows.clear()
        return super().render_lines(crop)

    def _get_row_style(self, row_index: int, base_style: Style) -> Style:
        """As Textual's: of the head, or of every other row."""
        kind = -1 if row_index == -1 else row_index % 2
        if kind not in self._of_rows:
            self._of_rows[kind] = super()._get_row_style(row_index, base_style)
        return self._of_rows[kind]

    def render_line(self, y: int) -> Strip:
        """The head stays where it is; below it, what is scrolled to."""
        across, down = self.scroll_offset
        at = y if self.show_header and y < self.header_height else y + down
        return self._render_line(at, across, across + self.size.width, self._behind)

    def redraw(self, row: int, column: int, cell: object) -> None:
        """Show this in that place."""
        key = self.coordinate_to_cell_key(Coordinate(row, column))
        self._data[key.row_key][key.column_key] = cell
        for cache in (self._row_renderable_cache, self._row_render_cache, self._line_cache):
            cache.clear()
        self.refresh_row(row)


def _fitted(words: str, width: int) -> str:
    """In exactly so many cells."""
    return set_cell_size(words, width) if cell_len(words) <= width else set_cell_size(words, width - 1) + "…"
