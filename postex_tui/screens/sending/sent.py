"""What became of one's documents: a line for each recipient; whether it was opened, with consent alone (S14, D9)."""

from collections.abc import Iterable, Mapping
from typing import Any

from textual import on
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import DataTable

from bridge.i18n import N_
from postex_tui.screens.dialogs import Ask
from postex_tui.screens.filtered import PAGE, Filtered
from postex_tui.screens.words.choices import TYPES
from postex_tui.screens.words.deliveries import NOBODY, STATES, brief
from postex_tui.screens.words.times import moment
from postex_tui.widgets.facts import Facts
from postex_tui.widgets.paged_grid import Item, PagedGrid
from postex_tui.widgets.plain import Line

MEANS = {
    "held": N_("Held with its batch: nobody sees it until you commit the batch."),
    "accepted": N_("In the recipient's mailbox, and on its way to where the recipient wants it besides."),
    "handed-off": N_("In the recipient's mailbox, and handed to the carrier that the recipient chose."),
    "delivered": N_("In the recipient's mailbox."),
    "refused": N_("The recipient does not want such documents from you. It lies nowhere."),
}
TOLD = N_("Opened {when}: the recipient agreed that you know.")
UNTOLD = N_("Whether a document was opened you learn only where its recipient agreed to that; all others look alike.")
REPORTS = {
    "success": N_("when it has arrived"),
    "failure": N_("if it is refused"),
    "delay": N_("if it is late"),
    "never": N_("never"),
}


class Sent(Filtered):
    """Of the last ninety days, newest first; below the list what is known of the line one is on."""

    NAME = "sent"
    EMPTY = N_("No document of yours is like that, of the last ninety days.")

    def contents(self) -> Iterable[Widget]:
        yield Line("", id="filter")
        columns = [
            ("when", self.say(N_("When, UTC")), 12),
            ("recipient", self.say(N_("Recipient")), 30),
            ("type", self.say(N_("Type")), 20),
            ("state", self.say(N_("State")), 11),
            ("batch", self.say(N_("Batch")), 10),
        ]
        read = VerticalScroll(Line("", id="sent-means", lines=True), Facts(id="sent-facts"), id="one-sent")
        yield Vertical(PagedGrid(columns, self._row, id="sent"), read, classes="stack")
        yield Line("", id="tail")

    def _row(self, item: Item) -> tuple[str, list[object]]:
        kind, state = self.say(TYPES[item["document_type"]]), self.say(STATES[item["state"]])
        cells = [brief(item["handed_in_at"]), item["recipient"] or NOBODY, kind, state, item["batch"] or ""]
        return item["delivery"], cells

    async def page(self, after: str | None, asked: Mapping[str, Any], limit: int = PAGE) -> Mapping[str, Any]:
        found: Mapping[str, Any] = await self.api.get("/accounts/me/sent", after=after, limit=limit, **asked)
        return found

    def show(self, content: Any) -> bool:
        there = super().show(content)
        self._moved()
        return there

    def asks(self) -> list[Ask]:
        given = self.wanted.get
        return [
            Ask("recipient", self.say(N_("Recipient (part of the address)")), given("recipient", "")),
            Ask("state", self.say(N_("State")), given("state", ""), options=self.options(STATES)),
            Ask("batch", self.say(N_("Batch")), given("batch", "")),
        ]

    @on(DataTable.RowHighlighted, "#sent")
    def _moved(self) -> None:
        item = self.grid.here
        self.query_one("#one-sent").display = item is not None
        if item is not None:
            self.query_one("#sent-facts", Facts).tell(self._facts(item))
            self.query_one("#sent-means", Line).say(self._means(item))

    def _facts(self, item: Item) -> Iterable[tuple[str, object]]:
        """What happened, in the order in which it did."""
        yield self.say(N_("Recipient")), item["recipient"] or NOBODY
        yield self.say(N_("Document")), item["document"]
        yield self.say(N_("Handed in")), moment(item["handed_in_at"])
        yield self.say(N_("Batch")), item["batch"]
        yield self.say(STATES[item["state"]]).capitalize(), moment(item["state_at"])
        reports = ", ".join(self.say(REPORTS[each]) for each in item["reports"])
        yield self.say(N_("Reports you asked for")), reports or None
        yield self.say(N_("Read receipt")), self.say(N_("asked for") if item["read_receipt"] else N_("not asked for"))

    def _means(self, item: Item) -> str:
        opened = item["opened_at"]
        told = self.say(UNTOLD) if opened is None else self.say(TOLD, when=moment(opened))
        return f"{self.say(MEANS[item['state']])} {told}"
