"""A log that grows at its top: paged, followed, and honest about what is not shown yet.

Contract. With `t` new lines come in by themselves, as the bridge tells of them and every `LOOK` seconds; while the
cursor is not on the newest line nothing moves, and a count says how many wait. A log whose newest lines do not match
the filter is searched on until one does.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from bridge.i18n import N_
from postex_tui.answers import Refusal
from postex_tui.connection import REOPENED, Event
from postex_tui.screens.section import SectionScreen
from postex_tui.widgets.log_grid import LogGrid
from postex_tui.widgets.plain import Line

LOOK = 3.0
PAGE = 100
FOLLOWING = N_("Following: what is new comes in at the top. t ends it.")
WAITING = N_("New since: {count}. To see them: home, then r.")
MANY_WAITING = N_("New since: {count} or more. To see them: home, then r.")
FOLLOW_WAITS = N_("New since: {count}. They come in when you are back at the top: home.")


class Followed(SectionScreen):
    """`NUMBER`: the member of a line that grows with each. `#tail` is the line that tells of new ones."""

    NUMBER: ClassVar[str]
    BINDINGS: ClassVar[list[BindingType]] = [Binding("t", "follow", N_("Follow"))]

    def __init__(self) -> None:
        super().__init__()
        self.following = False
        self._newest = 0
        self._waiting = 0

    async def page(self, after: str | None) -> Mapping[str, Any]:
        """A page of the log as it is filtered."""
        raise NotImplementedError

    async def found(self, after: str | None) -> Mapping[str, Any]:
        """A page with something on it, if anything matches at all."""
        page = await self.page(after)
        while not page["items"] and page["next"] is not None:
            page = await self.page(page["next"])
        return page

    async def fetch(self) -> Any:
        return await self.found(None)

    def show(self, content: Any) -> bool:
        self._shown_up_to(content)
        return self.query_one(LogGrid).begin(content, self.found)

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(LOOK, self._look)

    def on_live(self, event: Event) -> None:
        if event.kind == REOPENED or not self.has_class("ready"):
            self.reload()
        else:
            self._news()

    def _look(self) -> None:
        if self.following and self.is_current:
            self._news()

    @work(group="look", exclusive=True)
    async def _news(self) -> None:
        """Show what is new, or count it."""
        try:
            page = await self.found(None)
        except Refusal as refusal:
            self.post.heard(refusal)
            return
        if not page["items"] or not self.is_mounted:
            return
        grid = self.query_one(LogGrid)
        if self.following and (grid.is_at_top or not grid.row_count):
            self._settle("ready", "")
            grid.begin_at_top(page, self.found)
            self._shown_up_to(page)
        else:
            self._waiting = sum(item[self.NUMBER] > self._newest for item in page["items"])
            self._tell()

    def _shown_up_to(self, page: Mapping[str, Any]) -> None:
        self._newest = max((item[self.NUMBER] for item in page["items"]), default=0)
        self._waiting = 0
        self._tell()

    def _tell(self) -> None:
        count, told = self._waiting, FOLLOWING if self.following else ""
        if count:
            told = FOLLOW_WAITS if self.following else MANY_WAITING if count >= PAGE else WAITING
        self.query_one("#tail", Line).say(self.say(told, count=count) if told else "")

    @on(DataTable.RowHighlighted)
    def _back_at_the_top(self, event: DataTable.RowHighlighted) -> None:
        if event.cursor_row == 0 and self.following and self._waiting:
            self._news()

    def action_follow(self) -> None:
        self.following = not self.following
        if self.following:
            self.query_one(LogGrid).action_scroll_top()
            self._news()
        self._tell()
