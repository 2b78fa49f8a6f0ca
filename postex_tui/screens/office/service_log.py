"""The log of the running bridge, with what its lines mean (docs/logs.md): ids and counts, nothing of a document."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import DataTable

from bridge.i18n import N_
from postex_tui.language import Say
from postex_tui.screens.dialogs import Ask, Form
from postex_tui.screens.followed import PAGE, Followed
from postex_tui.screens.section import DetailScreen
from postex_tui.widgets.facts import Facts
from postex_tui.widgets.log_grid import LogGrid
from postex_tui.widgets.paged_grid import Item
from postex_tui.widgets.plain import Line

LEVELS = {
    "debug": N_("detail"),
    "info": N_("normal"),
    "warning": N_("warning"),
    "error": N_("fault"),
    "critical": N_("grave"),
}
LEAST = N_("{level} and graver")
ALL = N_("The last lines of the running bridge, newest first.")
NO_WORDS = N_("The manual has no words for this event.")


class ServiceLog(Followed):
    """Asked again every few seconds while it is followed: the bridge does not announce its lines."""

    NAME = "service-log"
    NUMBER = "number"
    EMPTY = N_("No line is like that. Change what you look for: /")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("slash", "search", N_("Find"))]

    def __init__(self) -> None:
        super().__init__()
        self.wanted: Mapping[str, str] = {"level": "", "event": ""}

    def contents(self) -> Iterable[Widget]:
        yield Line(self._words(), id="filter")
        yield LogGrid(
            [
                ("at", self.say(N_("Time, UTC")), 11),
                ("level", self.say(N_("Level")), 12),
                ("event", self.say(N_("Event")), 24),
                ("meaning", self.say(N_("Meaning")), 40),
            ],
            self._row,
            id="lines",
        )
        yield Line("", id="tail")

    def _row(self, item: Item) -> tuple[str, list[object]]:
        level = self.say(LEVELS.get(str(item["level"]), str(item["level"])))
        cells = [_moment(item)[5:16], level, item["event"], _plain(item["meaning"])]
        return str(item["number"]), cells

    async def page(self, after: str | None) -> Mapping[str, Any]:
        asked = {name: value or None for name, value in self.wanted.items()}
        found: Mapping[str, Any] = await self.api.get("/service-log", after=after, limit=PAGE, **asked)
        return found

    def narrow(self, wanted: Mapping[str, str]) -> None:
        """Show lines of this `level` at least, and of this `event`."""
        self.wanted = {"level": "", "event": "", **wanted}
        if self.is_mounted:
            self.query_one("#filter", Line).say(self._words())
            self.reload()

    def _words(self) -> str:
        level, event = self.wanted["level"], self.wanted["event"]
        told = [self.say(LEAST, level=self.say(LEVELS[level]))] if level else []
        return " · ".join([*told, event] if event else told) or self.say(ALL)

    @work(group="ask")
    async def action_search(self) -> None:
        levels = [(self.say(LEAST, level=self.say(words)), level) for level, words in LEVELS.items()]
        asks = [
            Ask(
                "level",
                self.say(N_("Level")),
                self.wanted["level"],
                options=[(self.say(N_("all levels")), ""), *levels],
            ),
            Ask("event", self.say(N_("Event, or how its name begins")), self.wanted["event"], "smtp"),
        ]
        wanted = await self.post.push_screen_wait(Form(self.say(N_("Find lines")), asks, self.say(N_("Find"))))
        if wanted is not None:
            self.narrow(wanted)

    @on(DataTable.RowSelected)
    def _opened(self, event: DataTable.RowSelected) -> None:
        if event.row_key.value is not None:
            self.post.open(ServiceLine(event.row_key.value))


class ServiceLine(DetailScreen):
    """`subject`: its number."""

    NAME = "service-log"

    def contents(self) -> Iterable[Widget]:
        with VerticalScroll():
            yield Line("", id="what", classes="title")
            yield Line("", lines=True, id="meaning")
            yield Facts()

    async def fetch(self) -> Any:
        return await self.api.get(f"/service-log/{self.subject}")

    def show(self, content: Any) -> bool:
        self.query_one("#what", Line).say(content["event"])
        self.query_one("#meaning", Line).say(_plain(content["meaning"]) or self.say(NO_WORDS))
        self.query_one(Facts).tell(_facts(self.say, content))
        return True


def _facts(say: Say, line: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    yield say(N_("Time, UTC")), _moment(line)
    yield say(N_("Level")), say(LEVELS.get(line["level"], line["level"]))
    yield say(N_("Written by")), line["logger"]
    for name, value in line["fields"].items():
        yield name, "\n".join(map(str, value)) if isinstance(value, list) else value


def _moment(line: Mapping[str, Any]) -> str:
    """Day and time of day, to the second."""
    return str(line["timestamp"])[:19].replace("T", " ")


def _plain(meaning: str | None) -> str:
    """The manual marks names by backticks."""
    return (meaning or "").replace("`", "")
