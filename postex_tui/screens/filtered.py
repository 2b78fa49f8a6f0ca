"""Long lists that are narrowed by a form (`/`), come in pages, and may change while one looks.

Contract. A list gives `asks` (the fields of the form, by the names that the API has), and `page` (one page of what is
wanted). What happens meanwhile is shown at once to who is at the top; else the place is kept and a line tells of it.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.events import ScreenResume
from textual.timer import Timer
from textual.widgets import DataTable

from bridge.i18n import N_
from postex_tui.connection import Event
from postex_tui.moments import as_epoch
from postex_tui.screens.deeds import DeedScreen
from postex_tui.screens.dialogs import Ask, Form
from postex_tui.widgets.paged_grid import PagedGrid
from postex_tui.widgets.plain import Line

PAGE = 100
CALM = 1.0
"""Seconds between two looks, however much happens."""
CHANGED = N_("Something changed since. r shows it.")


class Filtered(DeedScreen):
    """`wanted`: what the person filled in, by name. `#filter` says it, `#tail` tells of changes."""

    TIMES: ClassVar[frozenset[str]] = frozenset()
    """Names whose values are days or times."""
    ALL: ClassVar[str] = N_("All, newest first.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", N_("Find")),
        Binding("c", "all", N_("Show all")),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.wanted: dict[str, str] = {}
        self._calm: Timer | None = None
        self._missed = False

    def asks(self) -> list[Ask]:
        """What one can look for, with what is wanted now."""
        raise NotImplementedError

    async def page(self, after: str | None, asked: Mapping[str, Any], limit: int = PAGE) -> Mapping[str, Any]:
        """A page of what is `asked`."""
        raise NotImplementedError

    @property
    def grid(self) -> PagedGrid:
        return self.query_one(PagedGrid)

    async def fetch(self) -> Any:
        self._missed = False
        return await self._page(None)

    async def _page(self, after: str | None) -> Mapping[str, Any]:
        return await self.page(after, self._asked(self.wanted))

    def show(self, content: Any) -> bool:
        self.query_one("#filter", Line).say(self._told())
        self.query_one("#tail", Line).say("")
        self.refresh_bindings()
        return self.grid.begin(content, self._page)

    def options(self, words: Mapping[str, str]) -> list[tuple[str, str]]:
        """Of a field that may stay open."""
        return [(self.say(N_("all")), ""), *((self.say(message), value) for value, message in words.items())]

    def narrow(self, wanted: Mapping[str, str]) -> None:
        """Look for these from now on."""
        self.wanted = {name: value for name, value in wanted.items() if value}
        if self.is_mounted:
            self.reload()

    def _asked(self, wanted: Mapping[str, str]) -> dict[str, Any]:
        """For the API. Refusal for what is no time."""
        return {name: as_epoch(value) if name in self.TIMES else value for name, value in wanted.items()}

    def _told(self) -> str:
        return " · ".join(_filled(ask) for ask in self.asks() if ask.value) or self.say(self.ALL)

    @work(group="ask")
    async def action_search(self) -> None:
        explained = self.say(N_("What is left empty does not matter."))
        form = Form(self.say(N_("Find")), self.asks(), self.say(N_("Find")), explained, self._tried)
        given = await self.post.push_screen_wait(form)
        if given is not None:
            self.narrow(given)

    async def _tried(self, given: Mapping[str, str]) -> Mapping[str, str]:
        """Whether the API takes it: what it refuses is told in the form."""
        await self.page(None, self._asked({name: value for name, value in given.items() if value}), 1)
        return given

    def action_all(self) -> None:
        self.narrow({})

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return bool(self.wanted) if action == "all" else True

    # --- what happens meanwhile ---

    def on_live(self, event: Event) -> None:
        self._missed = True
        if self._calm is None:
            self._catch_up()

    def _catch_up(self) -> None:
        """Now, if one is at the top and looks; then not again for a while."""
        self._calm = None
        if not self._missed or not self.is_current:
            return
        if self.grid.cursor_row and self.has_class("ready"):
            self.query_one("#tail", Line).say(self.say(CHANGED))
            return
        self._calm = self.set_timer(CALM, self._catch_up)
        self.reload()

    @on(ScreenResume)
    def _back(self) -> None:
        if self._calm is None and self.is_mounted:
            self._catch_up()

    @on(DataTable.RowHighlighted)
    def _at_the_top(self, event: DataTable.RowHighlighted) -> None:
        if event.cursor_row == 0 and self._calm is None:
            self._catch_up()


def _filled(ask: Ask) -> str:
    return f"{ask.label}: {next((words for words, value in ask.options if value == ask.value), ask.value)}"
