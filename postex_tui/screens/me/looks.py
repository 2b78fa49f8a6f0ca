"""Who looked at one's data, and who was told what of one (D7, S57)."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import TabbedContent

from bridge.i18n import N_
from postex_tui.screens.section import SectionScreen
from postex_tui.screens.words.accounts import ROLES
from postex_tui.screens.words.times import moment
from postex_tui.widgets.paged_grid import Item, PagedGrid
from postex_tui.widgets.plain import Line, Pane

LOOKS, TOLD = "/accounts/me/looks", "/accounts/me/disclosures"
NOBODY = N_("Nobody but yourself looked at your data.")
NOTHING_TOLD = N_("Nothing of you was told to anybody.")
NOTE = N_(
    "Several looks of one person within an hour stand here once. Nobody sees your documents this way: only an access"
    " that two people agree on opens your mailbox, and its steps are listed here."
)
TOLD_NOTE = N_(
    "Every row is noted when something of you is handed to somebody else. Take consents back under History."
)
WHATS = {
    "account": N_("your account"),
    "addresses": N_("your addresses"),
    "changes": N_("changes of your particulars"),
    "devices": N_("your devices"),
    "preferences": N_("your preferences"),
    "deliveries": N_("your deliveries"),
    "sessions": N_("your sessions"),
    "log": N_("what happened in your account"),
    "break-glass.requested": N_("access to your mailbox was asked for"),
    "break-glass.approved": N_("access to your mailbox was approved by a second person"),
    "break-glass.opened": N_("your mailbox was opened"),
    "break-glass.signed-in": N_("your mailbox was read with that access"),
    "break-glass.revoked": N_("access to your mailbox was taken back"),
    "break-glass.used-for-reset": N_("access to your mailbox was used up for a reset of your account"),
    "break-glass.told": N_("you were told of an access to your mailbox"),
}
DISCLOSED = {
    "channel": N_("how documents reach you"),
    "document": N_("a document, to carry it"),
    "opened": N_("that you opened a document"),
}
BASES = {
    "own-recipient": N_("it writes to you"),
    "preference": N_("you chose this way"),
    "consent": N_("you agreed"),
    "receipts": N_("you agreed"),
}
OTHERS = {"operator": N_("operator of the machine"), "system": N_("the post office itself")}


class Looks(SectionScreen):
    """Two lists behind each other."""

    NAME = "my-looks"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "mail", N_("Mail me")),
    ]

    def contents(self) -> Iterable[Widget]:
        seen = [("at", self.say(N_("When")), 16), ("what", self.say(N_("What")), 32), ("by", self.say(N_("By")), 22)]
        told = [
            ("at", self.say(N_("When")), 16),
            ("to", self.say(N_("To")), 20),
            ("what", self.say(N_("What")), 20),
            ("why", self.say(N_("Why")), 12),
        ]
        with TabbedContent(id="rooms"):
            yield Pane(
                self.say(N_("Who looked")),
                Line("", id="looks-note", lines=True, classes="note"),
                PagedGrid(seen, self._look, id="looks"),
                id="seen",
            )
            yield Pane(
                self.say(N_("Who was told")),
                Line("", id="told-note", lines=True, classes="note"),
                PagedGrid(told, self._told, id="told"),
                id="disclosed",
            )

    def _look(self, item: Item) -> tuple[str, list[object]]:
        what = WHATS.get(item["what"])
        role = self._role(item["viewer_role"])
        by = f"{item['viewer_name']} ({role})" if item["viewer_name"] else role
        return str(item["position"]), [moment(item["at"]), self.say(what) if what else item["what"], by]

    def _role(self, role: str) -> str:
        words = ROLES.get(role) or OTHERS.get(role)
        return self.say(words) if words else role

    def _told(self, item: Item) -> tuple[str, list[object]]:
        what, why = DISCLOSED.get(item["what"]), BASES.get(item["basis"])
        words = [self.say(what) if what else item["what"], self.say(why) if why else item["basis"]]
        return str(item["id"]), [moment(item["at"]), item["told"] or "–", *words]

    async def fetch(self) -> Any:
        return await self._looks(None), await self._disclosures(None)

    async def _looks(self, after: str | None) -> Mapping[str, Any]:
        found: Mapping[str, Any] = await self.api.get(LOOKS, after=after, limit=100)
        return found

    async def _disclosures(self, after: str | None) -> Mapping[str, Any]:
        found: Mapping[str, Any] = await self.api.get(TOLD, after=after, limit=100)
        return found

    def show(self, content: Any) -> bool:
        looks, told = content
        any_looks = self.query_one("#looks", PagedGrid).begin(looks, self._looks)
        any_told = self.query_one("#told", PagedGrid).begin(told, self._disclosures)
        self.query_one("#looks-note", Line).say(self.say(NOTE if any_looks else NOBODY))
        self.query_one("#told-note", Line).say(self.say(TOLD_NOTE if any_told else NOTHING_TOLD))
        return True

    def action_mail(self) -> None:
        self.act(lambda: self.api.post(f"{LOOKS}/mail"), self._is_mailed)

    def _is_mailed(self, made: Any) -> None:
        self.post.tell(self.say(N_("A message with {count} looks is in your mailbox."), count=made["looks"]))
