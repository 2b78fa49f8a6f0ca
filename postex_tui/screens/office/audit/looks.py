"""Who looked at somebody's data and mailbox (D7): for those who may search the log by account."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from textual import on
from textual.widget import Widget
from textual.widgets import DataTable

from bridge.i18n import N_
from postex_tui.moments import as_text
from postex_tui.screens.dialogs import Ask, Form
from postex_tui.screens.office.audit.event import EventDetail
from postex_tui.screens.office.audit.words import kind, party
from postex_tui.screens.section import DetailScreen
from postex_tui.widgets.log_grid import LogGrid
from postex_tui.widgets.paged_grid import Item
from postex_tui.widgets.plain import Line

if TYPE_CHECKING:
    from postex_tui.screens.office.audit.section import Audit

LOOKS = "looks,break-glass"
PAGE = 100
TOLD = N_(
    "Looks of one person within an hour stand here once. Nobody sees documents this way: only an access by two people"
    " opens a mailbox, and its steps are listed too."
)


class AccountLooks(DetailScreen):
    """`subject`: the account, by what the log's filter takes."""

    NAME = "audit"
    EMPTY = N_("Nobody looked at this account's data.")

    def contents(self) -> Iterable[Widget]:
        title = self.say(N_("Who looked at {account}"), account=self.subject)
        yield Line(title, classes="title")
        yield LogGrid(
            [
                ("day", self.say(N_("Day")), 10),
                ("time", self.say(N_("Time, UTC")), 9),
                ("what", self.say(N_("What")), 36),
                ("by", self.say(N_("By")), 30),
            ],
            self._row,
        )
        yield Line(self.say(TOLD), lines=True, classes="note")

    def _row(self, item: Item) -> tuple[str, list[object]]:
        day, _, time = as_text(item["at"]).partition(" ")
        return str(item["position"]), [day, time, kind(self.say, item["kind"]), party(self.say, item["actor"])]

    async def fetch(self) -> Any:
        return await self._page(None)

    async def _page(self, after: str | None) -> Mapping[str, Any]:
        found: Mapping[str, Any] = await _ask(self, self.subject, after=after, limit=PAGE)
        return found

    def show(self, content: Any) -> bool:
        return self.query_one(LogGrid).begin(content, self._page)

    @on(DataTable.RowSelected)
    def _opened(self, event: DataTable.RowSelected) -> None:
        if event.row_key.value is not None:
            self.post.open(EventDetail(event.row_key.value))


async def looked_at(screen: "Audit", here: Item | None) -> str | None:
    """Of which account it is wanted: the one that the event under the cursor is about, or another; None: of none."""

    async def known(given: Mapping[str, str]) -> str:
        await _ask(screen, given["account"], limit=1)
        return given["account"]

    about = here["subject"] if here is not None and here["subject"]["noun"] == "account" else {}
    account = Ask("account", screen.say(N_("Address or id; as auditor a pseudonym")), about.get("id") or "")
    title, verb = screen.say(N_("Who looked at whose data?")), screen.say(N_("Show"))
    found: str | None = await screen.post.push_screen_wait(Form(title, [account], verb, submit=known))
    return found


async def _ask(screen: "Audit | AccountLooks", account: str, **page: str | int | None) -> Any:
    return await screen.api.get("/audit/events", subject=account, kind=LOOKS, **page)
