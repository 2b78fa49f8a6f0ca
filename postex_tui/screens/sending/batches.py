"""Batches: documents held until one says how many there are; handed over whole, or dropped. And lists tried first."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from textual.binding import Binding, BindingType
from textual.widget import Widget

from bridge.i18n import N_
from postex_tui.answers import Refusal
from postex_tui.connection import Event
from postex_tui.screens.deeds import DeedScreen
from postex_tui.screens.dialogs import Ask, Confirm, Form
from postex_tui.screens.sending.dry_run import DryRun
from postex_tui.screens.words.accounts import LONGEST
from postex_tui.screens.words.times import moment
from postex_tui.terminal.safe_text import safe_text
from postex_tui.widgets.paged_grid import Item, PagedGrid
from postex_tui.widgets.plain import Line

STATES = {
    "open": N_("held"),
    "committing": N_("being released"),
    "committed": N_("released"),
    "cancelling": N_("being dropped"),
    "cancelled": N_("dropped"),
}
COMMITS = N_(
    "{held} are held under «{name}». If you handed in as many, all of them are handed over, by what each recipient"
    " chooses at this moment; if not, none is. A document for three recipients counts three. This cannot be taken"
    " back."
)
CANCELS = N_(
    "All {held} that are held under «{name}» are dropped: no recipient ever sees them. The name cannot be used again."
    " This cannot be taken back."
)
NO_NUMBER = N_("{given} is no number.")
SETTLES = 3600
"""Seconds that a batch of many may take."""


class Batches(DeedScreen):
    """One's own, newest first."""

    NAME = "batches"
    LISTENS = frozenset({"arrivals"})
    EMPTY = N_(
        "You have no batch. Hand documents in with the header Postex-Document: batch=NAME, and they wait here until"
        " you say how many there are. Press t to try a list first."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "commit", N_("Hand over")),
        Binding("d", "drop", N_("Drop")),
        Binding("t", "rehearse", N_("Try a list")),
    ]

    _wanted: str | None = None

    def contents(self) -> Iterable[Widget]:
        yield PagedGrid(
            [
                ("name", self.say(N_("Batch")), 24),
                ("state", self.say(N_("State")), 18),
                ("held", self.say(N_("Held")), 9),
                ("agreed", self.say(N_("Agreed on")), 9),
                ("opened", self.say(N_("Begun")), 11),
                ("ended", self.say(N_("Ended")), 11),
            ],
            self._row,
            id="batches",
        )
        yield Line("", id="tail")

    def _row(self, item: Item) -> tuple[str, list[object]]:
        agreed = "" if item["declared"] is None else item["declared"]
        times = [(moment(item[which]) or "")[5:] for which in ("opened_at", "ended_at")]
        return item["name"], [item["name"], self.say(STATES[item["state"]]), item["count"], agreed, *times]

    async def fetch(self) -> Any:
        return await self._page(None)

    async def _page(self, after: str | None) -> Mapping[str, Any]:
        found: Mapping[str, Any] = await self.api.get("/accounts/me/batches", after=after, limit=100)
        return found

    def show(self, content: Any) -> bool:
        grid = self.query_one(PagedGrid)
        there = grid.begin(content, self._page)
        if self._wanted in grid.items:
            grid.move_cursor(row=grid.get_row_index(self._wanted))
            self._wanted = None
        self.refresh_bindings()
        return there

    def go_to(self, name: str) -> None:
        """Begin at this one."""
        self._wanted = name
        self.reload()

    def on_live(self, event: Event) -> None:
        if self.is_current:
            super().on_live(event)

    def on_data_table_row_highlighted(self) -> None:
        self.refresh_bindings()

    @property
    def here(self) -> Item | None:
        return self.query_one(PagedGrid).here if self.has_class("ready") else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("commit", "drop"):
            return self.here is not None and self.here["state"] == "open"
        return True

    def action_commit(self) -> None:
        batch = self.here
        if batch is None:
            return
        path = f"/accounts/me/batches/{quote(batch['name'], safe='')}/commit"

        async def commit(values: Mapping[str, str]) -> Any:
            return await self.api.post(path, {"count": self._number(values["count"])}, seconds=SETTLES)

        asks = [Ask("count", self.say(N_("How many did you hand in?")))]
        explained = self.say(COMMITS, held=batch["count"], name=safe_text(batch["name"], LONGEST))
        form = Form(self.say(N_("Hand over the batch")), asks, self.say(N_("Hand over")), explained, commit)
        self.filled(form, self._committed)

    def _number(self, given: str) -> int:
        if not (given.isascii() and given.isdigit() and len(given) < 9):
            raise Refusal("no-number", self.say(NO_NUMBER, given=given))
        return int(given)

    def _committed(self, done: Mapping[str, Any]) -> str:
        return self.say(N_("Handed over: {count}."), count=done["declared"])

    def action_drop(self) -> None:
        batch = self.here
        if batch is None:
            return
        path = f"/accounts/me/batches/{quote(batch['name'], safe='')}/cancel"
        happens = self.say(CANCELS, held=batch["count"], name=safe_text(batch["name"], LONGEST))
        asked = Confirm(self.say(N_("Drop the batch?")), happens, self.say(N_("Drop all of it")), grave=True)
        self.sure(asked, lambda: self.api.post(path, seconds=SETTLES), self.say(N_("The batch is dropped.")))

    def action_rehearse(self) -> None:
        self.post.open(DryRun(""))
