"""Rooms of an account: what is kept of it, and what became of it."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from textual.widget import Widget

from bridge.i18n import N_
from postex_tui.moments import as_epoch
from postex_tui.screens.dialogs import Ask, Confirm, Form, ShownOnce
from postex_tui.screens.office.accounts.rooms.room import Listing, Room
from postex_tui.screens.words.changes import CHANGERS, PARTICULARS
from postex_tui.screens.words.times import day, moment
from postex_tui.widgets.facts import Facts
from postex_tui.widgets.paged_grid import Item
from postex_tui.widgets.plain import Line


class Holds(Listing):
    """What the law keeps from being erased (S47)."""

    NAME, TITLE, ACTION = "holds", N_("Holds"), "hold.list"
    PLACE = "holds"
    KEYS = {"n": "hold.place", "d": "hold.lift"}  # noqa: RUF012 - a table of the class
    EMPTY = N_("No hold: what its owner or an admin erases goes. Press n to place one.")
    COLUMNS = (
        ("state", N_("State"), 9),
        ("basis", N_("Basis"), 24),
        ("reason", N_("Reason"), 30),
        ("placed", N_("Since"), 10),
        ("ends", N_("Until"), 10),
        ("document", N_("Document"), 18),
    )

    def row(self, item: Item) -> tuple[str, list[object]]:
        state = self.say(N_("in force") if item["in_force"] else N_("over"))
        since, until = (day(at) for at in (item["placed_at"], item["lifted_at"] or item["ends_at"]))
        return str(item["id"]), [state, item["basis"], item["reason"], since, until, item["document"]]

    def pressed(self, key: str) -> None:
        if key == "n":
            self._place()
        elif self.here is not None:
            self._lift(self.here)

    def fits(self, item: Item) -> bool:
        return bool(item["in_force"])

    def _place(self) -> None:
        asks = [
            Ask("basis", self.say(N_("Basis: the law or order")), hint=self.say(N_("such as: court order 12/345"))),
            Ask("reason", self.say(N_("Reason"))),
            Ask("ends", self.say(N_("Until (year-month-day)")), hint="2027-01-31"),
            Ask("document", self.say(N_("Of one document alone: its id (may stay empty)"))),
        ]
        explained = N_("Until that day nothing of {who} is erased: not by its owner, not by an admin, not by time.")
        title, verb = self.say(N_("Place a hold")), self.say(N_("Place"))
        form = Form(title, asks, verb, self.say(explained, who=self.detail.who), self._placed)
        self.detail.filled(form, self.say(N_("The hold is in force.")))

    async def _placed(self, values: Mapping[str, str]) -> Any:
        body: dict[str, object] = {name: values[name] for name in ("basis", "reason")}
        body |= {"ends_at": as_epoch(values["ends"]), "document": values["document"] or None}
        return await self.detail.api.post(f"{self.detail.path}/holds", body)

    def _lift(self, hold: Item) -> None:
        happens = N_("From now on what is held under «{basis}» can be erased again, and what waited for it goes.")
        asked = Confirm(
            self.say(N_("Lift this hold?")),
            self.say(happens, basis=hold["basis"]),
            self.say(N_("Lift")),
            grave=True,
        )
        self.detail.sure(asked, lambda: self.detail.api.delete(f"/holds/{hold['id']}"), self.say(N_("Lifted.")))


class Addresses(Listing):
    """Further addresses that deliver to it (D11)."""

    NAME, TITLE, ACTION = "addresses", N_("Addresses"), "alias.read"
    PLACE, WITHIN = "aliases", "aliases"
    KEYS = {"n": "alias.change", "d": "alias.change"}  # noqa: RUF012 - a table of the class
    EMPTY = N_("No address beside its own. Press n to add one.")
    COLUMNS = (
        ("address", N_("Address"), 34),
        ("only", N_("From this sender alone"), 28),
        ("label", N_("Label"), 16),
        ("since", N_("Since"), 10),
    )

    def row(self, item: Item) -> tuple[str, list[object]]:
        since = day(item["created_at"])
        return item["address"], [item["address"], item["only_from"], item["label"], since]

    def pressed(self, key: str) -> None:
        if key == "n":
            self._add()
        elif self.here is not None:
            self._remove(self.here["address"])

    def _add(self) -> None:
        asks = [
            Ask("address", self.say(N_("Address"))),
            Ask("only_from", self.say(N_("From this sender alone: an address, or @ and a domain (may stay empty)"))),
            Ask("label", self.say(N_("Label (may stay empty)"))),
        ]
        explained = self.say(N_("Mail to it is delivered to {who}."), who=self.detail.who)
        form = Form(self.say(N_("Another address")), asks, self.say(N_("Add")), explained, self._added)
        self.detail.filled(form, self.say(N_("The address delivers from now on.")))

    async def _added(self, values: Mapping[str, str]) -> Any:
        return await self.detail.api.post(
            f"{self.detail.path}/aliases", {name: value or None for name, value in values.items()}
        )

    def _remove(self, address: str) -> None:
        happens = self.say(N_("Mail to {address} is refused from now on."), address=address)
        asked = Confirm(self.say(N_("Remove this address?")), happens, self.say(N_("Remove")), grave=True)
        path = f"{self.detail.path}/aliases/{quote(address, safe='')}"
        self.detail.sure(asked, lambda: self.detail.api.delete(path), self.say(N_("Removed: {it}."), it=address))


class Changes(Listing):
    """Of what identifies a person; for a day they can be taken back (S48)."""

    NAME, TITLE, ACTION = "changes", N_("Changes"), "account.read"
    PLACE = "changes"
    KEYS = {"u": "account.change"}  # noqa: RUF012 - a table of the class
    COLUMNS = (
        ("when", N_("When"), 10),
        ("field", N_("What"), 16),
        ("by", N_("By"), 11),
        ("old", N_("Before"), 24),
        ("new", N_("After"), 24),
        ("undo", N_("Undo until"), 11),
    )

    def row(self, item: Item) -> tuple[str, list[object]]:
        undo = (moment(item["undo_until"]) or "")[5:] if item["can_be_undone"] else "–"
        undo = self.say(N_("undone")) if item["undone_at"] else undo
        field, by = self.say(PARTICULARS[item["field"]]), self.say(CHANGERS[item["changed_by"]])
        cells = [day(item["changed_at"]), field, by, item["old_value"] or "–", item["new_value"] or "–", undo]
        return str(item["id"]), cells

    def fits(self, item: Item) -> bool:
        return bool(item["can_be_undone"])

    def pressed(self, key: str) -> None:
        change = self.here
        if change is None:
            return
        happens = N_("{field} of {who} is again: {old}. A message in the mailbox tells of it.")
        field = self.say(PARTICULARS[change["field"]])
        asked = Confirm(
            self.say(N_("Undo this change?")),
            self.say(happens, field=field.capitalize(), who=self.detail.who, old=change["old_value"] or "–"),
            self.say(N_("Undo")),
        )
        path = f"{self.detail.path}/changes/{change['id']}/undo"
        self.detail.sure(asked, lambda: self.detail.api.post(path), self.say(N_("Undone.")))


class Deliveries(Listing):
    """What became of its documents: metadata alone, never a subject."""

    NAME, TITLE, ACTION = "deliveries", N_("Deliveries"), "delivery.list"
    PLACE = "deliveries"
    KEYS = {"w": "delivery.explain"}  # noqa: RUF012 - a table of the class
    COLUMNS = (
        ("at", N_("When"), 16),
        ("type", N_("Type"), 10),
        ("channel", N_("Channel"), 9),
        ("state", N_("State"), 11),
        ("document", N_("Document"), 20),
    )

    def row(self, item: Item) -> tuple[str, list[object]]:
        kept = (item[name] for name in ("type", "channel", "state", "document"))
        return item["id"], [moment(item["decided_at"]), *kept]

    def pressed(self, key: str) -> None:
        if self.here is not None:
            path = f"{self.detail.path}/deliveries/{quote(self.here['document'], safe='')}/explanation"
            self.detail.act(lambda: self.detail.api.get(path), self._explained)

    def _explained(self, answer: Any) -> None:
        title = self.say(N_("Why this channel?"))
        steps = "\n".join(f"{number}. {step}" for number, step in enumerate(answer["steps"], 1))
        self.detail.post.push_screen(ShownOnce(title, steps, self.say(N_("Read"))))


class Erasure(Room):
    """Whether it is being erased; then what is left, place by place, and the receipt (S55, S56)."""

    NAME, TITLE, ACTION = "erasure", N_("Erasure"), "erasure.list"
    KEYS = {"u": "account.erase", "x": "erasure.list"}  # noqa: RUF012 - a table of the class
    _content: Mapping[str, Any] | None = None

    def contents(self) -> Iterable[Widget]:
        yield Facts(id="erasure-facts")
        yield Line("", lines=True, id="erasure-places")

    async def fetch(self) -> Any:
        listed = await self.detail.api.get(f"{self.detail.path}/erasures")
        whole = [each for each in listed if each["kind"] == "account"]
        return await self.detail.api.get(f"/erasures/{quote(whole[0]['id'], safe='')}") if whole else None

    def show(self, content: Any) -> None:
        self._content = content
        facts, places = self.query_one(Facts), self.query_one("#erasure-places", Line)
        if content is None:
            facts.say(self.say(N_("Nobody asked for its erasure.")))
            places.say("")
            return
        blocked = content["blocked"] and f"{moment(content['blocked']['ends_at'])} ({content['blocked']['basis']})"
        waits = content["state"] == "requested"
        facts.tell(
            [
                (self.say(N_("State")), self.say(ERASING[content["state"]])),
                (self.say(N_("Asked for")), moment(content["requested_at"])),
                (self.say(N_("Can be had back until")), moment(content["due_at"]) if waits else None),
                (self.say(N_("A hold keeps it until")), blocked),
                (self.say(N_("Done")), moment(content["done_at"])),
            ]
        )
        places.say("\n".join(self._places(content)))

    def _places(self, content: Mapping[str, Any]) -> list[str]:
        receipt = content["receipt"] and content["receipt"]["content"]
        left = content["places"] or (receipt and receipt["places"]) or ()
        lines = [f"  {each['place']:<32} {each['left']}" for each in left if each["left"] or receipt]
        if receipt:
            lines = [self.say(N_("Counted in every live place, and left there:")), *lines]
            lines += [self.say(N_("No backup can be read after:"))]
            lines += [f"  {what:<32} {moment(at)}" for what, at in receipt["backups"].items()]
        return [self.say(N_("Left at this moment:")), *lines] if lines and not receipt else lines

    def can(self, key: str) -> bool:
        content = self._content
        return content is not None and (
            content["receipt"] is not None if key == "x" else content["state"] == "requested"
        )

    def pressed(self, key: str) -> None:
        if key == "u":
            self.detail.keep()
        elif self._content is not None:
            self.detail.save_receipt(self._content)


ERASING = {
    "requested": N_("waits for the end of its trash window"),
    "begun": N_("under way; nobody can open it any more"),
    "done": N_("done"),
    "cancelled": N_("taken back"),
    "left": N_("not done"),
}
