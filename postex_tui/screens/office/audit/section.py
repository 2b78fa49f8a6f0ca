"""The audit log as one's roles may read it: found, followed, verified, saved (D8; security.md, roles)."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import DataTable

from bridge.i18n import N_
from postex_tui.moments import as_text
from postex_tui.screens.dialogs import Ask, Form
from postex_tui.screens.followed import PAGE, Followed
from postex_tui.screens.office.audit import export
from postex_tui.screens.office.audit.event import EventDetail
from postex_tui.screens.office.audit.filter import Filter, position
from postex_tui.screens.office.audit.looks import AccountLooks, looked_at
from postex_tui.screens.office.audit.verification import Verification
from postex_tui.screens.office.audit.words import kind, party
from postex_tui.widgets.log_grid import LogGrid
from postex_tui.widgets.paged_grid import Item
from postex_tui.widgets.plain import Line

WIDE = 120
"""Columns of a terminal that has room for whom it was done to."""


class Audit(Followed):
    """Newest first."""

    NAME = "audit"
    NUMBER = "position"
    LISTENS = frozenset({"audit"})
    EMPTY = N_("No event is like that. Change what you look for: /")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", N_("Find")),
        Binding("g", "jump", N_("Position")),
        Binding("v", "verify", N_("Verify")),
        Binding("l", "looks", N_("Who looked")),
        Binding("x", "export", N_("Save")),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.filter = Filter()

    def contents(self) -> Iterable[Widget]:
        yield Line(self.filter.words(self.say), id="filter")
        yield LogGrid(self._columns(), self._row, id="events")
        yield Line("", id="tail")

    def _columns(self) -> list[tuple[str, object, int]]:
        columns: list[tuple[str, object, int]] = [
            ("position", self.say(N_("Position")), 9),
            ("day", self.say(N_("Day")), 10),
            ("time", self.say(N_("Time, UTC")), 9),
            ("kind", self.say(N_("What")), 36),
            ("actor", self.say(N_("By")), 26),
        ]
        return [*columns, ("subject", self.say(N_("About")), 26)] if self._is_wide else columns

    @property
    def _is_wide(self) -> bool:
        return self.post.size.width >= WIDE

    def _row(self, item: Item) -> tuple[str, list[object]]:
        day, _, time = as_text(item["at"]).partition(" ")
        cells = [item["position"], day, time, kind(self.say, item["kind"]), party(self.say, item["actor"])]
        whole = len(self.query_one(LogGrid).columns) > len(cells)
        return str(item["position"]), [*cells, party(self.say, item["subject"])] if whole else cells

    async def page(self, after: str | None) -> Mapping[str, Any]:
        asked = self.filter.query(self.say)
        found: Mapping[str, Any] = await self.api.get("/audit/events", after=after, limit=PAGE, **asked)
        return found

    # --- what the person does ---

    def narrow(self, given: Mapping[str, str]) -> None:
        """Look for these events from now on."""
        self.filter = Filter(given)
        if self.is_mounted:
            self.query_one("#filter", Line).say(self.filter.words(self.say))
            self.reload()

    @on(DataTable.RowSelected)
    def _opened(self, event: DataTable.RowSelected) -> None:
        if event.row_key.value is not None:
            self.post.open(EventDetail(event.row_key.value))

    @work(group="ask")
    async def action_search(self) -> None:
        explained = self.say(N_("What is left empty does not matter."))
        title, verb = self.say(N_("Find events")), self.say(N_("Find"))
        form = Form(title, self.filter.asks(self.say), verb, explained, self._tried)
        given = await self.post.push_screen_wait(form)
        if given is not None:
            self.narrow(given)

    async def _tried(self, given: Mapping[str, str]) -> Mapping[str, str]:
        """Whether the API takes it: what it refuses is told in the form."""
        await self.api.get("/audit/events", limit=1, **Filter(given).query(self.say))
        return given

    @work(group="ask")
    async def action_jump(self) -> None:
        async def known(given: Mapping[str, str]) -> int:
            return position(self.say, given["position"])

        asks = [Ask("position", self.say(N_("Position")), self.filter.given.get("position", ""))]
        title, verb = self.say(N_("Go to a position")), self.say(N_("Go"))
        wanted = await self.post.push_screen_wait(Form(title, asks, verb, submit=known))
        if wanted is not None:
            self.narrow({**self.filter.given, "position": str(wanted)})

    @work(group="ask")
    async def action_looks(self) -> None:
        account = await looked_at(self, self.query_one(LogGrid).here)
        if account is not None:
            self.post.open(AccountLooks(account))

    def action_verify(self) -> None:
        self.post.open(Verification(""))

    @work(group="ask")
    async def action_export(self) -> None:
        await export.save(self, self.filter, self.query_one("#tail", Line).say)
        self._tell()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "verify" or "audit.verify" in self.post.reach
