"""Roles: who may do what beyond their own account, where, until when; given, taken away, reviewed (S61, S62, S77)."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import DataTable, Select

from bridge.i18n import N_
from postex_tui.moments import as_epoch
from postex_tui.screens.deeds import DeedScreen
from postex_tui.screens.dialogs import Ask, Confirm, Form
from postex_tui.screens.office.roles.words import GIVEN, MEANS, WHOLE_BRIDGE
from postex_tui.screens.words.accounts import LONGEST, ROLES
from postex_tui.screens.words.times import day, moment
from postex_tui.terminal.safe_text import safe_text
from postex_tui.widgets.facts import Facts
from postex_tui.widgets.paged_grid import Item, PagedGrid
from postex_tui.widgets.plain import Choice, Line

SHOWN = {"": N_("all roles"), "review": N_("to be looked at again")}
NOBODY_LEFT = N_(
    "Nobody is left who holds the spare key of the domain. Whoever runs the machine gets it back there, with the"
    " recovery kit: postex escrow recover"
)
ALL_DOMAINS = 500
"""Domains to choose from at once."""


class Roles(DeedScreen):
    """Those that hold now, in reach."""

    NAME = "roles"
    LISTENS = frozenset({"audit"})
    EMPTY = N_("Nothing here. Press n to give somebody a role.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "give", N_("Give a role")),
        Binding("d", "take", N_("Take away")),
        Binding("v", "confirm", N_("Still needed")),
    ]

    wanted: str | None = None

    def contents(self) -> Iterable[Widget]:
        yield Choice([(self.say(words), value) for value, words in SHOWN.items()], "", id="shown")
        columns = (
            ("mark", "", 1),
            ("who", self.say(N_("Who")), 22),
            ("role", self.say(N_("Role")), 16),
            ("domain", self.say(N_("Where")), 20),
            ("until", self.say(N_("Until")), 12),
        )
        read = VerticalScroll(Line("", id="grant-means", lines=True), Facts(id="grant-facts"), id="grant")
        yield Vertical(PagedGrid(columns, self._row, id="grants"), read, classes="stack")

    def _row(self, item: Item) -> tuple[str, list[object]]:
        who = item["email"] or item["account"]
        until = day(item["ends_at"]) or "–"
        cells = [who, self.say(ROLES[str(item["role"])]), self._where(item), until]
        return str(item["id"]), ["!" if item["overdue"] else "", *cells]

    def _where(self, item: Item) -> str:
        return item["domain"] or self.say(N_("the whole bridge"))

    async def fetch(self) -> Any:
        self._asked = "/grants/review" if self.query_one("#shown", Choice).value == "review" else "/grants"
        answer = await self.post.proven(lambda: self._page(None))
        return {"items": [], "next": None} if answer is None else answer.content

    async def _page(self, after: str | None) -> Any:
        return await self.api.get(self._asked, after=after, limit=100)

    def go_to(self, grant: str) -> None:
        """Begin at this one."""
        self.wanted = grant
        self.reload()

    def show(self, content: Any) -> bool:
        grid = self.query_one("#grants", PagedGrid)
        there = grid.begin(content, self._page)
        if self.wanted in grid.items:
            grid.move_cursor(row=grid.get_row_index(self.wanted))
            self.wanted = None
        self._moved()
        return there

    @on(Select.Changed, "#shown")
    def _filtered(self) -> None:
        self.reload()

    @property
    def here(self) -> Item | None:
        return self.query_one("#grants", PagedGrid).here

    @on(DataTable.RowHighlighted, "#grants")
    def _moved(self) -> None:
        item = self.here
        self.query_one("#grant").display = item is not None
        if item is not None:
            self.query_one("#grant-means", Line).say(self.say(MEANS[str(item["role"])]))
            self.query_one("#grant-facts", Facts).tell(self._facts(item))

    def _facts(self, item: Item) -> Iterable[tuple[str, object]]:
        yield self.say(N_("Who")), self._who(item)
        yield self.say(N_("Ticket")), item["ticket"]
        yield self.say(N_("Given")), moment(item["granted_at"])
        yield self.say(N_("Last used")), moment(item["used_at"]) or self.say(N_("never"))
        yield self.say(N_("Lapses unused")), day(item["lapses_at"])
        due = day(item["review_due_at"])
        yield self.say(N_("To be looked at")), self.say(N_("{day}: OVERDUE"), day=due) if item["overdue"] else due

    def _who(self, item: Item) -> str:
        name, email = safe_text(item["name"] or "", LONGEST), safe_text(item["email"] or item["account"], LONGEST)
        return f"{name} <{email}>" if name else email

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        needs = {"give": "grant.add", "take": "grant.revoke", "confirm": "grant.review"}.get(action)
        return needs is None or (self.may(needs) and (action == "give" or self.has_class("ready")))

    @work(group="ask")
    async def action_give(self) -> None:
        domains = await self.api.get("/domains", limit=ALL_DOMAINS)
        may_all = self.post.reach.get("grant.add") == "all"
        roles = [role for role in GIVEN if may_all or role not in WHOLE_BRIDGE]
        self.filled(GiveRole(self, roles, [each["name"] for each in domains["items"]]), self._given)

    def _given(self, made: Mapping[str, Any]) -> str:
        words = N_("{who} is {role} now ({where}), and is told.")
        return self.say(words, who=self._who(made), role=self.say(ROLES[made["role"]]), where=self._where(made))

    def action_take(self) -> None:
        item = self.here
        if item is None:
            return
        happens = N_(
            "{who} is no {role} any more ({where}), from the next request on. To give it back, give the role anew."
        )
        key = N_("In a managed domain its spare key is lost to them too.")
        role = self.say(ROLES[str(item["role"])])
        told = self.say(happens, who=self._who(item), role=role, where=self._where(item))
        told += f" {self.say(key)}" if item["role"] == "domain-admin" else ""
        asked = Confirm(self.say(N_("Take this role away?")), told, self.say(N_("Take away")), grave=True)
        self.sure(asked, lambda: self.api.delete(f"/grants/{item['id']}"), self._taken)

    def _taken(self, answer: Mapping[str, Any]) -> str:
        told = self.say(N_("Taken away from {who}."), who=self._who(answer["grant"]))
        return f"{told} {self.say(NOBODY_LEFT)}" if answer["escrow_holders_left"] == 0 else told

    def action_confirm(self) -> None:
        item = self.here
        if item is None:
            return
        happens = N_("{who} keeps the role {role} ({where}). It is asked again in 90 days.")
        role = self.say(ROLES[str(item["role"])])
        told = self.say(happens, who=self._who(item), role=role, where=self._where(item))
        asked = Confirm(self.say(N_("Is this role still needed?")), told, self.say(N_("Still needed")))
        path = f"/grants/{item['id']}/review"
        self.sure(asked, lambda: self.api.post(path), self.say(N_("Noted: still needed.")))


class GiveRole(Form):
    """Explains the role that is chosen, while one chooses."""

    def __init__(self, screen: DeedScreen, roles: list[str], domains: list[str]) -> None:
        say = screen.say
        places = [(say(N_("the whole bridge")), ""), *((name, name) for name in domains)]
        asks = [
            Ask("account", say(N_("Address of the account")), hint="anna@example.org"),
            Ask("role", say(N_("Role")), roles[0], options=[(say(ROLES[role]), role) for role in roles]),
            Ask("domain", say(N_("Where")), domains[0] if domains else "", options=places),
            Ask("until", say(N_("Until (day; support and reseller: within 30 days)")), hint="2027-01-31"),
            Ask("ticket", say(N_("Ticket (support and reseller)"))),
        ]
        super().__init__(say(N_("Give a role")), asks, say(N_("Give")), submit=self._give)

    async def _give(self, values: Mapping[str, str]) -> Any:
        whole = values["role"] in WHOLE_BRIDGE
        body = {
            "account": values["account"],
            "role": values["role"],
            "domain": None if whole else values["domain"] or None,
            "ends_at": as_epoch(values["until"]) if values["until"] else None,
            "ticket": values["ticket"] or None,
        }
        return await self.api.post("/grants", body)

    def _field(self, ask: Ask) -> ComposeResult:
        yield from super()._field(ask)
        if ask.name == "role":
            yield Line(self.say(MEANS[ask.value]), lines=True, id="role-means")

    @on(Select.Changed, "#role")
    def _chosen(self) -> None:
        self.query_one("#role-means", Line).say(self.say(MEANS[str(self.query_one("#role", Choice).value)]))
