"""As whom one writes: addresses, what vouches for them, and of which type documents are that name none (I4)."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget

from bridge.i18n import N_
from postex_tui.screens.deeds import DeedScreen
from postex_tui.screens.dialogs import Ask, Form
from postex_tui.screens.words.choices import TYPES
from postex_tui.widgets.facts import Facts
from postex_tui.widgets.plain import Caption, Line

MEANS_TYPE = N_(
    "Recipients choose by type how a document reaches them. This type counts for your documents that name none in"
    " their header (Postex-Document: type=…), from the next one on."
)
NO_TRUST = N_("Nothing but a device password: your programs sign in.")
ASKS_ADMIN = N_("Addresses, networks and DKIM domains are changed by the admin of your domain.")


class Identities(DeedScreen):
    """Read, but for the type, which is one's own to choose."""

    NAME = "identities"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "change", N_("Change type")),
        Binding("n", "devices", N_("Devices")),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._type = ""

    def contents(self) -> Iterable[Widget]:
        with VerticalScroll(classes="reading"):
            yield Caption(self.say(N_("You write as")), classes="head")
            yield Line("", id="addresses", lines=True)
            yield Caption(self.say(N_("What vouches for you without a password, on port 25")), classes="head")
            yield Facts(id="trust")
            yield Caption(self.say(N_("Documents that name no type")), classes="head")
            yield Line("", id="type")
            yield Line(self.say(MEANS_TYPE), lines=True, classes="aside")
            yield Line(self.say(ASKS_ADMIN), lines=True, classes="aside")

    async def fetch(self) -> Any:
        me = "/accounts/me"
        return await asyncio.gather(
            self.api.get(me),
            self.api.get(f"{me}/aliases"),
            self.api.get(f"{me}/identities"),
            self.api.get(f"{me}/trust"),
            self.api.get(f"{me}/document-type"),
        )

    def show(self, content: Any) -> bool:
        account, aliases, identities, trust, kind = content
        own = [account["email"], *(each["address"] for each in aliases["aliases"])]
        lines = [
            *own,
            *(self.say(N_("{address} (added by your admin)"), address=a) for a in identities["identities"]),
        ]
        self.query_one("#addresses", Line).say("\n".join(f"  {line}" for line in lines))
        self.query_one("#trust", Facts).tell(self._trust(trust))
        self._type = str(kind["type"])
        self.query_one("#type", Line).say(f"  {self.say(TYPES[self._type])}")
        return True

    def _trust(self, trust: Mapping[str, Any]) -> Iterable[tuple[str, object]]:
        yield self.say(N_("Networks of your machines")), ", ".join(trust["networks"]) or None
        yield self.say(N_("Domains whose DKIM signs for you")), ", ".join(trust["dkim_domains"]) or None
        if not trust["networks"] and not trust["dkim_domains"]:
            yield self.say(NO_TRUST), ""

    def action_change(self) -> None:
        options = [(self.say(words), value) for value, words in TYPES.items()]
        asks = [Ask("type", self.say(N_("Type")), self._type, options=options)]

        async def change(values: Mapping[str, str]) -> Any:
            return await self.api.put("/accounts/me/document-type", {"type": values["type"]})

        form = Form(
            self.say(N_("Documents that name no type")),
            asks,
            self.say(N_("Change")),
            self.say(MEANS_TYPE),
            change,
        )
        self.filled(form, lambda made: self.say(N_("From now on: {type}."), type=self.say(TYPES[made["type"]])))

    def action_devices(self) -> None:
        self.post.go("sending-devices")
