"""Settings with their documentation: what is in force, where it was set, and how it is changed.

Contract. Nothing is changed here: settings are read at the start. The screen says in which file which lines stand for
a setting, and copies them.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import DataTable, Input, Select

from bridge.i18n import N_
from postex_tui.screens.deeds import DeedScreen
from postex_tui.widgets.facts import Facts
from postex_tui.widgets.paged_grid import Item, PagedGrid
from postex_tui.widgets.plain import Choice, Field, Line

ORIGINS = {"file": N_("the file"), "environment": N_("the environment"), "default": N_("the default")}
CHANGED, WAITING = "●", "◔"
KEPT = {"": N_("all settings"), "changed": N_("changed ones"), "waiting": N_("changed at the next start")}
SWITCH = N_("true or false")
FILE = N_("a file, from the data folder on")
LIST = N_("a list")
TEXT = N_("text")


class Settings(DeedScreen):
    """`wanted`: the setting at which one begins."""

    NAME = "settings"
    EMPTY = N_("No setting is like that. Change the search.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", N_("Search")),
        Binding("c", "copy", N_("Copy")),
    ]
    found: Mapping[str, Any] | None = None
    wanted: str | None = None

    def contents(self) -> Iterable[Widget]:
        kept = [(self.say(words), value) for value, words in KEPT.items()]
        yield Horizontal(
            Field(hint=self.say(N_("Name, or a word of its documentation")), most=200, id="text"),
            Choice(kept, "", id="kept"),
            classes="filters",
        )
        yield Line("", id="problem", lines=True)
        columns = (
            ("mark", "", 1),
            ("name", self.say(N_("Setting")), 24),
            ("value", self.say(N_("In force")), 20),
        )
        read = VerticalScroll(
            Line("", id="setting-name", classes="title"),
            Line("", lines=True, id="setting-meaning"),
            Facts(id="setting-facts"),
            Line("", lines=True, id="setting-how"),
            id="setting",
        )
        yield Vertical(PagedGrid(columns, self._row, id="settings"), read, classes="split")

    def _row(self, item: Item) -> tuple[str, list[object]]:
        if item["heading"]:
            return f"[{item['name']}]", ["", item["name"], ""]
        mark = WAITING if item["next"] is not None else CHANGED if item["changed"] else ""
        name = item["name"].rpartition(".")[2]
        return item["name"], [mark, f"  {name}" if item["section"] else name, item["value"]]

    async def fetch(self) -> Any:
        return await self.api.get("/settings")

    def show(self, content: Any) -> bool:
        self.found = content
        problem = self.query_one("#problem", Line)
        problem.set_class(content["problem"] is not None, "wrong")
        if content["problem"]:
            told = self.say(N_("The next start would refuse what stands in file or environment now:"))
            problem.say(f"{told}\n{content['problem']}")
        return self._kept()

    def go_to(self, name: str) -> None:
        """Begin at this setting."""
        self.wanted = name
        self.query_one("#text", Field).value = ""
        self.query_one("#kept", Choice).value = ""
        self._kept()

    def _kept(self) -> bool:
        """Show what the search leaves; whether there is anything."""
        if self.found is None:
            return True
        grid = self.query_one("#settings", PagedGrid)
        items = list(with_headings(filter(self._is_kept, self.found["items"])))
        there = grid.begin_whole(items)
        if self.wanted in grid.items:
            grid.move_cursor(row=grid.get_row_index(self.wanted))
            self.wanted = None
        elif there and grid.here is not None and grid.here["heading"]:
            grid.move_cursor(row=grid.cursor_row + 1)
        self._tell(grid.here)
        return there

    def _is_kept(self, item: Item) -> bool:
        kept = str(self.query_one("#kept", Choice).value)
        if (kept == "changed" and not item["changed"]) or (kept == "waiting" and item["next"] is None):
            return False
        return is_meant(item, self.query_one("#text", Field).value)

    @on(Input.Changed, "#text")
    @on(Select.Changed, "#kept")
    def _filtered(self) -> None:
        if self.found is not None:
            self._settle("ready" if self._kept() else "empty", self.say(self.EMPTY))

    @on(DataTable.RowHighlighted, "#settings")
    def _moved(self) -> None:
        self._tell(self.query_one("#settings", PagedGrid).here)

    def _tell(self, item: Item | None) -> None:
        """The documentation of one setting, or what a table of them is for."""
        self.query_one("#setting").display = item is not None
        if item is None or self.found is None:
            return
        heading = item["heading"]
        self.query_one("#setting-name", Line).say(f"[{item['name']}]" if heading else item["name"])
        self.query_one("#setting-meaning", Line).say(item["about"] if heading else item["meaning"])
        self.query_one("#setting-facts", Facts).tell(() if heading else self._facts(item))
        self.query_one("#setting-how", Line).say("" if heading else self._how(item))

    def _facts(self, item: Item) -> Iterable[tuple[str, object]]:
        yield self.say(N_("In force")), item["value"]
        yield self.say(N_("Set by")), self.say(ORIGINS[item["origin"]])
        yield self.say(N_("Next start")), item["next"]
        yield self.say(N_("Default")), item["default"]
        yield self.say(N_("May be")), self._allowed(item)
        yield self.say(N_("Variable")), item["variable"]

    def _allowed(self, item: Item) -> str:
        match item["kind"]:
            case "choice":
                return ", ".join(item["choices"])
            case "number":
                least, most = (item[side] if item[side] is not None else "…" for side in ("least", "most"))
                span = self.say(N_("a number")) if least == most else f"{least} – {most}"
                return ", ".join([span, *item["choices"]])
            case kind:
                return self.say({"switch": SWITCH, "file": FILE, "list": LIST}.get(kind, TEXT))

    def _how(self, item: Item) -> str:
        assert self.found is not None
        if item["origin"] == "environment":
            words = N_("The environment sets it, which wins over the file. Change {variable} there, then restart.")
            return self.say(words, variable=item["variable"])
        words = N_("To change it, write this with another value into {file}, then restart the bridge:")
        check = self.say(N_("Before the restart: postex settings check"))
        return f"{self.say(words, file=self.found['file'])}\n\n{lines_of(item)}\n\n{check}"

    def action_search(self) -> None:
        self.query_one("#text").focus()

    def action_copy(self) -> None:
        item = self.query_one("#settings", PagedGrid).here
        if item is not None and not item["heading"]:
            self.post.copy_to_clipboard(lines_of(item))
            self.post.tell(self.say(N_("Copied, if your terminal allows it: {name}."), name=item["name"]))


def is_meant(item: Item, text: str) -> bool:
    """Whether all words of `text` stand in its name or documentation."""
    told = f"{item['name']} {item['about']} {item['meaning']} {item['variable']}".lower()
    return all(word in told for word in text.lower().split())


def with_headings(items: Iterable[Item]) -> Iterable[Item]:
    """The table's name before its first setting."""
    section = ""
    for item in items:
        if item["section"] != section:
            section = item["section"]
            yield {"heading": True, "name": section, "about": item["about"]}
        yield {**item, "heading": False}


def lines_of(item: Item) -> str:
    """As they stand in postex.toml."""
    line = f"{item['name'].rpartition('.')[2]} = {item['value']}"
    return f"[{item['section']}]\n{line}" if item["section"] else line
