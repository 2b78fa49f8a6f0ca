"""Who is signed in at this moment, by mail program and by control session: found, seen live, ended (S25, S63)."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import DataTable

from bridge.i18n import N_
from postex_tui.screens.dialogs import Confirm
from postex_tui.screens.office.accounts.detail import AccountDetail
from postex_tui.screens.paced import PacedScreen
from postex_tui.screens.searched import Searched
from postex_tui.screens.words.accounts import LONGEST, who
from postex_tui.screens.words.times import moment
from postex_tui.terminal.safe_text import safe_text
from postex_tui.widgets.facts import Facts
from postex_tui.widgets.log_grid import LogGrid
from postex_tui.widgets.paged_grid import Item, PagedGrid
from postex_tui.widgets.plain import Choice, Field

DOORS = {"imap": N_("reading (IMAP)"), "smtp": N_("handing in (SMTP)"), "control": N_("control")}
PAGE = 100
WIDE = 120
"""Columns of a terminal that has room for how the line is protected."""
ENDS_MAIL = N_(
    "The mail program of {who} ({what}, from {network}) is told that the session is over, and its connection ends"
    " within a second. It may sign in again at once: to keep it out, revoke its device."
)
ENDS_CONTROL = N_(
    "{who} is signed out of the terminal app or command line ({what}) at once. What was begun there and not confirmed"
    " is not done."
)
ENDS_OWN = N_("This is the session in which you are reading this: you are signed out at once.")


class Sessions(Searched, PacedScreen):
    """Newest first."""

    NAME = "sessions"
    LISTENS = frozenset({"sessions", "lagged"})
    EMPTY = N_("Nobody is signed in like that. Change what you look for: /")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "end", N_("End session")),
    ]
    _wanted = ""

    # --- what is seen ---

    def contents(self) -> Iterable[Widget]:
        with Vertical(classes="slim"):
            yield Field("", hint=self.say(N_("Address or name")), most=320, id="text")
            yield Horizontal(self._doors(), classes="choices")
        facts = VerticalScroll(Facts(id="session-facts"), id="session")
        yield Vertical(LogGrid(self._columns(), self._row, id="sessions"), facts, classes="stack")

    def _doors(self) -> Choice:
        return Choice(
            [(self.say(N_("all doors")), ""), *((self.say(said), door) for door, said in DOORS.items())], ""
        )

    def _columns(self) -> list[tuple[str, object, int]]:
        columns: list[tuple[str, object, int]] = [
            ("who", self.say(N_("Account")), 26),
            ("door", self.say(N_("Door")), 8),
            ("since", self.say(N_("Since")), 11),
            ("what", self.say(N_("Device")), 20),
            ("network", self.say(N_("Network")), 16),
        ]
        if self._is_wide:
            columns += [("tls", self.say(N_("TLS")), 8), ("client", self.say(N_("Client")), 20)]
        return columns

    @property
    def _is_wide(self) -> bool:
        return self.post.size.width >= WIDE

    def _row(self, item: Item) -> tuple[str, list[object]]:
        since = (moment(item["since"]) or "")[5:]
        cells = [item["email"] or item["account"], item["door"], since, self._what(item), item["network"] or ""]
        wide = [item["tls_version"] or "", item["client"] or ""]
        whole = len(self.query_one(PagedGrid).columns) > len(cells)
        return item["id"], [*cells, *wide] if whole else cells

    def _what(self, item: Item) -> str:
        """What signed in, as far as it is known: the person's own name for it."""
        named = item["label"] or item["client"]
        if not named:
            return "" if item["device"] is None else self.say(N_("device {number}"), number=item["device"])
        return f"{self.say(N_('this one'))}: {named}" if item["current"] else str(named)

    # --- what is asked ---

    async def fetch(self) -> Any:
        return await self._page(None)

    async def _page(self, after: str | None) -> Any:
        door, text = str(self.query_one(Choice).value), self.query_one("#text", Field).value.strip()
        return await self.api.get("/sessions", after=after, limit=PAGE, door=door or None, text=text or None)

    def show(self, content: Any) -> bool:
        grid = self.query_one(PagedGrid)
        there = grid.begin(content, self._page)
        if self._wanted in grid.items:
            grid.move_cursor(row=grid.get_row_index(self._wanted))
            self._wanted = ""
        self._moved()
        return there

    @property
    def is_renewable(self) -> bool:
        """Whoever went on to further pages stays there."""
        return self.query_one(PagedGrid).row_count <= PAGE

    @on(DataTable.RowHighlighted)
    def _moved(self) -> None:
        item = self.query_one(PagedGrid).here
        self.query_one(Facts).tell([] if item is None else self._facts(item))

    def _facts(self, item: Item) -> Iterable[tuple[str, object]]:
        return (
            (self.say(N_("Account")), who(item)),
            (self.say(N_("Door")), item["door"]),
            (self.say(N_("Device")), self._what(item) or None),
            (self.say(N_("Signed in since")), moment(item["since"])),
            (self.say(N_("Last used")), moment(item["used_at"])),
            (self.say(N_("Network")), item["network"]),
            (self.say(N_("TLS")), self._tls(item)),
            (self.say(N_("Client")), item["client"]),
        )

    def _tls(self, item: Item) -> str | None:
        if item["kind"] != "mail":
            return None
        if item["tls_version"] is None:
            return self.say(N_("in the clear, on this machine"))
        return f"{item['tls_version']}, {item['tls_cipher']}"

    # --- what the person does ---

    @on(DataTable.RowSelected)
    def _opened(self) -> None:
        item = self.query_one(PagedGrid).here
        if item is not None:
            self.post.open(AccountDetail(item["account"]))

    def go_to(self, email: str, session: str) -> None:
        """Show this account's sessions, with the cursor on that one."""
        self._wanted = session
        self.query_one("#text", Field).value = email

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "end" or (self.has_class("ready") and self.may("session.end"))

    def action_end(self) -> None:
        item = self.query_one(PagedGrid).here
        if item is None:
            self.post.tell(self.say(N_("Choose a session first.")), wrong=True)
            return
        asked = Confirm(self.say(N_("End session")), self._happens(item), self.say(N_("End the session")), grave=True)
        path = f"/accounts/{item['account']}/sessions/{item['id']}"
        told = self.say(N_("The session of {who} has ended."), who=who(item))
        self.sure(asked, partial(self.api.delete, path), told)

    def _happens(self, item: Mapping[str, Any]) -> str:
        if item["current"]:
            return self.say(ENDS_OWN)
        what = safe_text(self._what(item) or item["door"], LONGEST)
        network = item["network"] or self.say(N_("an unknown network"))
        message = ENDS_MAIL if item["kind"] == "mail" else ENDS_CONTROL
        return self.say(message, who=who(item), what=what, network=network)
