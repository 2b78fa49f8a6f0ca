"""The outbox: what waits to be handed off, what was given up, and what nobody knows of. Dead letters first."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import DataTable

from bridge.i18n import N_
from postex_tui.screens.dialogs import Ask
from postex_tui.screens.filtered import PAGE, Filtered
from postex_tui.screens.office.deliveries import jobs
from postex_tui.screens.office.deliveries.detail import DeliveryDetail
from postex_tui.screens.office.deliveries.paused import PausedAddresses
from postex_tui.screens.words.deliveries import (
    BRIEF,
    JOB_STATES,
    JOB_STATES_MEAN,
    KINDS,
    NOBODY,
    brief,
    due_words,
    problem_words,
    whose,
)
from postex_tui.screens.words.times import moment
from postex_tui.widgets.facts import Facts
from postex_tui.widgets.paged_grid import Item, PagedGrid
from postex_tui.widgets.plain import Line


class Outbox(Filtered):
    """`JOB_STATES` in the order in which they are shown."""

    NAME = "outbox"
    LISTENS = frozenset({"outbox"})
    EMPTY = N_("Nothing waits in the outbox.")
    ALL = N_("All, dead letters first.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "act('retry')", N_("Try again")),
        Binding("A", "retry_all", N_("All of a kind")),
        Binding("s", "act('settle')", N_("Settle")),
        Binding("d", "act('cancel')", N_("Cancel it")),
        Binding("p", "paused", N_("Paused")),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[tuple[str, str], int] = {}
        self._is_paused = False

    # --- what is seen ---

    def contents(self) -> Iterable[Widget]:
        yield Line("", id="filter")
        yield Line("", id="standing")
        columns = [
            ("state", self.say(N_("State")), 9),
            ("kind", self.say(N_("Channel")), 9),
            ("who", self.say(N_("Recipient")), 22),
            ("due", self.say(N_("When, UTC")), 12),
            ("problem", self.say(N_("Last error")), 30),
        ]
        read = VerticalScroll(Facts(id="job-facts"), Line("", id="job-means", lines=True), id="job")
        yield Vertical(PagedGrid(columns, self._row, id="jobs"), read, classes="stack")
        yield Line("", id="tail")

    def _row(self, item: Item) -> tuple[str, list[object]]:
        at = brief(item["since"] if item["due_at"] is None else item["due_at"])
        problem = problem_words(item["problem"], self.say)
        state, kind = self.say(JOB_STATES[item["state"]]), self.say(BRIEF[item["kind"]])
        return str(item["id"]), [state, kind, whose(item), at, problem]

    async def fetch(self) -> Any:
        page, counts, paused = await asyncio.gather(
            super().fetch(), self.api.get("/outbox/counts"), self.api.get("/outbox/paused-addresses", limit=1)
        )
        self._counts = {(each["kind"], each["state"]): each["count"] for each in counts}
        self._is_paused = bool(paused["items"])
        return page

    async def page(self, after: str | None, asked: Mapping[str, Any], limit: int = PAGE) -> Mapping[str, Any]:
        """State after state, a page from as many as it takes. Cursors name the state that they are of."""
        states = [asked["state"]] if "state" in asked else list(JOB_STATES)
        state, _, cursor = (after or f"{states[0]}:").partition(":")
        items: list[Item] = []
        for each in states[states.index(state) :]:
            query = {**asked, "state": each}
            found = await self.api.get("/outbox", after=cursor or None, limit=limit - len(items), **query)
            items, cursor = [*items, *found["items"]], ""
            if found["next"] is not None:
                return {"items": items, "next": f"{each}:{found['next']}"}
            if len(items) >= limit and each != states[-1]:
                return {"items": items, "next": f"{states[states.index(each) + 1]}:"}
        return {"items": items, "next": None}

    def show(self, content: Any) -> bool:
        there = super().show(content)
        standing = self.query_one("#standing", Line)
        standing.say(self._standing())
        standing.set_class(any(state != "waiting" for _, state in self._counts), "wrong")
        self._moved()
        return there

    def _standing(self) -> str:
        told = []
        for state, words in JOB_STATES.items():
            kinds = [f"{count} {self.say(BRIEF[kind])}" for (kind, of), count in self._counts.items() if of == state]
            told += [f"{self.say(words)}: {', '.join(kinds)}"] if kinds else []
        return " · ".join([*told, self.say(N_("Paused notice addresses: p"))] if self._is_paused else told)

    @on(DataTable.RowHighlighted, "#jobs")
    def _moved(self) -> None:
        job = self.grid.here
        self.query_one("#job").display = job is not None
        if job is not None:
            self.query_one("#job-facts", Facts).tell(self._facts(job))
            self.query_one("#job-means", Line).say(self.say(JOB_STATES_MEAN[job["state"]]))
        self.refresh_bindings()

    def _facts(self, job: Item) -> Iterable[tuple[str, object]]:
        yield self.say(N_("Job")), f"{job['id']}, {self.say(KINDS[job['kind']])}, {whose(job)}"
        tried = self.say(N_("attempts: {count}"), count=job["attempts"])
        yield self.say(N_("State")), f"{self.say(JOB_STATES[job['state']])}, {due_words(job, self.say)}, {tried}"
        problem = problem_words(job["problem"], self.say)
        yield self.say(N_("Last error")), f"{problem} ({job['problem']})" if problem else self.say(N_("none"))
        yield self.say(N_("In the outbox since")), moment(job["created_at"])
        yield self.say(N_("Delivery")), job["delivery"] or NOBODY

    def asks(self) -> list[Ask]:
        given = self.wanted.get
        return [
            Ask("state", self.say(N_("State")), given("state", ""), options=self.options(JOB_STATES)),
            Ask("kind", self.say(N_("Channel")), given("kind", ""), options=self.options(KINDS)),
        ]

    # --- what is done ---

    @on(DataTable.RowSelected, "#jobs")
    def _opened(self) -> None:
        job = self.grid.here
        if job is not None and job["delivery"] is not None and self.may("delivery.list"):
            self.post.open(DeliveryDetail(job["delivery"]))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "retry_all":
            return bool(self._dead()) and self.may("outbox.change")
        if action == "paused":
            return self._is_paused
        if action != "act":
            return super().check_action(action, parameters)
        job = self.grid.here if self.has_class("ready") else None
        return job is not None and self.may("outbox.change") and job["state"] in _FITS[str(parameters[0])]

    def action_act(self, name: str) -> None:
        if (job := self.grid.here) is not None:
            {"retry": jobs.retry, "settle": jobs.settle, "cancel": jobs.cancel}[name](self, job)

    def _dead(self) -> dict[str, int]:
        return {kind: count for (kind, state), count in self._counts.items() if state == "dead"}

    def action_retry_all(self) -> None:
        """Of the kind of the row one is on, or of the one kind that there is."""
        dead, here = self._dead(), self.grid.here
        kind = here["kind"] if here is not None and here["kind"] in dead else next(iter(dead), None)
        if kind is not None:
            jobs.retry_all(self, kind, dead[kind])

    def action_paused(self) -> None:
        self.post.open(PausedAddresses(""))


_FITS = {"retry": {"waiting", "dead"}, "settle": {"uncertain"}, "cancel": {"waiting", "dead", "uncertain"}}
