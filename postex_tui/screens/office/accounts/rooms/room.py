"""Rooms of an account: one kind of thing each, asked of the API when one enters, for a look there is noted (D7).

Contract. A room belongs to an `AccountDetail`; it is there for whoever has `ACTION` over the account. `KEYS` gives
for a letter the right that its act needs. What is destroyed, ended or undone is confirmed first.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.widget import Widget

from bridge.i18n import N_
from postex_tui.language import Say
from postex_tui.widgets.paged_grid import Item, PagedGrid
from postex_tui.widgets.plain import Line, Pane

if TYPE_CHECKING:
    from postex_tui.screens.office.accounts.detail import AccountDetail

NONE = N_("None.")


class Room(Pane):
    """`NAME`: the id of its tab."""

    NAME: ClassVar[str]
    TITLE: ClassVar[str]
    ACTION: ClassVar[str]
    SENDERS_ALONE: ClassVar[bool] = False
    KEYS: ClassVar[Mapping[str, str]] = {}

    def __init__(self, say: Say) -> None:
        super().__init__(say(self.TITLE), id=self.NAME)

    @property
    def detail(self) -> "AccountDetail":
        return cast("AccountDetail", self.screen)

    def say(self, message: str, **values: object) -> str:
        return self.detail.post.say(message, **values)

    async def furnish(self) -> None:
        """Its widgets are made when somebody first comes in."""
        if not self.children:
            await self.mount_all(self.contents())

    def contents(self) -> Iterable[Widget]:
        """Its widgets."""
        raise NotImplementedError

    async def fetch(self) -> Any:
        """What is asked of the API."""
        raise NotImplementedError

    def show(self, content: Any) -> None:
        """Put it on the widgets."""
        raise NotImplementedError

    def can(self, key: str) -> bool:
        """Whether that act, one of `KEYS`, has something to be done on."""
        return True

    def pressed(self, key: str) -> None:
        """One of `KEYS`."""


class Listing(Room):
    """One list. `PLACE`: below the account's path; `WITHIN`: what of the answer it is, where that has more."""

    PLACE: ClassVar[str]
    WITHIN: ClassVar[str | None] = None
    COLUMNS: ClassVar[tuple[tuple[str, str, int], ...]]
    """Key, heading, width."""
    EMPTY: ClassVar[str] = NONE

    def contents(self) -> Iterable[Widget]:
        yield Line(self.say(self.EMPTY), classes="none", lines=True)
        yield PagedGrid([(key, self.say(title), width) for key, title, width in self.COLUMNS], self._told)

    async def fetch(self) -> Any:
        return await self._page(None)

    async def _page(self, after: str | None) -> Mapping[str, Any]:
        """Lists that the API gives whole are a page alone."""
        found = await self.detail.api.get(f"{self.detail.path}/{self.PLACE}", after=after)
        items = found if isinstance(found, list) else found[self.WITHIN or "items"]
        return {"items": items, "next": None if isinstance(found, list) else found.get("next")}

    def _told(self, item: Item) -> tuple[str, list[object]]:
        """What the API does not give, or not to this reader, stays empty."""
        key, cells = self.row(item)
        return key, ["" if cell is None else cell for cell in cells]

    def row(self, item: Item) -> tuple[str, list[object]]:
        """Its key, and a cell for each column."""
        raise NotImplementedError

    def show(self, content: Any) -> None:
        self.set_class(not self.query_one(PagedGrid).begin(content, self._page), "bare")

    def can(self, key: str) -> bool:
        """`n` and `e` are of the list, other keys of the line that one is on."""
        return key in "ne" or (self.here is not None and self.fits(self.here))

    def fits(self, item: Item) -> bool:
        """Whether the act on a line can be done on this one."""
        return True

    @property
    def here(self) -> Item | None:
        """What the cursor is on."""
        grids = self.query(PagedGrid)
        return grids.first().here if grids else None
