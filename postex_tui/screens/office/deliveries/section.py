"""Deliveries: what was decided for each document and what came of it. Metadata alone: no subject, name or size."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from textual import on
from textual.widget import Widget
from textual.widgets import DataTable

from bridge.i18n import N_
from postex_tui.screens.dialogs import Ask
from postex_tui.screens.filtered import PAGE, Filtered
from postex_tui.screens.office.deliveries.detail import DeliveryDetail
from postex_tui.screens.words.choices import CHANNELS, TYPES
from postex_tui.screens.words.deliveries import BRIEF, NOBODY, STATES, brief, whose
from postex_tui.widgets.paged_grid import Item, PagedGrid
from postex_tui.widgets.plain import Line

RECIPIENT = N_("Recipient (if masked, the whole address)")


class Deliveries(Filtered):
    """Of the last ninety days, newest first."""

    NAME = "deliveries"
    LISTENS = frozenset({"arrivals", "outbox"})
    EMPTY = N_("No delivery is like that. Change what you look for: /")
    TIMES: ClassVar[frozenset[str]] = frozenset({"since"})

    def contents(self) -> Iterable[Widget]:
        yield Line("", id="filter")
        yield PagedGrid(
            [
                ("when", self.say(N_("When, UTC")), 12),
                ("recipient", self.say(N_("Recipient")), 24),
                ("sender", self.say(N_("Sender")), 18),
                ("type", self.say(N_("Type")), 20),
                ("channel", self.say(N_("Channel")), 9),
                ("state", self.say(N_("State")), 11),
            ],
            self._row,
            id="deliveries",
        )
        yield Line("", id="tail")

    def _row(self, item: Item) -> tuple[str, list[object]]:
        words = [self.say(table[item[name]]) for name, table in _WORDS.items()]
        return item["id"], [brief(item["decided_at"]), whose(item), item["sender"] or NOBODY, *words]

    def asks(self) -> list[Ask]:
        given = self.wanted.get
        return [
            Ask("recipient", self.say(RECIPIENT), given("recipient", "")),
            Ask("sender", self.say(N_("Sender (name or address)")), given("sender", "")),
            Ask("state", self.say(N_("State")), given("state", ""), options=self.options(STATES)),
            Ask("channel", self.say(N_("Channel")), given("channel", ""), options=self.options(CHANNELS)),
            Ask("since", self.say(N_("From (UTC)")), given("since", ""), "2026-11-01"),
        ]

    async def page(self, after: str | None, asked: Mapping[str, Any], limit: int = PAGE) -> Mapping[str, Any]:
        found: Mapping[str, Any] = await self.api.get("/deliveries", after=after, limit=limit, **asked)
        return found

    @on(DataTable.RowSelected)
    def _opened(self, event: DataTable.RowSelected) -> None:
        if event.row_key.value is not None:
            self.post.open(DeliveryDetail(event.row_key.value))


_WORDS: Mapping[str, Mapping[str, str]] = {"type": TYPES, "channel": BRIEF, "state": STATES}
