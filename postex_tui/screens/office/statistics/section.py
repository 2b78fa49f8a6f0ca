"""Counts of the domains in one's reach, never of fewer people than the threshold: plots, tables, files (S27, S63)."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO
from typing import Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Select

from bridge.i18n import N_
from postex_tui.files.cells import cell
from postex_tui.moments import as_text
from postex_tui.screens.dialogs import Ask, Form
from postex_tui.screens.office.statistics.drawn_bars import drawn
from postex_tui.screens.section import SectionScreen
from postex_tui.screens.words.accounts import STATES
from postex_tui.widgets.plain import Choice, Grid, Line
from postex_tui.widgets.plot import BarPlot

Bars = list[tuple[str, int | None]]
FEW = N_("fewer than {least}")
CHANNELS = {
    "mailbox": N_("mailbox"),
    "external": N_("mailbox elsewhere"),
    "email": N_("e-mail"),
    "paper": N_("paper"),
    "refuse": N_("refused"),
}
TYPES = {
    "letter": N_("letter"),
    "invoice": N_("invoice"),
    "reminder": N_("reminder"),
    "payslip": N_("payslip"),
    "contract": N_("contract"),
    "notice": N_("notice"),
    "newsletter": N_("newsletter"),
    "other": N_("other"),
}
OPENINGS = {"opened": N_("opened"), "unopened": N_("not opened"), "untold": N_("not told to senders")}
BY_DAY = N_("Documents per day")
BY_CHANNEL = N_("By channel, {month}")
BY_TYPE = N_("By type, {month}")
BY_OPENING = N_("Opened, {month}")
MEGABYTE = 10**6
EXPLAINED = N_("Whole days, in UTC. Of fewer than {least} people nothing is told.")


class Statistics(SectionScreen):
    """One domain at a time; `t` shows the figures as a table, which a screen reader reads."""

    NAME = "statistics"
    EMPTY = N_("No domain in your reach.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "table", N_("Table or plot")),
        Binding("x", "export", N_("Save")),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._found: Mapping[str, Any] = {"domains": [], "threshold": 5, "days": 30}
        self._domain: str | None = None
        self.add_class("plotted")

    def contents(self) -> Iterable[Widget]:
        with Vertical(classes="slim"):
            yield Horizontal(id="domains", classes="choices")
        yield Line("", id="people", lines=True)
        with Vertical(id="plots"):
            yield BarPlot(id="by-day")
            with Horizontal():
                yield BarPlot(id="by-channel")
                yield BarPlot(id="by-type")
        yield Grid(id="figures")
        yield Line("", id="tail", lines=True)

    async def fetch(self) -> Any:
        return await self.api.get("/statistics")

    def show(self, content: Any) -> bool:
        self._found = content
        names = [each["domain"] for each in content["domains"]]
        if not names:
            return False
        if self._domain not in names:
            self._domain = names[0]
        if len(names) > 1:
            self._offer(names)
        self._draw()
        return True

    @work(group="load-domains", exclusive=True)
    async def _offer(self, names: list[str]) -> None:
        room = self.query_one("#domains")
        with self.prevent(Select.Changed):
            await room.remove_children()
            made = Choice([(name, name) for name in names], self._domain, id="domain")
            made.compact = True
            await room.mount(made)

    @on(Select.Changed, "#domain")
    def _chosen(self, event: Select.Changed) -> None:
        self._domain = str(event.value)
        self._draw()

    # --- what is told ---

    @property
    def _one(self) -> Mapping[str, Any]:
        domain: Mapping[str, Any] = next(each for each in self._found["domains"] if each["domain"] == self._domain)
        return domain

    def _figure(self, count: int | None) -> str:
        return self.say(FEW, least=self._found["threshold"]) if count is None else str(count)

    def groups(self) -> list[tuple[str, Bars]]:
        """Title and figures of each table."""
        one = self._one
        month = one["month"]
        named = {"month": as_text(month["since"])[:7]}
        days: Bars = [(as_text(day["at"])[5:10], day["documents"]) for day in one["by_day"]]
        return [
            (self.say(BY_DAY), days),
            (self.say(BY_CHANNEL, **named), self._named(month["by_channel"], CHANNELS)),
            (self.say(BY_TYPE, **named), self._named(month["by_type"], TYPES)),
            (self.say(BY_OPENING, **named), self._named(month["by_opening"], OPENINGS)),
            (self.say(N_("Accounts by state")), self._named(one["by_state"], STATES)),
            (self.say(N_("Mail programs")), list(one["clients"].items())),
        ]

    def _named(self, counts: Mapping[str, int | None], words: Mapping[str, str]) -> Bars:
        return [(self.say(words.get(name, name)), count) for name, count in counts.items()]

    def _people(self) -> Iterator[tuple[str, int | None]]:
        one, days = self._one, self._found["days"]
        yield self.say(N_("Accounts")), one["accounts"]
        yield self.say(N_("With a device used in {days} days"), days=days), one["connected"]
        yield self.say(N_("Documents in {days} days"), days=days), one["documents"]
        stored = one["stored_bytes"]
        yield self.say(N_("MB kept, at most")), None if stored is None else stored // MEGABYTE

    def _draw(self) -> None:
        people = [f"{label}: {self._figure(count)}" for label, count in self._people()]
        self.query_one("#people", Line).say(" · ".join([self._one["domain"], *people]))
        groups = self.groups()
        for name, (title, bars) in zip(("by-day", "by-channel", "by-type"), groups, strict=False):
            told = any(count is not None for _, count in bars)
            heading = title if told else f"{title}: {self._figure(None)}"
            plot = self.query_one(f"#{name}", BarPlot)
            plot.tell(heading, bars)
            plot.set_class(not told, "untold")
        self._fill(groups)
        self.query_one("#tail", Line).say(self.say(EXPLAINED, least=self._found["threshold"]))

    def _fill(self, groups: list[tuple[str, Bars]]) -> None:
        grid = self.query_one(Grid)
        grid.columns_are(
            [
                ("table", self.say(N_("Table")), 30),
                ("what", self.say(N_("Of what")), 30),
                ("count", self.say(N_("Count")), 16),
            ]
        )
        rows = [(self.say(N_("All")), label, count) for label, count in self._people()]
        rows += [(title, label, count) for title, bars in groups for label, count in bars]
        for number, (title, label, count) in enumerate(rows):
            grid.put(str(number), [title, label, self._figure(count)])

    # --- what the person does ---

    def action_table(self) -> None:
        self.toggle_class("plotted")
        if not self.has_class("plotted"):
            self.query_one(Grid).focus()

    @work(group="ask")
    async def action_export(self) -> None:
        if not self._found["domains"]:
            return
        forms = [(self.say(N_("CSV, for a spreadsheet")), "csv"), (self.say(N_("SVG, a picture")), "svg")]
        asks = [Ask("form", self.say(N_("Form")), "csv", options=forms)]
        title, verb = self.say(N_("Save the figures")), self.say(N_("Save"))
        how = await self.post.push_screen_wait(Form(title, asks, verb))
        if how is not None:
            content = self._svg() if how["form"] == "svg" else self._csv()
            await self.post.hand_over(f"postex-statistics.{how['form']}", content)

    def _svg(self) -> bytes:
        return drawn(self._one["domain"], self.groups(), self._figure(None))

    def _csv(self) -> bytes:
        """Of all domains; an empty count is one of too few people."""
        written = StringIO()
        rows = csv.writer(written)
        rows.writerow(("domain", "table", "name", "count"))
        for domain in self._found["domains"]:
            for table, name, count in _rows(domain):
                rows.writerow(map(cell, (domain["domain"], table, name, count)))
        return written.getvalue().encode()


def _rows(domain: Mapping[str, Any]) -> Iterator[tuple[str, str, int | None]]:
    """Names of tables are those of the API, for whoever reads it by a program."""
    for name in ("accounts", "connected", "documents", "stored_bytes"):
        yield "all", name, domain[name]
    for day in domain["by_day"]:
        yield "by_day", as_text(day["at"])[:10], day["documents"]
    month = domain["month"]
    tables = {name: month[name] for name in ("by_channel", "by_type", "by_opening")}
    for table, counts in {**tables, "by_state": domain["by_state"], "clients": domain["clients"]}.items():
        yield from ((table, name, count) for name, count in counts.items())
