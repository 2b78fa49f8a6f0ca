"""Accounts in one's reach: found, filtered, sorted; a page at a time, however many there are (S9, S61)."""

from collections.abc import Iterable
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Select

from bridge.i18n import N_
from postex_tui.screens.section import SectionScreen
from postex_tui.widgets.paged_grid import Item, PagedGrid
from postex_tui.widgets.plain import Choice, Field

STATES = {
    "invited": N_("invited"),
    "registered": N_("registered"),
    "suspended": N_("suspended"),
    "closed": N_("closed"),
    "erased": N_("erased"),
}
ROLES = {"recipient": N_("recipient"), "sender": N_("sender"), "owner": N_("owner")}
SORTS = {"email": N_("by address"), "name": N_("by name"), "-created": N_("newest first")}
PAUSE = 0.2
"""Seconds without typing before a search is asked."""
PAGE = 100


class Accounts(SectionScreen):
    """The whole list, or what was searched for."""

    NAME = "accounts"
    EMPTY = N_("No account is like that. Change the search.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", N_("Search")),
    ]
    _typing: Timer | None = None

    def contents(self) -> Iterable[Widget]:
        yield Horizontal(
            Field(hint=self.say(N_("Address or name")), most=320, id="text"),
            Choice([(self.say(N_("all states")), ""), *self._worded_options(STATES)], "", id="state-wanted"),
            Choice([(self.say(N_("all roles")), ""), *self._worded_options(ROLES)], "", id="role"),
            Choice(self._worded_options(SORTS), "email", id="sort"),
            classes="filters",
        )
        columns = (
            ("email", self.say(N_("Address")), 32),
            ("name", self.say(N_("Name")), 20),
            ("role", self.say(N_("Role")), 9),
            ("state", self.say(N_("State")), 12),
        )
        yield PagedGrid(columns, self._row, id="accounts")

    def _worded_options(self, words: dict[str, str]) -> list[tuple[str, str]]:
        return [(self.say(message), value) for value, message in words.items()]

    def _row(self, item: Item) -> tuple[str, list[str]]:
        words = ROLES | STATES
        told = [self.say(words.get(value, value)) for value in (str(item["role"]), str(item["state"]))]
        return item["id"], [item["email"] or item["id"], item["name"] or "", *told]

    async def fetch(self) -> Any:
        self._asked = self._wanted()
        return await self._page(None)

    async def _page(self, after: str | None) -> Any:
        return await self.api.get("/accounts", after=after, limit=PAGE, **self._asked)

    def _wanted(self) -> dict[str, str | None]:
        return {
            "text": self.query_one("#text", Field).value.strip() or None,
            "state": self._chosen("state-wanted"),
            "role": self._chosen("role"),
            "sort": self._chosen("sort"),
        }

    def _chosen(self, name: str) -> str | None:
        return str(self.query_one(f"#{name}", Choice).value) or None

    def show(self, content: Any) -> bool:
        return self.query_one("#accounts", PagedGrid).begin(content, self._page)

    @on(Input.Changed, "#text")
    def _typed(self) -> None:
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(PAUSE, self.reload)

    @on(Select.Changed)
    def _filtered(self) -> None:
        self.reload()

    def action_search(self) -> None:
        self.query_one("#text").focus()
