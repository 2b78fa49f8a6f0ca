"""My documents: where each stands, why it came as it did, and erasing one for good (S14, S46, D4).

The app is no mail client: what a document says is read there. Here stands what becomes of it.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, ClassVar
from urllib.parse import quote

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import DataTable

from bridge.i18n import N_
from postex_tui.connection import Event
from postex_tui.screens.dialogs import Confirm
from postex_tui.screens.me.erasures import Erasures
from postex_tui.screens.me.exporting import ExportScreen
from postex_tui.screens.steps import Steps
from postex_tui.screens.words.choices import CHANNELS, LONGEST, TYPES
from postex_tui.screens.words.times import day, moment
from postex_tui.terminal.safe_text import safe_text
from postex_tui.widgets.facts import Facts
from postex_tui.widgets.paged_grid import Item, PagedGrid

STATES = {
    "waiting": N_("unread, steps follow"),
    "delivered": N_("in your mailbox"),
    "leaving": N_("on its way out"),
    "handed-off": N_("handed on"),
    "failed": N_("came back; in your mailbox"),
    "opened": N_("opened"),
    "removed": N_("put away unread"),
}
NEXT = {
    "remind": N_("{at}: a reminder"),
    "email": N_("{at}: by e-mail"),
    "paper": N_("{at}: on paper"),
}
ERASES = N_(
    "The {type} of {sender} from {at} is erased: from every folder of yours, at once and for good. Nobody can bring"
    " it back, and you get a signed receipt. What was handed on by e-mail or on paper is not called back."
)


class Documents(ExportScreen):
    """Newest first."""

    NAME = "my-documents"
    LISTENS = frozenset({"arrivals"})
    EMPTY = N_("No document has come yet. Your senders know your address; its choices stand under How I receive.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "why", N_("Why so")),
        Binding("d", "erase", N_("Erase")),
        Binding("o", "erasures", N_("Erased")),
        Binding("x", "export", N_("Export")),
    ]

    def contents(self) -> Iterable[Widget]:
        columns = [
            ("at", self.say(N_("Came")), 10),
            ("sender", self.say(N_("Sender")), 20),
            ("type", self.say(N_("Type")), 20),
            ("state", self.say(N_("State")), 26),
        ]
        with_facts = VerticalScroll(Facts(id="copy"))
        yield Container(PagedGrid(columns, self._row, id="copies"), with_facts, classes="stack")

    def _row(self, item: Item) -> tuple[str, list[object]]:
        kind = self.say(TYPES[item["type"]])
        return item["document"], [day(item["arrived_at"]), item["sender"] or "–", kind, self._state(item)]

    def _state(self, item: Item) -> str:
        words = STATES.get(item["state"]) if item["is_here"] else N_("gone")
        return self.say(words) if words else str(item["state"])

    async def fetch(self) -> Any:
        return await self._page(None)

    async def _page(self, after: str | None) -> Mapping[str, Any]:
        found: Mapping[str, Any] = await self.api.get("/me/copies", after=after, limit=100)
        return found

    def show(self, content: Any) -> bool:
        begun = self.query_one("#copies", PagedGrid).begin(content, self._page)
        self._tell()
        return begun

    def on_live(self, event: Event) -> None:
        if self.is_mine(event):
            self.reload()

    @property
    def here(self) -> Item | None:
        return self.query_one("#copies", PagedGrid).here if self.has_class("ready") else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        item = self.here
        return action not in ("why", "erase") or (item is not None and (action == "why" or item["is_here"]))

    @on(DataTable.RowHighlighted, "#copies")
    def _tell(self) -> None:
        item = self.here
        self.query_one("#copy", Facts).tell([] if item is None else self._facts(item))
        self.refresh_bindings()

    def _facts(self, item: Item) -> Iterable[tuple[str, object]]:
        never = self.say(N_("not yet"))
        yield self.say(N_("Sender")), item["sender"] or "–"
        yield self.say(N_("Came")), moment(item["arrived_at"])
        yield self.say(N_("Channel")), self.say(CHANNELS[item["channel"]])
        yield self.say(N_("State")), self._state(item)
        yield self.say(N_("Downloaded")), moment(item["first_downloaded_at"]) or never
        yield self.say(N_("Opened")), moment(item["first_opened_at"]) or never
        if item["next_step"]:
            yield self.say(N_("If unread")), self.say(NEXT[item["next_step"]], at=day(item["next_step_at"]))
        yield self.say(N_("Answer by")), moment(item["reply_by"])
        yield self.say(N_("Holds until")), moment(item["expires_at"])
        yield self.say(N_("Erased on")), moment(item["erase_at"])
        yield self.say(N_("Server opens")), self._keys(item)
        yield self.say(N_("Number")), item["document"]

    def _keys(self, item: Item) -> str:
        if not item["is_here"]:
            return "–"
        if not item["server_can_open"]:
            return self.say(N_("no, only you"))
        if item["server_can_open_for_others"]:
            return self.say(N_("yes, another reader needs it"))
        return self.say(N_("yes, until it is sent on"))

    @on(DataTable.RowSelected, "#copies")
    def action_why(self) -> None:
        item = self.here
        if item is not None:
            path = f"/accounts/me/deliveries/{quote(item['document'], safe='')}/explanation"
            self.act(lambda: self.api.get(path), self._explained)

    def _explained(self, answer: Any) -> None:
        self.post.push_screen(Steps(self.say(N_("Why this channel?")), answer["steps"]))

    @work(group="ask")
    async def action_erase(self) -> None:
        item = self.here
        if item is None or not item["is_here"]:
            return
        named = safe_text(item["sender"] or "–", LONGEST)
        happens = self.say(ERASES, type=self.say(TYPES[item["type"]]), sender=named, at=day(item["arrived_at"]))
        asked = Confirm(self.say(N_("Erase this document?")), happens, self.say(N_("Erase")), grave=True)
        if await self.post.push_screen_wait(asked):
            path = f"/me/documents/{quote(item['document'], safe='')}/erasure"
            self.act(partial(self.api.post, path), self._is_erased)

    def _is_erased(self, made: Any) -> None:
        """Its receipt, or how far it is."""
        self.post.tell(self.say(N_("Erased. Here is the receipt.") if made["receipt"] else N_("It is being erased.")))
        self.post.open(Erasures(made["id"]))

    def action_erasures(self) -> None:
        self.post.open(Erasures(""))
