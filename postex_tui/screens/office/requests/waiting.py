"""Rooms of what waits for people: a list of one kind of request, what is known of one, and what can be done to it.

Contract. A room is there for whoever has `ACTION` beyond oneself. `KEYS` gives for a letter the right that its act
needs and its words; `can` says whether the request under the cursor is one for it.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import DataTable

from postex_tui.language import Say
from postex_tui.screens.dialogs import Ask, Form, Submit
from postex_tui.widgets.facts import Facts
from postex_tui.widgets.paged_grid import Item, PagedGrid
from postex_tui.widgets.plain import Line, Pane

if TYPE_CHECKING:
    from postex_tui.screens.office.requests.section import Requests

NEW, CHANGE, END, OPEN, UNDO = "n", "e", "d", "o", "u"
Keys = Mapping[str, tuple[str, str]]


class Waiting(Pane):
    """`NAME`: the id of its tab. `PLACE`: where the API lists them."""

    NAME: ClassVar[str]
    TITLE: ClassVar[str]
    ACTION: ClassVar[str]
    PLACE: ClassVar[str]
    EMPTY: ClassVar[str]
    COLUMNS: ClassVar[tuple[tuple[str, str, int], ...]]
    KEYS: ClassVar[Keys] = {}

    def __init__(self, say: Say) -> None:
        super().__init__(say(self.TITLE), id=self.NAME)

    @property
    def desk(self) -> "Requests":
        return cast("Requests", self.screen)

    def say(self, message: str, **values: object) -> str:
        return self.desk.post.say(message, **values)

    def compose(self) -> ComposeResult:
        columns = [(key, self.say(title), width) for key, title, width in self.COLUMNS]
        yield Vertical(
            Line(self.say(self.EMPTY), lines=True, classes="none"),
            PagedGrid(columns, self.row),
            VerticalScroll(Facts()),
            classes="stack",
        )

    async def fetch(self, after: str | None = None) -> Mapping[str, Any]:
        """A page. Lists that the API gives whole are a page alone."""
        found = await self.desk.api.get(self.PLACE, after=after, **self.filters())
        return {"items": found, "next": None} if isinstance(found, list) else found

    def filters(self) -> dict[str, str]:
        """What else is asked of the list."""
        return {}

    def row(self, item: Item) -> tuple[str, list[object]]:
        """Its key, and a cell for each column."""
        raise NotImplementedError

    def facts(self, item: Item) -> Iterable[tuple[str, object]]:
        """All that is known of it."""
        raise NotImplementedError

    def can(self, key: str, item: Item | None) -> bool:
        """Whether the act of `key` is one for this request, or for none."""
        return key == NEW or item is not None

    def pressed(self, key: str, item: Item | None) -> None:
        """One of `KEYS`, where it can be."""

    def show(self, page: Mapping[str, Any]) -> None:
        there = self.grid.begin(page, self.fetch)
        self.query_one(Vertical).set_class(not there, "bare")
        self.moved()

    @property
    def grid(self) -> PagedGrid:
        return self.query_one(PagedGrid)

    @on(DataTable.RowHighlighted)
    def moved(self) -> None:
        item = self.grid.here
        if item is not None:
            self.tell(item)
        self.desk.refresh_bindings()

    def tell(self, item: Item) -> None:
        self.query_one(Facts).tell(self.facts(item))

    def form(self, title: str, asks: list[Ask], verb: str, explained: str, submit: Submit) -> Form:
        """In the reader's language."""
        return Form(self.say(title), asks, self.say(verb), explained, submit)

    @property
    def me(self) -> str:
        """Who asks: nobody agrees to what they asked for."""
        return self.desk.post.session.account if self.desk.post.session else ""
