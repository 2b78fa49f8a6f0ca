"""What we hold: each item of the data inventory, with one's own values and where they are changed (S40)."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import DataTable

from bridge.i18n import N_
from postex_tui.screens.me.exporting import ExportScreen
from postex_tui.screens.words.times import moment
from postex_tui.widgets.paged_grid import Item, PagedGrid
from postex_tui.widgets.plain import Line

TAGS = {
    "provided": N_("What you gave"),
    "observed": N_("What was noted"),
    "sender-supplied": N_("What senders supplied"),
}
CHANGES = {"edit": N_("by you"), "view": N_("to see"), "locked": N_("locked")}
HEADING = "heading"


class Held(ExportScreen):
    """Grouped by where it comes from (S8)."""

    NAME = "held"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "change", N_("Change")),
        Binding("m", "mail", N_("Mail me")),
        Binding("x", "export", N_("Export")),
    ]

    def contents(self) -> Iterable[Widget]:
        columns = [
            ("title", self.say(N_("What")), 30),
            ("value", self.say(N_("Now")), 29),
            ("change", self.say(N_("Changing")), 11),
        ]
        with_facts = VerticalScroll(Line("", id="held-title", classes="title"), Line("", lines=True, id="held-facts"))
        yield Container(PagedGrid(columns, self._row, id="items"), with_facts, classes="stack")

    def _row(self, item: Item) -> tuple[str, list[object]]:
        if HEADING in item:
            return item[HEADING], [f"── {self.say(TAGS[item[HEADING]])}", "", ""]
        return item["name"], [f"  {item['title']}", _value(item), self.say(CHANGES[item["change"]])]

    async def fetch(self) -> Any:
        return await self.api.get("/me/held")

    def show(self, content: Any) -> bool:
        rows: list[Mapping[str, Any]] = []
        for tag in TAGS:
            rows += [{HEADING: tag}, *(item for item in content["items"] if item["tag"] == tag)]
        grid = self.query_one("#items", PagedGrid)
        grid.begin_whole(rows)
        if grid.cursor_row == 0:
            grid.move_cursor(row=1)
        self._tell()
        return True

    @property
    def here(self) -> Item | None:
        item = self.query_one("#items", PagedGrid).here if self.query("#items") else None
        return None if item is None or HEADING in item else item

    @on(DataTable.RowHighlighted, "#items")
    def _tell(self) -> None:
        item = self.here
        self.query_one("#held-title", Line).say("" if item is None else item["title"])
        self.query_one("#held-facts", Line).say("" if item is None else "\n".join(self._facts(item)))
        self.refresh_bindings()

    def _facts(self, item: Item) -> Iterable[str]:
        yield f"{self.say(N_('Now'))}: {_value(item) or self.say(N_('nothing'))}"
        if item["newest"]:
            yield f"{self.say(N_('The newest'))}: {moment(item['newest'])}"
        yield f"{self.say(N_('What for'))}: {item['purpose']}"
        yield f"{self.say(N_('On what basis'))}: {item['basis']}"
        yield f"{self.say(N_('Kept'))}: {item['retention']}"
        yield f"{self.say(N_('Seen by'))}: {item['seen_by']}"
        yield f"{self.say(N_('Changing'))}: {item['reason']}"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "change" or (self.here is not None and self.here["place"] is not None)

    @on(DataTable.RowSelected, "#items")
    def action_change(self) -> None:
        """To where it is changed; what cannot be says why."""
        item = self.here
        if item is None:
            return
        if item["place"] is None:
            self.post.tell(item["reason"])
            return
        self.post.go(item["place"])
        self.post.call_after_refresh(self._there, item["name"])

    def _there(self, name: str) -> None:
        seek = getattr(self.post.screen, "seek", None)
        if seek is not None:
            seek(name)

    def action_mail(self) -> None:
        self.act(lambda: self.api.post("/me/held/mail"), self._is_mailed)

    def _is_mailed(self, made: Any) -> None:
        self.post.tell(self.say(N_("A message with {count} items is in your mailbox."), count=made["items"]))


def _value(item: Item) -> str:
    return ", ".join(item["values"]) if item["count"] is None else str(item["count"])
