"""Rooms: what must not be erased (S47), erasures of many at once by two people (S54), erasures under way (S55)."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from textual import work

from bridge.i18n import N_
from postex_tui.answers import Refusal
from postex_tui.moments import as_epoch
from postex_tui.screens.dialogs import Ask, Confirm
from postex_tui.screens.office.requests.waiting import CHANGE, END, NEW, UNDO, Waiting
from postex_tui.screens.words.times import day, moment
from postex_tui.widgets.facts import Facts
from postex_tui.widgets.paged_grid import Item

KINDS = {"account": N_("account"), "document": N_("document"), "field": N_("field")}
STATES = {
    "requested": N_("waits"),
    "begun": N_("under way"),
    "done": N_("done"),
    "cancelled": N_("taken back"),
    "left": N_("left as it was"),
}


class Holds(Waiting):
    """Those in force."""

    NAME, TITLE, ACTION, PLACE = "holds", N_("Holds"), "hold.list", "/holds"
    EMPTY = N_("Nothing is held: everything may be erased when its time comes. Press n to place a hold.")
    KEYS = {  # noqa: RUF012 - a table of the class
        NEW: ("hold.place", N_("Place a hold")),
        END: ("hold.lift", N_("Lift it")),
    }
    COLUMNS = (
        ("account", N_("Account"), 26),
        ("what", N_("What"), 14),
        ("basis", N_("Basis"), 24),
        ("ends", N_("Until"), 10),
    )

    def row(self, item: Item) -> tuple[str, list[object]]:
        what = self.say(N_("everything") if item["document"] is None else N_("one document"))
        return str(item["id"]), [item["email"] or item["account"], what, item["basis"], day(item["ends_at"])]

    def facts(self, item: Item) -> Iterable[tuple[str, object]]:
        yield self.say(N_("Account")), item["email"] or item["account"]
        yield self.say(N_("Document")), item["document"]
        yield self.say(N_("Basis")), item["basis"]
        yield self.say(N_("Reason")), item["reason"]
        yield self.say(N_("Placed")), moment(item["placed_at"])
        yield self.say(N_("Until")), moment(item["ends_at"])

    def pressed(self, key: str, item: Item | None) -> None:
        if key == NEW:
            self._place()
        elif item is not None:
            self._lift(item)

    def _place(self) -> None:
        async def placed(values: Mapping[str, str]) -> Any:
            body: dict[str, object] = {"reason": values["reason"], "basis": values["basis"]}
            body |= {"document": values["document"] or None, "ends_at": as_epoch(values["until"])}
            return await self.desk.api.post(f"/accounts/{quote(values['account'], safe='')}/holds", body)

        asks = [
            Ask("account", self.say(N_("Address of the account"))),
            Ask("basis", self.say(N_("Law or order that it rests on"))),
            Ask("reason", self.say(N_("Reason"))),
            Ask("until", self.say(N_("Until (day)")), hint="2027-01-31"),
            Ask("document", self.say(N_("Id of one document (empty: everything)"))),
        ]
        happens = N_("Nothing of it is erased until that day, by nobody. Receiving and reading go on.")
        form = self.form(N_("Place a hold"), asks, N_("Place"), self.say(happens), placed)
        self.desk.filled(form, self.say(N_("The hold is placed.")))

    def _lift(self, item: Item) -> None:
        happens = N_("What {account} has may be erased again; an erasure that waited for this goes on by itself.")
        words = self.say(happens, account=item["email"] or item["account"])
        asked = Confirm(self.say(N_("Lift this hold?")), words, self.say(N_("Lift it")), grave=True)
        path = f"/holds/{item['id']}"
        self.desk.sure(asked, lambda: self.desk.api.delete(path), self.say(N_("The hold is lifted.")))


class Purges(Waiting):
    """Many accounts at once: one asks, another approves."""

    NAME, TITLE, ACTION, PLACE = "purges", N_("Purges"), "purge.approve", "/purges"
    EMPTY = N_("Nobody asked to erase many accounts at once.")
    KEYS = {  # noqa: RUF012 - a table of the class
        NEW: ("purge.request", N_("Ask")),
        CHANGE: ("purge.approve", N_("Approve")),
        END: ("purge.request", N_("Cancel it")),
    }
    COLUMNS = (
        ("id", N_("No."), 5),
        ("domain", N_("Domain"), 20),
        ("accounts", N_("Accounts"), 9),
        ("state", N_("State"), 12),
        ("reason", N_("Reason"), 26),
    )

    def row(self, item: Item) -> tuple[str, list[object]]:
        return str(item["id"]), [item["id"], item["domain"], item["accounts"], self._state(item), item["reason"]]

    def _state(self, item: Item) -> str:
        if item["approved_at"] is not None:
            return self.say(N_("approved"))
        if item["cancelled_at"] is not None:
            return self.say(N_("cancelled"))
        return self.say(N_("waits") if item["is_open"] else N_("lapsed"))

    def facts(self, item: Item) -> Iterable[tuple[str, object]]:
        yield self.say(N_("Domain")), item["domain"]
        yield self.say(N_("State")), self._state(item)
        if item["is_open"] and item["requested_by"] == self.me:
            yield self.say(N_("Waits for")), self.say(N_("another admin or an owner: nobody approves their own"))
        yield self.say(N_("Accounts")), item["accounts"]
        yield self.say(N_("Reason")), item["reason"]
        yield self.say(N_("Asked")), moment(item["requested_at"])
        yield self.say(N_("Approved")), moment(item["approved_at"])
        yield self.say(N_("Lapses")), moment(item["expires_at"]) if item["is_open"] else None

    def can(self, key: str, item: Item | None) -> bool:
        if key == NEW or item is None:
            return key == NEW
        return bool(item["is_open"]) and (key != CHANGE or item["requested_by"] != self.me)

    def pressed(self, key: str, item: Item | None) -> None:
        if key == NEW:
            self._ask()
        elif item is not None:
            self._approve(item) if key == CHANGE else self._cancel(item)

    def _ask(self) -> None:
        async def asked(values: Mapping[str, str]) -> Any:
            body: dict[str, object] = {"domain": values["domain"], "reason": values["reason"]}
            if values["accounts"]:
                body["accounts"] = values["accounts"].replace(",", " ").split()
            else:
                body["filter"] = {"state": values["state"], "before": as_epoch(values["before"])}
            return await self.desk.api.post(self.PLACE, body)

        states = [(self.say(N_("closed")), "closed"), (self.say(N_("suspended")), "suspended")]
        asks = [
            Ask("domain", self.say(N_("Domain"))),
            Ask("reason", self.say(N_("Reason"))),
            Ask("accounts", self.say(N_("Addresses, with commas; or leave it empty and choose:"))),
            Ask("state", self.say(N_("All that are")), options=[*states, (self.say(N_("invited")), "invited")]),
            Ask("before", self.say(N_("since before (day)")), hint="2025-01-01"),
        ]
        happens = N_("Nothing is erased before another person approves, within 72 hours; what is held is left.")
        form = self.form(N_("Ask to erase many accounts"), asks, N_("Ask"), self.say(happens), asked)
        self.desk.filled(form, self.say(N_("Asked. Another admin or an owner has to approve.")))

    def _approve(self, item: Item) -> None:
        happens = N_(
            "{count} accounts of {domain} are closed now and erased when their trash window is over: «{reason}»."
            " Until then each can be had back by itself. Those under a hold are left."
        )
        words = self.say(happens, count=item["accounts"], domain=item["domain"], reason=item["reason"])
        title = self.say(N_("Approve, as the second person?"))
        asked = Confirm(title, words, self.say(N_("Approve")), grave=True)
        path = f"{self.PLACE}/{item['id']}/approval"
        done = N_("Approved: the accounts are closed and wait for their erasure.")
        self.desk.sure(asked, lambda: self.desk.api.post(path), self.say(done))

    def _cancel(self, item: Item) -> None:
        happens = N_("Nobody can approve it any more; the {count} accounts stay as they are.")
        words = self.say(happens, count=item["accounts"])
        asked = Confirm(self.say(N_("Cancel this purge?")), words, self.say(N_("Cancel it")))
        path = f"{self.PLACE}/{item['id']}"
        self.desk.sure(asked, lambda: self.desk.api.delete(path), self.say(N_("Cancelled.")))


class Erasures(Waiting):
    """Each with the places that still hold something of it."""

    NAME, TITLE, ACTION, PLACE = "erasures", N_("Erasures"), "erasure.list", "/erasures"
    EMPTY = N_("Nothing was erased, and nothing waits for it.")
    KEYS = {UNDO: ("account.erase", N_("Keep it"))}  # noqa: RUF012 - a table of the class
    COLUMNS = (
        ("kind", N_("What"), 10),
        ("account", N_("Account"), 26),
        ("state", N_("State"), 12),
        ("due", N_("Due"), 16),
    )

    def row(self, item: Item) -> tuple[str, list[object]]:
        kind, state = self.say(KINDS[str(item["kind"])]), self._state(item)
        return item["id"], [kind, item["account"], state, moment(item["due_at"])]

    def _state(self, item: Item) -> str:
        return self.say(STATES[str(item["state"])])

    def facts(self, item: Item) -> Iterable[tuple[str, object]]:
        yield self.say(N_("Account")), item["account"]
        yield self.say(N_("State")), self._state(item)
        yield self.say(N_("Asked")), moment(item["requested_at"])
        yield self.say(N_("Due")), moment(item["due_at"])
        yield self.say(N_("Done")), moment(item["done_at"])
        blocked = item.get("blocked")
        if blocked:
            yield self.say(N_("Held by")), f"{blocked['basis']} ({day(blocked['ends_at'])})"
        for place in item.get("places") or ():
            yield place["place"], self.say(N_("{count} left"), count=place["left"])

    def can(self, key: str, item: Item | None) -> bool:
        return item is not None and item["kind"] == "account" and item["state"] == "requested"

    def tell(self, item: Item) -> None:
        super().tell(item)
        self._look(item["id"])

    @work(group="pages", exclusive=True)
    async def _look(self, erasure: str) -> None:
        """What is left at this moment."""
        try:
            found = await self.desk.api.get(f"{self.PLACE}/{quote(erasure, safe='')}")
        except Refusal:
            return
        self.query_one(Facts).tell(self.facts(found))

    def pressed(self, key: str, item: Item | None) -> None:
        if item is None:
            return
        happens = N_("The account {account} is again what it was before: mail is taken, and sign-in is open.")
        words = self.say(happens, account=item["account"])
        asked = Confirm(self.say(N_("Keep this account?")), words, self.say(N_("Keep it")))
        path = f"/accounts/{quote(item['account'], safe='')}/erasure"
        self.desk.sure(asked, lambda: self.desk.api.delete(path), self.say(N_("Kept.")))
