"""A list of documents tried in advance: how each would go, before anything is sent (D4)."""

import asyncio
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import DataTable

from bridge.i18n import N_
from postex_tui.answers import Refusal
from postex_tui.files import batch
from postex_tui.screens.dialogs import Ask, Form
from postex_tui.screens.section import DetailScreen
from postex_tui.screens.words.choices import CHANNELS, TYPES
from postex_tui.screens.words.deliveries import BRIEF
from postex_tui.widgets.paged_grid import Item, PagedGrid
from postex_tui.widgets.plain import Line

PAGE = 200
EXPLAINED = N_(
    "Nothing is sent. The file is CSV with a line of headings: recipient, and if you like sender, type, sensitivity;"
    " or the manifest of a batch. Every recipient who is found can read that you looked."
)
HOW = N_("Press t and name a file: you see how each of its documents would go, and which lines have an error.")
NO_FILES = N_(
    "Here no files are read. The app reads them in a terminal on the machine of the bridge; ask your admin to try the"
    " list there if you cannot."
)
ASKED = N_("Asked: {done} of {count} lines.")
ALL_GOOD = N_("Every line can be routed.")


class DryRun(DetailScreen):
    """Lines with an error come first. Its subject is the file, once there is one."""

    NAME = "batches"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "choose", N_("Try a list")),
        Binding("b", "bad", N_("Errors alone")),
        Binding("x", "export", N_("Save as CSV")),
    ]

    def __init__(self, subject: str) -> None:
        super().__init__(subject)
        self.done = batch.nothing_yet()
        self._bad_alone = False

    def contents(self) -> Iterable[Widget]:
        yield Line(self.subject or self.say(HOW), lines=True, id="paused-means")
        yield Line("", id="standing", lines=True)
        yield PagedGrid(
            [
                ("line", self.say(N_("In line")), 7),
                ("recipient", self.say(N_("Recipient")), 30),
                ("type", self.say(N_("Type")), 20),
                ("channel", self.say(N_("Channel")), 9),
                ("problem", self.say(N_("Error")), 34),
            ],
            self._row,
            id="routed",
        )
        yield Line("", id="problem-here", lines=True)

    def _row(self, item: Item) -> tuple[str, list[object]]:
        line = str(item["line"])
        if "problem" in item:
            return f"bad {line}", [line, "", "", "", item["problem"]]
        return line, [line, item["recipient"], self.say(TYPES[item["type"]]), self.say(BRIEF[item["channel"]]), ""]

    def on_mount(self) -> None:
        super().on_mount()
        self.action_choose()

    # --- what is seen ---

    async def fetch(self) -> Any:
        return await self._page(None)

    async def _page(self, after: str | None) -> Mapping[str, Any]:
        """Of what is there already; the cursor is a count."""
        lines = [*self.done["bad"], *(() if self._bad_alone else self.done["rows"])]
        start = int(after or 0)
        end = start + PAGE
        return {"items": lines[start:end], "next": str(end) if end < len(lines) else None}

    def show(self, content: Any) -> bool:
        self.query_one("#paused-means", Line).say(self.subject or self.say(HOW))
        self.query_one("#standing", Line).say(self._totals())
        self.query_one("#standing").set_class(bool(self.done["bad"]), "wrong")
        self.query_one(PagedGrid).begin(content, self._page)
        self.refresh_bindings()
        return True

    def _totals(self) -> str:
        if not self.subject:
            return ""
        told = [f"{count} {self.say(CHANNELS[channel])}" for channel, count in sorted(self.done["channels"].items())]
        bad = len(self.done["bad"])
        last = self.say(N_("lines with an error: {count}"), count=bad) if bad else self.say(ALL_GOOD)
        return " · ".join([*told, last])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "bad":
            return bool(self.done["bad"])
        return bool(self.done["rows"]) if action == "export" else True

    @on(DataTable.RowHighlighted)
    def _moved(self) -> None:
        """The error of the line one is on, whole."""
        here = self.query_one(PagedGrid).here
        told = "" if here is None or "problem" not in here else f"{here['line']}: {here['problem']}"
        self.query_one("#problem-here", Line).say(told)

    # --- what is done ---

    @work(group="ask")
    async def action_choose(self) -> None:
        if self.post.is_web or self.post.confined:
            self.post.tell(self.say(NO_FILES), wrong=True)
            return
        asks = [Ask("file", self.say(N_("File")), self.subject, str(Path.home() / "batch.csv"))]
        title, verb = self.say(N_("Try a list")), self.say(N_("Try"))
        given = await self.post.push_screen_wait(Form(title, asks, verb, self.say(EXPLAINED), self._tried))
        if given is not None:
            self.subject, self.done = given
            self._bad_alone = False
            self.reload()

    async def _tried(self, values: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
        """The whole file, a part at a time; the form tells what cannot be read, and its line."""
        if not values["file"]:
            raise Refusal("no-file", self.say(N_("Name a file.")))
        file = Path(values["file"])
        rows = await asyncio.to_thread(batch.rows, file, self.say)
        done = batch.nothing_yet()
        for asked, part in enumerate(batch.parts(rows)):
            batch.add(done, await self.api.post("/dry-run", {"rows": part}))
            if asked:
                self.query_one("#standing", Line).say(self.say(ASKED, done=len(done["rows"]), count=len(rows)))
        return str(file), done

    def action_bad(self) -> None:
        self._bad_alone = not self._bad_alone
        self.reload()

    @work(group="ask")
    async def action_export(self) -> None:
        content = await asyncio.to_thread(partial(batch.as_csv, self.done["rows"]))
        await self.post.hand_over("postex-dry-run.csv", content.encode())
