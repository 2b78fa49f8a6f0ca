"""Domains: their mode, the country of their documents, how many use them; new ones (S61)."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import DataTable

from bridge.i18n import N_
from postex_tui.screens.deeds import DeedScreen
from postex_tui.screens.dialogs import Ask, Form
from postex_tui.screens.office.domains.detail import DomainDetail
from postex_tui.screens.words.accounts import MODES
from postex_tui.widgets.paged_grid import Item, PagedGrid

FEW = N_("few")


class Domains(DeedScreen):
    """Those in reach, by name."""

    NAME = "domains"
    EMPTY = N_("There is no domain in your reach.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", N_("Open")),
        Binding("n", "new", N_("New domain")),
    ]
    counts: Mapping[str, Mapping[str, Any]] = {}

    def contents(self) -> Iterable[Widget]:
        columns = (
            ("name", self.say(N_("Domain")), 26),
            ("mode", self.say(N_("Mode")), 10),
            ("country", self.say(N_("Country")), 8),
            ("accounts", self.say(N_("Accounts")), 9),
            ("documents", self.say(N_("Documents")), 11),
        )
        yield PagedGrid(columns, self._row, id="domains")

    def _row(self, item: Item) -> tuple[str, list[object]]:
        known = self.counts.get(item["name"])
        counts = ["", ""] if known is None else [self._count(known[name]) for name in ("accounts", "documents")]
        return item["name"], [item["name"], self.say(MODES[item["mode"]]), item["country"], *counts]

    def _count(self, number: int | None) -> str:
        return self.say(FEW) if number is None else str(number)

    async def fetch(self) -> Any:
        page = await self._page(None)
        known = await self.api.get("/statistics") if self.may("statistics.read") else {"domains": []}
        return page, {each["domain"]: each for each in known["domains"]}

    async def _page(self, after: str | None) -> Any:
        return await self.api.get("/domains", after=after, limit=100)

    def show(self, content: Any) -> bool:
        page, self.counts = content
        return self.query_one("#domains", PagedGrid).begin(page, self._page)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "new" or self.may("domain.add")

    @on(DataTable.RowSelected, "#domains")
    def action_open(self) -> None:
        item = self.query_one("#domains", PagedGrid).here
        if item is not None:
            self.post.open(DomainDetail(item["name"]))

    def action_new(self) -> None:
        modes = [(self.say(words), mode) for mode, words in MODES.items()]
        asks = [
            Ask("name", self.say(N_("Domain")), hint="example.org"),
            Ask("country", self.say(N_("Country of its documents, two letters")), hint="NL"),
            Ask("mode", self.say(N_("Mode, for good")), "managed", options=modes),
        ]
        explained = N_(
            "Managed: the domain keeps a spare key, and an admin helps after a forgotten password. Private: nobody"
            " can."
        )
        title, verb = self.say(N_("New domain")), self.say(N_("Add"))
        self.filled(Form(title, asks, verb, self.say(explained), self._added), self._told)

    async def _added(self, values: Mapping[str, str]) -> Any:
        return await self.api.post("/domains", values)

    def _told(self, made: Mapping[str, Any]) -> str:
        words = N_("Added: {domain}. Now give somebody the role of its admin, in the section of roles.")
        return self.say(words, domain=made["name"])
