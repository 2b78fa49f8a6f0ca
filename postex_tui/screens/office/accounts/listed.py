"""A list of accounts: found, filtered, sorted from both ends, some marked to do the same with all of them.

Contract. However many there are, what is shown came in pages. Who sees people masked gets them newest first and finds
them by their whole address: the API says so, and the screen offers no more than that.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import DataTable, Select

from bridge.i18n import N_
from postex_tui.answers import Refusal
from postex_tui.screens.dialogs import Form
from postex_tui.screens.office.accounts import forms, shown_code
from postex_tui.screens.office.accounts.acts import path_of
from postex_tui.screens.office.accounts.batch import Batch
from postex_tui.screens.office.accounts.detail import AccountDetail
from postex_tui.screens.searched import Searched
from postex_tui.screens.words.accounts import ROLES, STATES
from postex_tui.widgets.marked_grid import MarkedGrid
from postex_tui.widgets.paged_grid import Item, PagedGrid
from postex_tui.widgets.plain import Choice, Field, Line

SORTS = {
    "email": N_("by address"),
    "-email": N_("by address, from Z"),
    "name": N_("by name"),
    "-name": N_("by name, from Z"),
    "-created": N_("newest first"),
    "created": N_("oldest first"),
}
PAGE = 100
MOST_DOMAINS, NAMED = 500, 8
"""Domains that are asked for, and those of them that a sentence names."""
MARKED = N_("{count} marked: b does the same with all of them.")
WHOLE = N_("Search by a whole address: your role sees people masked.")


class AccountList(Searched):
    """`ROLE`: those alone; else all, and the role is chosen."""

    EMPTY = N_("No account is like that. Change the search, or make one: n.")
    ROLE: ClassVar[str | None] = None
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", N_("New")),
        Binding("b", "batch", N_("With marked")),
        Binding("u", "undo", N_("Undo")),
    ]
    _visited: str | None = None

    def __init__(self) -> None:
        super().__init__()
        self._batch = Batch(self)
        self._asked: dict[str, str | None] = {}
        self._domains: list[str] = []
        self._masked = False

    # --- what is seen ---

    def contents(self) -> Iterable[Widget]:
        with Vertical(classes="slim"):
            yield self._search()
            yield Horizontal(*self._choices(), classes="choices")
        yield MarkedGrid(self._columns(), self._row, id="accounts")
        yield Line("", id="marked")

    def _search(self) -> Field:
        return Field(self._asked.get("text") or "", hint=self.say(N_("Address or name")), most=320, id="text")

    def _choices(self) -> list[Widget]:
        roles = () if self.ROLE else (self._choice("role", N_("all roles"), self._options(_MADE_AS)),)
        return [
            self._choice("state-wanted", N_("all states"), self._options(STATES)),
            *roles,
            self._choice("domain", N_("all domains"), [(name, name) for name in self._domains]),
            self._choice("sort", None, self._options(SORTS)),
        ]

    def _choice(self, name: str, everything: str | None, options: list[tuple[str, str]]) -> Choice:
        shown = options if everything is None else [(self.say(everything), ""), *options]
        made = Choice(shown, self._asked.get(name) or shown[0][1], id=name)
        made.display = name != "domain" or len(self._domains) > 1
        return made

    def _options(self, words: Mapping[str, str]) -> list[tuple[str, str]]:
        return [(self.say(message), value) for value, message in words.items()]

    def _columns(self) -> list[tuple[str, object, int]]:
        return [
            ("email", self.say(N_("Address")), 30),
            ("name", self.say(N_("Name")), 18),
            ("role", self.say(N_("Role")), 9),
            ("state", self.say(N_("State")), 11),
        ]

    def _row(self, item: Item) -> tuple[str, list[str]]:
        words = ROLES | STATES
        told = [self.say(words.get(value, value)) for value in (str(item["role"]), str(item["state"]))]
        return item["id"], [item["email"] or item["id"], item["name"] or "", *told]

    # --- what is asked ---

    async def fetch(self) -> Any:
        await self._know_domains()
        self._asked = self._wanted()
        return await self._page(None)

    async def _know_domains(self) -> None:
        """Once: to choose one, where there are several."""
        if not self._domains:
            found = await self.api.get("/domains", limit=MOST_DOMAINS)
            self._domains = [each["name"] for each in found["items"]]
            await self._offer_domains()

    async def _offer_domains(self) -> None:
        old = self.query_one("#domain", Choice)
        made = self._choice("domain", N_("all domains"), [(name, name) for name in self._domains])
        with self.prevent(Select.Changed):
            await old.remove()
            await self.query_one(".choices").mount(made, before="#sort")

    async def _page(self, after: str | None) -> Any:
        asked = {("state" if name == "state-wanted" else name): value for name, value in self._asked.items()}
        return await self.api.get("/accounts", after=after, limit=PAGE, **asked)

    def _wanted(self) -> dict[str, str | None]:
        chosen = {name: self._chosen(name) for name in ("state-wanted", "domain", "sort")}
        role = self.ROLE or self._chosen("role")
        return {**chosen, "role": role, "text": self.query_one("#text", Field).value.strip() or None}

    def _chosen(self, name: str) -> str | None:
        return str(self.query_one(f"#{name}", Choice).value) or None

    def show(self, content: Any) -> bool:
        if any(item["view"] != "full" for item in content["items"]) and not self._masked:
            self._masked = True
            self.query_one("#sort").display = False
            self._told()
        if self.has_class("loading"):
            self.call_after_refresh(self.to_list)
        return self.query_one("#accounts", PagedGrid).begin(content, self._page)

    def reload(self) -> None:
        """After a visit of one account that one is asked alone: the list stays where it is, pages deep."""
        if self._visited is None:
            super().reload()
        else:
            self._renew(self._visited)
            self._visited = None

    @work(group="load", exclusive=True)
    async def _renew(self, account: str) -> None:
        try:
            self.query_one(MarkedGrid).renew(await self.api.get(path_of(account)))
        except Refusal as refusal:
            self.post.heard(refusal)

    # --- what the person does ---

    @on(DataTable.RowSelected)
    def _opened(self, event: DataTable.RowSelected) -> None:
        if event.row_key.value is not None:
            self.visit(event.row_key.value)

    def visit(self, account: str) -> None:
        """Show one of them."""
        self._visited = account
        self.post.open(AccountDetail(account))

    @on(MarkedGrid.Turned)
    def _turn(self) -> None:
        sort = self.query_one("#sort", Choice)
        turned = str(sort.value).removeprefix("-") if str(sort.value).startswith("-") else f"-{sort.value}"
        if self._masked:
            self.query_one(MarkedGrid).action_scroll_bottom()
        else:
            sort.value = turned

    @on(MarkedGrid.Marked)
    def _told(self) -> None:
        count = len(self.query_one(MarkedGrid).marked)
        hint = self.say(WHOLE) if self._masked else ""
        self.query_one("#marked", Line).say(self.say(MARKED, count=count) if count else hint)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "batch":
            return bool(self.query("#accounts") and self.query_one(MarkedGrid).marked)
        if action == "undo":
            return self._batch.can_undo
        return action != "new" or "account.add" in self.post.reach

    def action_batch(self) -> None:
        self._batch.ask(list(self.query_one(MarkedGrid).marked.values()))

    def action_undo(self) -> None:
        self._batch.undo()

    def batch_over(self) -> None:
        """Something was done with those that were marked."""
        self.query_one(MarkedGrid).unmark()
        self.reload()
        self.refresh_bindings()

    @work(group="ask")
    async def action_new(self) -> None:
        try:
            await self._know_domains()
        except Refusal as refusal:
            self.post.tell(refusal.message, wrong=True)
            return
        domains = ", ".join(self._domains[:NAMED])
        explained = self.say(N_("Its address is in one of your domains: {domains}."), domains=domains)
        title = self.say(N_("New sender") if self.ROLE == "sender" else N_("New account"))
        asks = forms.new_account(self.say, self._makes(), self._domains[0] if self._domains else "")
        made = await self.post.push_screen_wait(Form(title, asks, self.say(N_("Make")), explained, self._make))
        if made is not None:
            await self._show_made(made)

    async def _make(self, values: Mapping[str, str]) -> Any:
        return await self.api.post("/accounts", forms.new_account_body(self.say, values, self._makes()[0]))

    def _makes(self) -> tuple[str, ...]:
        """Kinds of accounts that one may make."""
        if self.ROLE is not None:
            return (self.ROLE,)
        everywhere = self.post.reach.get("account.add") == "all"
        return ("recipient", "sender", "owner") if everywhere else ("recipient", "sender")

    async def _show_made(self, made: Mapping[str, Any]) -> None:
        shown = shown_code.enrolment(self.say, made["account"], made)
        title, verb = self.say(N_("The account is made")), self.say(N_("I have passed it on"))
        await self.post.push_screen_wait(shown_code.ShownCode(title, shown, verb, "postex-code.txt"))
        self.reload()


_MADE_AS = {name: ROLES[name] for name in ("recipient", "sender", "owner")}
