"""The rooms of History: preferences, consents, notices and hand-offs, particulars."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import DataTable

from bridge.i18n import N_
from postex_tui.connection import Connection
from postex_tui.language import Say
from postex_tui.screens.dialogs import Confirm
from postex_tui.screens.words.changes import BY_YOU, PARTICULARS, ROADS
from postex_tui.screens.words.choices import CHANNELS, TYPES, level_name, said, sender_name
from postex_tui.screens.words.times import minute
from postex_tui.widgets.paged_grid import Item, PagedGrid
from postex_tui.widgets.plain import Line, Pane

OWN = "/accounts/me"
PURPOSES = {
    "receipts": N_("may learn what you opened"),
    "carriers": N_("others may carry documents"),
    "notice-sender": N_("notices may name the sender"),
}
EVENTS = {
    "notice.sent": N_("a notice went out"),
    "notice.failed": N_("a notice could not go out"),
    "notice.undeliverable": N_("a notice came back"),
    "email.handed-off": N_("it went by e-mail"),
    "email.failed": N_("e-mail could not take it"),
    "external.handed-off": N_("it went to your mailbox elsewhere"),
    "external.failed": N_("your mailbox elsewhere did not take it"),
    "paper.handed-off": N_("it went to the printer"),
    "paper.failed": N_("it could not be printed"),
    "paper.returned": N_("the letter came back"),
    "hand-over.told": N_("you were told that it left"),
    "ladder.remind": N_("a reminder, because it was unread"),
    "ladder.email": N_("by e-mail, because it was unread"),
    "ladder.paper": N_("on paper, because it was unread"),
    "ladder.stopped": N_("no further steps"),
    "ladder.unreached": N_("a reminder reached nobody outside"),
    "document.superseded": N_("a later document took its place"),
    "contact.unverified": N_("your e-mail address no longer counts as confirmed"),
    "notice-url.paused": N_("your address for programs was paused"),
}
"""Of the transcript; what is none of these is shown as it is."""


class Past(Pane):
    """One list, newest first. `ACT`: what can be done with a line, by the name of the screen's action."""

    NAME: ClassVar[str]
    TITLE: ClassVar[str]
    COLUMNS: ClassVar[tuple[tuple[str, str, int], ...]]
    EMPTY: ClassVar[str] = N_("Nothing yet.")
    ACT: ClassVar[str | None] = None
    DONE: ClassVar[str] = N_("Undone.")

    class Moved(Message):
        """The cursor is on another line."""

    def __init__(self, say: Say, api: Connection) -> None:
        super().__init__(say(self.TITLE), id=self.NAME)
        self.say, self.api = say, api

    def compose(self) -> ComposeResult:
        yield Line(self.say(self.EMPTY), classes="none", lines=True)
        yield PagedGrid([(key, self.say(title), width) for key, title, width in self.COLUMNS], self.row)

    @property
    def grid(self) -> PagedGrid:
        return self.query_one(PagedGrid)

    @property
    def here(self) -> Item | None:
        """What the cursor is on."""
        grids = self.query(PagedGrid)
        return grids.first().here if grids else None

    async def page(self, after: str | None) -> Mapping[str, Any]:
        raise NotImplementedError

    def row(self, item: Item) -> tuple[str, Sequence[object]]:
        raise NotImplementedError

    def show(self, page: Mapping[str, Any]) -> None:
        self.set_class(not self.grid.begin(page, self.page), "bare")

    @on(DataTable.RowHighlighted)
    def _moved(self) -> None:
        self.post_message(self.Moved())

    def note(self, item: Item) -> str:
        """What does not fit in its line."""
        return ""

    def can_act(self, item: Item) -> bool:
        return False

    def asked(self, item: Item) -> Confirm:
        raise NotImplementedError

    async def acted(self, item: Item) -> Any:
        raise NotImplementedError


class Chosen(Past):
    """Preferences: old and new, when, by whom, on which road (S15)."""

    NAME, TITLE, ACT = "chosen", N_("Preferences"), "undo"
    COLUMNS = (
        ("at", N_("When"), 10),
        ("what", N_("For"), 20),
        ("new", N_("Chosen"), 26),
        ("by", N_("By"), 6),
        ("road", N_("Through"), 14),
    )

    async def page(self, after: str | None) -> Mapping[str, Any]:
        found: Mapping[str, Any] = await self.api.get(f"{OWN}/preferences/history", after=after, limit=100)
        return found

    def row(self, item: Item) -> tuple[str, Sequence[object]]:
        key = f"{item['batch']}/{item['road']}/{item['sender'] and item['sender']['id']}/{item['type']}"
        by, road = self.say(BY_YOU[item["changed_by"]]), self.say(ROADS[item["road"]])
        new = said(item["new"], self.say)
        undone = self.say(N_("(undone) {new}"), new=new) if item["undone_at"] is not None else new
        return key, [minute(item["changed_at"])[:10], level_name(item, self.say), undone, by, road]

    def note(self, item: Item) -> str:
        lines = [
            f"{minute(item['changed_at'])} UTC",
            self.say(N_("Before: {what}"), what=said(item["old"], self.say)),
            self.say(N_("After: {what}"), what=said(item["new"], self.say)),
        ]
        if self.can_act(item):
            lines.append(self.say(N_("Can be undone until {when}: u."), when=minute(item["undo_until"])))
        return "\n".join(lines)

    def can_act(self, item: Item) -> bool:
        return bool(item["can_be_undone"]) and item["road"] != "undo"

    def asked(self, item: Item) -> Confirm:
        happens = self.say(
            N_("{what} is again: {old} (now: {new})."),
            what=level_name(item, self.say),
            old=said(item["old"], self.say),
            new=said(item["new"], self.say),
        )
        return Confirm(self.say(N_("Undo this change?")), happens, self.say(N_("Undo")))

    async def acted(self, item: Item) -> Any:
        body = {"batch": item["batch"], "road": "tui"}
        return await self.api.post(f"{OWN}/preferences/undo", body)


