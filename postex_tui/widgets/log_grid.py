"""A log in a table, newest first, that can be followed: what is new comes in at the top while the cursor is there."""

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from bridge.i18n import N_
from postex_tui.widgets.paged_grid import Ask, PagedGrid


class LogGrid(PagedGrid):
    """`enter` opens a line, `home` leads back to the newest."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", N_("Open")),
        Binding("home", "scroll_top", show=False),
        Binding("end", "scroll_bottom", show=False),
    ]

    @property
    def is_at_top(self) -> bool:
        return self.cursor_row == 0

    def begin_at_top(self, page: Mapping[str, Any], ask: Ask) -> bool:
        """As `begin`, with the cursor on the newest line."""
        begun = self.begin(page, ask)
        self.move_cursor(row=0)
        return begun
