"""The room of a sender: as which addresses it writes, what vouches for it, of which type its documents are."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from textual.widget import Widget

from bridge.i18n import N_
from postex_tui.screens.dialogs import Ask, Confirm, Form
from postex_tui.screens.office.accounts.rooms.room import Room
from postex_tui.widgets.facts import Facts
from postex_tui.widgets.paged_grid import Item, PagedGrid
from postex_tui.widgets.plain import Caption, Line

TYPES = {
    "letter": N_("letter"),
    "invoice": N_("invoice"),
    "reminder": N_("reminder"),
    "payslip": N_("payslip"),
    "contract": N_("contract"),
    "notice": N_("notice"),
    "newsletter": N_("newsletter"),
    "other": N_("other"),
}


class Writing(Room):
    """Identities and trust."""

    NAME, TITLE, ACTION, SENDERS_ALONE = "writing", N_("Writing"), "alias.read", True
    KEYS = {"n": "sender.change", "d": "sender.change", "e": "sender.change"}  # noqa: RUF012 - a table of the class

    def contents(self) -> Iterable[Widget]:
        yield Facts(id="trust")
        yield Caption(self.say(N_("It writes as its own addresses, and as these:")), classes="head")
        yield Line(self.say(N_("No other address. Press n to add one.")), classes="none", lines=True)
        yield PagedGrid([("address", self.say(N_("Address")), 60)], self._row)

    def _row(self, item: Item) -> tuple[str, list[object]]:
        return item["address"], [item["address"]]

    async def fetch(self) -> Any:
        api, path = self.detail.api, self.detail.path
        return await asyncio.gather(
            api.get(f"{path}/identities"), api.get(f"{path}/trust"), api.get(f"{path}/document-type")
        )

    def show(self, content: Any) -> None:
        identities, self._trust, kind = content
        self._type = kind["type"]
        nothing = self.say(N_("none: a device password alone"))
        self.query_one(Facts).tell(
            [
                (self.say(N_("Type, where a document names none")), self.say(TYPES.get(self._type, self._type))),
                (self.say(N_("Networks of its machines")), ", ".join(self._trust["networks"]) or nothing),
                (self.say(N_("Domains whose DKIM signs for it")), ", ".join(self._trust["dkim_domains"]) or nothing),
            ]
        )
        items = [{"address": each} for each in identities["identities"]]
        self.set_class(not self.query_one(PagedGrid).begin_whole(items), "bare")

    def can(self, key: str) -> bool:
        grids = self.query(PagedGrid)
        return key != "d" or (bool(grids) and grids.first().here is not None)

    def pressed(self, key: str) -> None:
        here = self.query_one(PagedGrid).here
        if key == "n":
            self._add()
        elif key == "e":
            self._edit()
        elif here is not None:
            self._remove(here["address"])

    def _add(self) -> None:
        explained = self.say(N_("{who} may write as it from its next message on."), who=self.detail.who)
        asks = [Ask("address", self.say(N_("Address")))]
        form = Form(self.say(N_("Another address to write as")), asks, self.say(N_("Add")), explained, self._added)
        self.detail.filled(form, self.say(N_("Added.")))

    async def _added(self, values: Mapping[str, str]) -> Any:
        return await self.detail.api.post(f"{self.detail.path}/identities", {"address": values["address"]})

    def _remove(self, address: str) -> None:
        happens = self.say(
            N_("{who} cannot write as {address} any more, from its next message on. What it sent stays."),
            who=self.detail.who,
            address=address,
        )
        asked = Confirm(self.say(N_("Remove this address?")), happens, self.say(N_("Remove")), grave=True)
        path = f"{self.detail.path}/identities/{quote(address, safe='')}"
        self.detail.sure(asked, lambda: self.detail.api.delete(path), self.say(N_("Removed: {it}."), it=address))

    def _edit(self) -> None:
        types = [(self.say(word), value) for value, word in TYPES.items()]
        asks = [
            Ask("type", self.say(N_("Type, where a document names none")), self._type, options=types),
            Ask(
                "networks",
                self.say(N_("Networks of its machines, such as 10.0.0.0/24, with blanks between")),
                " ".join(self._trust["networks"]),
            ),
            Ask(
                "dkim_domains",
                self.say(N_("Domains whose DKIM signs for it, with blanks between")),
                " ".join(self._trust["dkim_domains"]),
            ),
        ]
        explained = self.say(
            N_("What comes from these networks, or is signed so, counts as sent by {who}, without a password."),
            who=self.detail.who,
        )
        form = Form(self.say(N_("What vouches for it")), asks, self.say(N_("Save")), explained, self._saved)
        self.detail.filled(form, self.say(N_("Saved.")))

    async def _saved(self, values: Mapping[str, str]) -> Any:
        api, path = self.detail.api, self.detail.path
        trust = {name: values[name].replace(",", " ").split() for name in ("networks", "dkim_domains")}
        if trust != self._trust:
            await api.put(f"{path}/trust", trust)
        if values["type"] != self._type:
            await api.put(f"{path}/document-type", {"type": values["type"]})
        return True
