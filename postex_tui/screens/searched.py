"""Lists that are narrowed by typing and by choosing: asked anew once one pauses. Return leads to the list."""

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widgets import Input, Select

from bridge.i18n import N_
from postex_tui.screens.section import SectionScreen
from postex_tui.widgets.paged_grid import PagedGrid

PAUSE = 0.2
"""Seconds without typing before a search is asked."""


class Searched(SectionScreen):
    """`#text` is its field, and every choice on it is one of what is wanted."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("slash", "search", N_("Search"))]
    _typing: Timer | None = None

    def action_search(self) -> None:
        self.query_one("#text").focus()

    @on(Input.Changed, "#text")
    def _typed(self) -> None:
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(PAUSE, self.reload)

    @on(Input.Submitted, "#text")
    def to_list(self) -> None:
        self.query_one(PagedGrid).focus()

    @on(Select.Changed)
    def _chose(self) -> None:
        if self.has_class("ready") or self.has_class("empty"):
            self.reload()
