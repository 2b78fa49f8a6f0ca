"""One domain: what is known of it, and who holds its spare key."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget

from bridge.i18n import N_, Amount
from postex_tui.screens.deeds import DeedScreen
from postex_tui.screens.dialogs import Ask, Confirm, Form
from postex_tui.screens.section import DetailScreen
from postex_tui.screens.words.accounts import GIGABYTE, LONGEST, MODES, MODES_MEAN
from postex_tui.screens.words.times import day
from postex_tui.terminal.safe_text import safe_text
from postex_tui.widgets.facts import Facts
from postex_tui.widgets.paged_grid import Item, PagedGrid
from postex_tui.widgets.plain import Line

NOBODY = N_(
    "Nobody holds the spare key. Whoever runs the machine gets it back there, with the recovery kit:"
    " postex escrow recover"
)
NO_KEY = N_("This domain has no spare key: nobody but its owner opens an account.")
HOLDERS = N_("These people hold the spare key, with which an admin helps after a forgotten password:")
FEW = N_("fewer than {threshold}")


class DomainDetail(DeedScreen, DetailScreen):
    """`subject`: its name."""

    NAME = "domains"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "hand_on", N_("Hand the key on")),
        Binding("e", "renew", N_("New spare key")),
    ]
    domain: Mapping[str, Any] = {}

    @property
    def path(self) -> str:
        return f"/domains/{quote(self.subject, safe='')}"

    def contents(self) -> Iterable[Widget]:
        yield Line("", id="domain-name", classes="title")
        yield Facts(id="domain-facts")
        yield Line("", id="domain-means", lines=True)
        yield Line("", id="key-words", lines=True)
        columns = (
            ("who", self.say(N_("Who")), 34),
            ("what", self.say(N_("May")), 24),
            ("since", self.say(N_("Since")), 12),
        )
        yield Vertical(PagedGrid(columns, self._row, id="holders"), id="domain-holders")

    def _row(self, item: Item) -> tuple[str, list[object]]:
        name, address = item["name"], item["email"] or item["account"]
        may = self.say(N_("hand it on") if item["custodian"] else N_("help with it, hand it on"))
        return item["account"], [f"{name} <{address}>" if name else address, may, day(item["since"])]

    async def fetch(self) -> Any:
        self.domain = await self.api.get(self.path)
        counts = await self.api.get("/statistics") if self.may("statistics.read") else None
        escrow = await self.api.get(f"{self.path}/escrow-holders") if self.may("grant.list") else None
        return counts, escrow

    def show(self, content: Any) -> bool:
        counts, escrow = content
        self.query_one("#domain-name", Line).say(self.domain["name"])
        self.query_one("#domain-facts", Facts).tell(self._facts(counts, escrow))
        self.query_one("#domain-means", Line).say(self.say(MODES_MEAN[self.domain["mode"]]))
        holders = [] if escrow is None else escrow["holders"]
        grid = self.query_one("#holders", PagedGrid)
        grid.display = grid.begin_whole(holders)
        self.query_one("#key-words", Line).say("" if escrow is None else self._key(escrow))
        self.refresh_bindings()
        return True

    def _key(self, escrow: Mapping[str, Any]) -> str:
        if escrow["mode"] == "private":
            return self.say(NO_KEY)
        return self.say(HOLDERS) if escrow["holders"] else self.say(NOBODY)

    def _facts(self, counts: Any, escrow: Any) -> Iterable[tuple[str, object]]:
        yield self.say(N_("Mode")), self.say(MODES[self.domain["mode"]])
        yield self.say(N_("Country")), self.domain["country"]
        known = [each for each in (counts or {"domains": ()})["domains"] if each["domain"] == self.domain["name"]]
        for each in known:
            few = self.say(FEW, threshold=counts["threshold"])
            yield self.say(N_("Accounts")), few if each["accounts"] is None else each["accounts"]
            yield self.say(N_("With a mail program")), few if each["connected"] is None else each["connected"]
            documents = few if each["documents"] is None else each["documents"]
            yield self.say(N_("Documents in {days} days"), days=counts["days"]), documents
            stored = each["stored_bytes"]
            size = None if stored is None else self.say(N_("{size} GB"), size=Amount(stored / GIGABYTE, 2))
            yield self.say(N_("Stored")), size
        yield self.say(N_("Fingerprint of the key")), None if escrow is None else escrow["fingerprint"]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action not in ("hand_on", "renew"):
            return True
        return self.domain.get("mode") == "managed" and self.may("escrow.hand-on")

    def action_hand_on(self) -> None:
        async def hand_on(values: Mapping[str, str]) -> Any:
            return await self.api.post(f"{self.path}/escrow-holders", {"account": values["account"]})

        happens = N_(
            "An admin of {domain} gets the spare key, which you hold, and can help with forgotten passwords from then"
            " on. With the first admin, owners who only kept it lose it."
        )
        asks = [Ask("account", self.say(N_("Address of the admin")), hint=f"dora@{safe_text(self.subject, LONGEST)}")]
        title, verb = self.say(N_("Hand the spare key on")), self.say(N_("Hand on"))
        form = Form(title, asks, verb, self.say(happens, domain=self.subject), hand_on)
        self.filled(form, self.say(N_("Handed on.")))

    def action_renew(self) -> None:
        happens = N_(
            "{domain} gets a new spare key, for those who hold it now; all accounts are put under it. Do it when"
            " somebody who is gone may have kept the old one. It takes a while; the old key opens nothing after that."
        )
        title, verb = self.say(N_("A new spare key?")), self.say(N_("Make it"))
        asked = Confirm(title, self.say(happens, domain=self.subject), verb, grave=True)
        self.sure(asked, lambda: self.api.post(f"{self.path}/escrow-key", seconds=600.0), self._renewed)

    def _renewed(self, made: Mapping[str, Any]) -> str:
        words = N_("{moved} accounts are under the new key; {left} were altered and stay under the old one.")
        return self.say(words, moved=made["moved"], left=made["left"])
