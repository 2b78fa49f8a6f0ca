"""What one had erased: how far each is, what is left in which live place, and the signed receipt (S46, S55, S56)."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import DataTable

from bridge.i18n import N_
from postex_tui.screens.office.accounts.rooms.kept import ERASING
from postex_tui.screens.section import DetailScreen
from postex_tui.screens.words.times import moment
from postex_tui.widgets.paged_grid import Item, PagedGrid
from postex_tui.widgets.plain import Line

KINDS = {"account": N_("account"), "document": N_("document"), "field": N_("field")}

BACKED_UP = {"documents": N_("documents"), "records": N_("records")}


class Erasures(DetailScreen):
    """`subject`: the id of the one to begin at, or nothing."""

    NAME = "my-documents"
    EMPTY = N_("You had nothing erased yet.")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("x", "save", N_("Save receipt"))]

    def contents(self) -> Iterable[Widget]:
        columns = [
            ("at", self.say(N_("When")), 16),
            ("kind", self.say(N_("What")), 10),
            ("target", self.say(N_("Which")), 24),
            ("state", self.say(N_("State")), 22),
        ]
        with_facts = VerticalScroll(Line("", lines=True, id="erasure"))
        yield Container(PagedGrid(columns, self._row, id="erasures"), with_facts, classes="stack")

    def _row(self, item: Item) -> tuple[str, list[object]]:
        cells = [moment(item["requested_at"]), self.say(KINDS[item["kind"]]), item["target"] or "–"]
        return item["id"], [*cells, self.say(ERASING[item["state"]])]

    async def fetch(self) -> Any:
        return await self.api.get("/accounts/me/erasures")

    def show(self, content: Any) -> bool:
        grid = self.query_one("#erasures", PagedGrid)
        if not grid.begin_whole(content):
            return False
        if self.subject in grid.items:
            grid.move_cursor(row=grid.get_row_index(self.subject))
            self.subject = ""
        self._look()
        return True

    @on(DataTable.RowHighlighted, "#erasures")
    def _look(self) -> None:
        here = self.query_one("#erasures", PagedGrid).key_here
        if here is not None:
            self._looked(here)

    @work(group="pages", exclusive=True)
    async def _looked(self, erasure: str) -> None:
        found = await self.api.get(f"/erasures/{quote(erasure, safe='')}")
        self.query_one("#erasure", Line).say("\n".join(told(found, self.say)))

    @work(group="ask")
    async def action_save(self) -> None:
        here = self.query_one("#erasures", PagedGrid).key_here
        if here is None:
            return
        found = await self.api.get(f"/erasures/{quote(here, safe='')}")
        if found["receipt"] is None:
            self.post.tell(self.say(N_("There is no receipt yet: something is left.")), wrong=True)
            return
        content = json.dumps(found["receipt"], indent=1).encode()
        await self.post.hand_over(f"erasure-{here}.json", content)


def told(found: Mapping[str, Any], say: Any) -> Iterable[str]:
    """State, places, and until when a backup could be read."""
    yield f"{say(N_('State'))}: {say(ERASING[found['state']])}"
    if found["state"] == "requested":
        yield f"{say(N_('Can be had back until'))}: {moment(found['due_at'])}"
    if found["blocked"]:
        held = f"{moment(found['blocked']['ends_at'])} ({found['blocked']['basis']})"
        yield f"{say(N_('A hold keeps it until'))}: {held}"
    if found["done_at"]:
        yield f"{say(N_('Done'))}: {moment(found['done_at'])}"
    receipt = found["receipt"] and found["receipt"]["content"]
    places = (receipt or found)["places"] or ()
    rest = [each for each in places if each["left"]]
    if places and not rest:
        yield say(N_("Counted in {count} live places: nothing is left in any."), count=len(places))
    elif rest:
        yield say(N_("Left at this moment:"))
        yield from (f"  {each['place']}: {each['left']}" for each in rest)
    for what, at in (receipt["backups"] if receipt else {}).items():
        yield say(N_("No backup of its {what} can be read after {at}."), what=say(BACKED_UP[what]), at=moment(at))
