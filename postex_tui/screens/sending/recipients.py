"""By which channel a document would reach one's own recipients. They can read of each look; that is said first."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Input

from bridge.i18n import N_
from postex_tui.answers import Refusal
from postex_tui.files import recipients
from postex_tui.screens.deeds import DeedScreen
from postex_tui.screens.dialogs import Confirm
from postex_tui.screens.words.choices import CHANNELS, TYPES
from postex_tui.screens.words.deliveries import NOBODY
from postex_tui.widgets.paged_grid import Item, PagedGrid
from postex_tui.widgets.plain import Field, Line, Press

PATH = "/accounts/me/recipients"
PAGE, WHOLE = 100, 500
NOTED = N_(
    "Every recipient who is listed here can read that you looked, and when. Nothing is asked before you do: of one"
    " recipient with part of the address, of all without."
)
EXPORT = N_("By which channel each type would go is asked of all your recipients, and each of them can read that.")
EXPORT_SOME = N_(
    "By which channel each type would go is asked of your recipients with «{text}» in the address, and each of them"
    " can read that."
)


class Recipients(DeedScreen):
    """Those one ever delivered to."""

    NAME = "recipients"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", N_("Find")),
        Binding("x", "export", N_("Save as CSV")),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._text: str | None = None
        self._is_asked = False
        self._rows = 0

    def contents(self) -> Iterable[Widget]:
        yield Line(self.say(NOTED), lines=True, id="noted")
        with Horizontal(classes="filters"):
            yield Field(self._text or "", hint=self.say(N_("Part of the address, or nothing")), most=320, id="text")
            yield Press(self.say(N_("Look")), id="look")
        yield PagedGrid(
            [("recipient", self.say(N_("Recipient")), 30), ("channels", self.say(N_("How it would reach them")), 40)],
            self._row,
            id="recipients",
        )
        yield Line("", id="tail")

    def _row(self, item: Item) -> tuple[str, list[object]]:
        self._rows += 1  # two may go by one address: it was given to somebody else
        return str(self._rows), [item["recipient"] or NOBODY, self._channels(item["channels"])]

    def _channels(self, channels: Mapping[str, str]) -> str:
        """Such as `mailbox`, or `mailbox; paper: invoice, contract`: the most frequent one without its types."""
        kinds: dict[str, list[str]] = {}
        for kind, channel in channels.items():
            kinds.setdefault(channel, []).append(self.say(TYPES[kind]))
        usual, *others = sorted(kinds, key=lambda channel: -len(kinds[channel]))
        told = [f"{self.say(CHANNELS[channel])}: {', '.join(kinds[channel])}" for channel in others]
        return "; ".join([self.say(CHANNELS[usual]), *told])

    async def fetch(self) -> Any:
        return await self._page(None) if self._is_asked else None

    async def _page(self, after: str | None, limit: int = PAGE) -> Mapping[str, Any]:
        found: Mapping[str, Any] = await self.api.get(PATH, after=after, limit=limit, text=self._text)
        return found

    def show(self, content: Any) -> bool:
        there = content is not None and self.query_one(PagedGrid).begin(content, self._page)
        self.query_one(PagedGrid).display = there
        nobody = self.say(N_("No recipient of yours is like that.")) if content is not None else ""
        self.query_one("#tail", Line).say("" if there else nobody)
        if there:
            self.query_one(PagedGrid).focus()
        elif content is None:
            self.action_search()
        return True

    def action_search(self) -> None:
        self.query_one("#text").focus()

    def reload(self) -> None:
        """What was asked is not asked again by itself: that would be a further look."""
        if not self._is_asked:
            super().reload()

    def action_reload(self) -> None:
        super().reload()

    @on(Input.Submitted, "#text")
    @on(Button.Pressed, "#look")
    def _look(self) -> None:
        self._text = self.query_one("#text", Field).value.strip() or None
        self._is_asked = True
        self.action_reload()

    @work(group="ask")
    async def action_export(self) -> None:
        text = self.query_one("#text", Field).value.strip() or None
        happens = self.say(EXPORT) if text is None else self.say(EXPORT_SOME, text=text)
        asked = Confirm(self.say(N_("Save your recipients as CSV?")), happens, self.say(N_("Ask and save")))
        if not await self.post.push_screen_wait(asked):
            return
        try:
            found = await self._all(text)
        except Refusal as refusal:
            self.post.tell(refusal.message, wrong=True)
            return
        await self.post.hand_over("postex-recipients.csv", f"{recipients.drawn(found)}\n".encode())

    async def _all(self, text: str | None) -> list[Item]:
        found: list[Item] = []
        after: str | None = None
        while True:
            page = await self.api.get(PATH, after=after, limit=WHOLE, text=text)
            found += page["items"]
            if (after := page["next"]) is None:
                return found
