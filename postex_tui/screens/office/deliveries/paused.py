"""Recipients whose notices go nowhere any more: their URL took none for a day, and is not used since."""

from collections.abc import Iterable, Mapping
from typing import Any

from textual.widget import Widget

from bridge.i18n import N_
from postex_tui.screens.section import DetailScreen
from postex_tui.screens.words.deliveries import whose
from postex_tui.screens.words.times import moment
from postex_tui.widgets.paged_grid import Item, PagedGrid
from postex_tui.widgets.plain import Line

MEANING = N_(
    "Notices to these addresses failed for a day and are not tried any more. Documents arrive as ever. Each of them"
    " was told in the mailbox; they set the address anew (e) or try it (v): About me › Service for notices."
)


class PausedAddresses(DetailScreen):
    """Of the whole reach; its subject is none."""

    NAME = "outbox"
    EMPTY = N_("No notice address is paused.")

    def contents(self) -> Iterable[Widget]:
        yield Line(self.say(MEANING), lines=True, id="paused-means")
        yield PagedGrid(
            [
                ("who", self.say(N_("Recipient")), 30),
                ("service", self.say(N_("Service")), 14),
                ("since", self.say(N_("Since")), 16),
            ],
            self._row,
        )

    def _row(self, item: Item) -> tuple[str, list[object]]:
        return item["account"], [whose(item), item["service"], moment(item["paused_at"])]

    async def fetch(self) -> Any:
        return await self._page(None)

    async def _page(self, after: str | None) -> Mapping[str, Any]:
        found: Mapping[str, Any] = await self.api.get("/outbox/paused-addresses", after=after, limit=100)
        return found

    def show(self, content: Any) -> bool:
        return self.query_one(PagedGrid).begin(content, self._page)
