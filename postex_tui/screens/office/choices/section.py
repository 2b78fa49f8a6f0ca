"""Preferences of a domain: recipients side by side, by sender and type; what the domain chooses where they did not.

Contract. Recipients' choices are their own: they are shown and explained here, and each look is theirs to read. What
is changed here is the domain's, for who may (`domain-preference.change`), after a preview that counts.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import DataTable, Input, Select

from bridge.i18n import N_
from postex_tui.screens.office.choices.domain import DomainChoices
from postex_tui.screens.office.choices.marks import MARKS, legend, mark_words
from postex_tui.screens.section import SectionScreen
from postex_tui.screens.steps import Steps
from postex_tui.screens.words.accounts import who
from postex_tui.screens.words.choices import CHANNELS, TYPES
from postex_tui.widgets.paged_grid import Item, PagedGrid
from postex_tui.widgets.plain import Choice, Field, Line

PAUSE = 0.2
"""Seconds without typing before a search is asked."""
PAGE, MOST_DOMAINS, FIRST_SENDERS = 100, 500, 3
ANY, EVERY = "any", "every"


class Choices(SectionScreen):
    """The matrix; the domain's own choices are one key away."""

    NAME = "choices"
    EMPTY = N_("No recipient is like that. Change the search.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", N_("Search")),
        Binding("w", "why", N_("Why")),
        Binding("e", "domain", N_("The domain's choices")),
    ]
    _typing: Timer | None = None

    def __init__(self) -> None:
        super().__init__()
        self._domains: list[str] = []
        self._domain, self._senders, self._type, self._text = "", "", "", ""
        self._columns: list[Mapping[str, Any]] = []

    # --- what is seen ---

    def contents(self) -> Iterable[Widget]:
        types = [(self.say(word), kind) for kind, word in TYPES.items()]
        types = [(self.say(N_("as the sender says")), ""), (self.say(N_("every type")), EVERY), *types]
        with Vertical(classes="slim"):
            with Horizontal(classes="choices"):
                yield Field(self._text, hint=self.say(N_("Recipient: address or name")), most=320, id="text")
                yield Field(self._senders, hint=self.say(N_("Senders: addresses")), most=2000, id="senders")
            with Horizontal(classes="choices", id="which"):
                yield Choice(self._domain_options(), self._domain or None, id="domain")
                yield Choice(types, self._type or types[0][1], id="type")
        grid = PagedGrid([], self._row, id="matrix")
        grid.cursor_type = "cell"
        yield grid
        yield Line("", id="matrix-here")
        yield Line(legend(self.say), id="matrix-legend", lines=True)

    def _domain_options(self) -> list[tuple[str, str]]:
        return [(name, name) for name in self._domains] or [("…", "")]

    def _row(self, item: Item) -> tuple[str, list[object]]:
        cells = [f"{MARKS.get(each['source'], '!')} {self.say(CHANNELS[each['channel']])}" for each in item["cells"]]
        return item["id"], [item["email"] or item["id"], *cells]

    def _headings(self) -> list[tuple[str, object, int]]:
        named = [("who", self.say(N_("Recipient")), 26)]
        for number, column in enumerate(self._columns):
            several = len({each["type"] for each in self._columns}) > 1
            sender = column["sender"] or self.say(N_("Any"))
            named.append((f"c{number}", self.say(TYPES[column["type"]]) if several else sender, 20))
        return [*named]

    # --- what is asked ---

    async def fetch(self) -> Any:
        if not self._domains:
            await self._begin()
        return await self._page(None)

    async def _begin(self) -> None:
        """The domains, and the senders that one sees first."""
        found = await self.api.get("/domains", limit=MOST_DOMAINS)
        self._domains = [each["name"] for each in found["items"]]
        self._domain = self._domains[0] if self._domains else ""
        known = await self.api.get("/accounts", role="sender", limit=FIRST_SENDERS)
        self._senders = " ".join(each["email"] for each in known["items"] if each["view"] == "full")
        with self.prevent(Select.Changed, Input.Changed):
            self.query_one("#senders", Field).value = self._senders
            old = self.query_one("#domain", Choice)
            await old.remove()
            made = Choice(self._domain_options(), self._domain or None, id="domain")
            await self.query_one("#which").mount(made, before="#type")

    async def _page(self, after: str | None) -> Mapping[str, Any]:
        self._text = self.query_one("#text", Field).value.strip()
        self._senders = self.query_one("#senders", Field).value
        self._type = str(self.query_one("#type", Choice).value)
        senders = self._senders.replace(",", " ").split()
        types = list(TYPES) if self._type == EVERY else [self._type] if self._type else []
        found: Mapping[str, Any] = await self.api.get(
            f"{self.path}/matrix",
            sender=senders[:1] if self._type == EVERY else [ANY, *senders],
            type=types,
            text=self._text or None,
            after=after,
            limit=PAGE,
        )
        return found

    @property
    def path(self) -> str:
        return f"/domains/{quote(self._domain, safe='')}"

    def show(self, content: Any) -> bool:
        grid = self.query_one("#matrix", PagedGrid)
        if content["columns"] != self._columns:
            self._columns = content["columns"]
            grid.columns_are(self._headings())
        if self.has_class("loading"):
            self.call_after_refresh(grid.focus)
        shown = grid.begin(content, self._page)
        self._tell()
        return shown

    @property
    def _cell(self) -> tuple[Item, int] | None:
        """Recipient and column that the cursor is on; of a name the first column."""
        grid = self.query_one("#matrix", PagedGrid)
        row = grid.here
        return None if row is None or not self._columns else (row, max(grid.cursor_column - 1, 0))

    @on(DataTable.CellHighlighted, "#matrix")
    def _tell(self) -> None:
        """The cell that one is on, in words."""
        if self._cell is None:
            return
        row, number = self._cell
        column, cell = self._columns[number], row["cells"][number]
        words = self.say(
            N_("{who} · {sender}, {type}: {channel} ({source})"),
            who=who(row),
            sender=column["sender"] or self.say(N_("any sender")),
            type=self.say(TYPES[column["type"]]),
            channel=self.say(CHANNELS[cell["channel"]]),
            source=mark_words(cell["source"], self.say),
        )
        self.query_one("#matrix-here", Line).say(words)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.has_class("ready") if action == "why" else True

    # --- what the person does ---

    @on(Input.Changed)
    def _typed(self) -> None:
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(PAUSE, self.reload)

    @on(Input.Submitted)
    def _to_list(self) -> None:
        self.query_one("#matrix").focus()

    @on(Select.Changed)
    def _filtered(self) -> None:
        domain = self.query_one("#domain", Choice).value
        if self._domains and isinstance(domain, str):
            self._domain = domain
            self.reload()

    def action_search(self) -> None:
        self.query_one("#text").focus()

    def action_domain(self) -> None:
        if self._domain:
            self.post.open(DomainChoices(self._domain))

    @on(DataTable.CellSelected, "#matrix")
    def action_why(self) -> None:
        if self._cell is not None:
            row, number = self._cell
            column, path = self._columns[number], f"/accounts/{quote(row['id'], safe='')}/preferences/why"
            asked = {"sender": column["address"] or ANY, "type": column["type"]}
            self.act(lambda: self.api.get(path, **asked), lambda why: self._explain(row, why))

    def _explain(self, row: Item, why: Mapping[str, Any]) -> None:
        title = self.say(N_("Why does it come so to {who}?"), who=who(row))
        self.post.push_screen(Steps(title, why["steps"]))