class Agreed(Past):
    """Consents: to what, to whom, until when; taken back at once (S35, S58)."""

    NAME, TITLE, ACT = "agreed", N_("Consents"), "withdraw"
    EMPTY = N_("You have agreed to nothing: nothing is shared.")
    DONE = N_("Withdrawn, from this moment.")
    COLUMNS = (
        ("state", N_("State"), 7),
        ("what", N_("What"), 40),
        ("to", N_("To"), 18),
        ("since", N_("Since"), 10),
        ("until", N_("Until"), 10),
    )

    async def page(self, after: str | None) -> Mapping[str, Any]:
        """The list comes whole."""
        found = await self.api.get(f"{OWN}/consents")
        return {"items": found["consents"], "next": None}

    def row(self, item: Item) -> tuple[str, Sequence[object]]:
        state = self.say(N_("holds") if item["holds"] else N_("over"))
        ends = item["withdrawn_at"] or item["ends_at"]
        since, until = minute(item["granted_at"])[:10], "" if ends is None else minute(ends)[:10]
        return str(item["id"]), [state, self._what(item), self._to(item), since, until]

    def _what(self, item: Item) -> str:
        scope = item["scope"]
        words = self.say(PURPOSES[item["purpose"]]) if item["purpose"] in PURPOSES else item["purpose"]
        known = CHANNELS | TYPES
        return words if scope is None else f"{words}: {self.say(known[scope]) if scope in known else scope}"

    def _to(self, item: Item) -> str:
        return "–" if item["purpose"] == "carriers" else sender_name(item["sender"], self.say)

    def can_act(self, item: Item) -> bool:
        return bool(item["holds"])

    def asked(self, item: Item) -> Confirm:
        happens = self.say(
            N_("From this moment it no longer holds: {what} ({to})."), what=self._what(item), to=self._to(item)
        )
        if item["purpose"] == "carriers":
            happens += " " + self.say(
                N_("What comes after that stays in your mailbox, and so does what waits to leave.")
            )
        return Confirm(self.say(N_("Withdraw this consent?")), happens, self.say(N_("Withdraw")))

    async def acted(self, item: Item) -> Any:
        return await self.api.delete(f"{OWN}/consents/{item['id']}")


class Done(Past):
    """What was done for one's documents: notices, hand-offs, steps for unread ones (D14)."""

    NAME, TITLE = "done", N_("Notices")
    EMPTY = N_("No notice was sent and nothing left the house yet.")
    COLUMNS = (
        ("at", N_("When"), 10),
        ("kind", N_("What"), 30),
        ("channel", N_("Channel"), 12),
        ("detail", N_("Detail"), 10),
        ("document", N_("Document"), 18),
    )

    async def page(self, after: str | None) -> Mapping[str, Any]:
        found: Mapping[str, Any] = await self.api.get("/me/transcript", after=after, limit=100)
        return found

    def row(self, item: Item) -> tuple[str, Sequence[object]]:
        kind = self.say(EVENTS[item["kind"]]) if item["kind"] in EVENTS else item["kind"]
        channel = self.say(CHANNELS[item["channel"]]) if item["channel"] else ""
        return str(item["id"]), [minute(item["at"])[:10], kind, channel, item["detail"] or "", item["document"] or ""]


class Particulars(Past):
    """What identifies me: changes, and undo while it lasts (S48)."""

    NAME, TITLE, ACT = "particulars", N_("About me"), "undo"
    COLUMNS = (
        ("at", N_("When"), 10),
        ("field", N_("What"), 12),
        ("by", N_("By"), 9),
        ("old", N_("Before"), 20),
        ("new", N_("After"), 20),
    )

    async def page(self, after: str | None) -> Mapping[str, Any]:
        """The list comes whole: the last hundred."""
        return {"items": await self.api.get(f"{OWN}/changes"), "next": None}

    def row(self, item: Item) -> tuple[str, Sequence[object]]:
        values = [item[name] or "–" for name in ("old_value", "new_value")]
        by = self.say(BY_YOU[item["changed_by"]])
        field = self.say(PARTICULARS[item["field"]])
        return str(item["id"]), [minute(item["changed_at"])[:10], field, by, *values]

    def note(self, item: Item) -> str:
        if item["undone_at"] is not None:
            return self.say(N_("Undone on {when}."), when=minute(item["undone_at"]))
        if item["can_be_undone"]:
            return self.say(N_("Can be undone until {when}: u."), when=minute(item["undo_until"]))
        return self.say(N_("Values are forgotten once a change cannot be undone any more."))

    def can_act(self, item: Item) -> bool:
        return bool(item["can_be_undone"])

    def asked(self, item: Item) -> Confirm:
        happens = self.say(
            N_("Your {field} is again: {old}. A message in your mailbox tells of it."),
            field=self.say(PARTICULARS[item["field"]]),
            old=item["old_value"] or "–",
        )
        return Confirm(self.say(N_("Undo this change?")), happens, self.say(N_("Undo")))

    async def acted(self, item: Item) -> Any:
        return await self.api.post(f"/me/changes/{item['id']}/undo")


ROOMS: tuple[type[Past], ...] = (Chosen, Agreed, Done, Particulars)
