"""Rooms: questions to the desks of a domain (S5, S31), and mailboxes opened by two people (S66)."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from bridge.i18n import N_
from postex_tui.moments import as_epoch
from postex_tui.screens.dialogs import Ask, Confirm, ShownOnce
from postex_tui.screens.office.requests.waiting import CHANGE, END, NEW, OPEN, Waiting
from postex_tui.screens.words.times import moment
from postex_tui.widgets.paged_grid import Item

STATES = {
    "requested": N_("asked for"),
    "approved": N_("agreed to"),
    "open": N_("open"),
    "ended": N_("ended"),
    "lapsed": N_("lapsed"),
    "revoked": N_("taken back"),
}


class Tickets(Waiting):
    """What people asked support, privacy and postmaster."""

    NAME, TITLE, ACTION, PLACE = "tickets", N_("Questions"), "ticket.list", "/tickets"
    EMPTY = N_("No question waits for an answer. Press o for those that are closed.")
    KEYS = {  # noqa: RUF012 - a table of the class
        CHANGE: ("ticket.change", N_("Answer")),
        END: ("ticket.change", N_("Close it")),
        OPEN: ("ticket.list", N_("Open/closed")),
    }
    COLUMNS = (
        ("number", N_("Number"), 14),
        ("desk", N_("Desk"), 24),
        ("writer", N_("From"), 24),
        ("opened", N_("Asked"), 16),
    )
    closed = False

    def filters(self) -> dict[str, str]:
        return {"state": "closed" if self.closed else "open"}

    def row(self, item: Item) -> tuple[str, list[object]]:
        writer = item["writer"] or self.say(N_("somebody outside"))
        return item["number"], [item["number"], f"{item['desk']}@{item['domain']}", writer, moment(item["opened_at"])]

    def facts(self, item: Item) -> Iterable[tuple[str, object]]:
        yield self.say(N_("Number")), item["number"]
        yield self.say(N_("Desk")), f"{item['desk']}@{item['domain']}"
        yield self.say(N_("From")), item["writer"] or self.say(N_("somebody outside"))
        yield self.say(N_("Asked")), moment(item["opened_at"])
        yield self.say(N_("Closed")), moment(item["closed_at"])
        where = N_("in your own mailbox, with this number in its comments")
        yield self.say(N_("The question")), self.say(where)

    def can(self, key: str, item: Item | None) -> bool:
        if key == OPEN:
            return True
        is_open = item is not None and item["closed_at"] is None
        return is_open and (key != CHANGE or item["writer"] is not None)  # type: ignore[index]

    def pressed(self, key: str, item: Item | None) -> None:
        if key == OPEN:
            self.closed = not self.closed
            self.desk.reload()
        elif item is not None:
            self._answer(item) if key == CHANGE else self._close(item)

    def _answer(self, item: Item) -> None:
        async def answered(values: Mapping[str, str]) -> Any:
            body = {"text": values["text"], "keep_open": bool(values["keep_open"])}
            return await self.desk.api.post(f"{self.PLACE}/{quote(item['number'], safe='')}/answer", body)

        happens = N_("The answer comes into the mailbox of {writer}; nothing of it is kept elsewhere.")
        asks = [
            Ask("text", self.say(N_("Answer"))),
            Ask("keep_open", self.say(N_("There is more to come: leave it open")), tick=True),
        ]
        form = self.form(
            N_("Answer a question"), asks, N_("Send"), self.say(happens, writer=item["writer"]), answered
        )
        self.desk.filled(form, self.say(N_("Answered: {number}."), number=item["number"]))

    def _close(self, item: Item) -> None:
        happens = N_("The question {number} is closed without a further answer. It is kept for a year.")
        asked = Confirm(
            self.say(N_("Close this question?")), self.say(happens, number=item["number"]), self.say(N_("Close it"))
        )
        path = f"{self.PLACE}/{quote(item['number'], safe='')}/close"
        done = N_("Closed: {number}.")
        self.desk.sure(asked, lambda: self.desk.api.post(path), self.say(done, number=item["number"]))


class BreakGlass(Waiting):
    """Access to somebody's mailbox, for a reason and for hours."""

    NAME, TITLE, ACTION, PLACE = "break-glass", N_("Access by two"), "break-glass.list", "/break-glass"
    EMPTY = N_("Nobody asked to open a mailbox.")
    KEYS = {  # noqa: RUF012 - a table of the class
        NEW: ("break-glass.request", N_("Ask")),
        CHANGE: ("break-glass.approve", N_("Agree")),
        OPEN: ("break-glass.open", N_("Open it")),
        END: ("break-glass.revoke", N_("Take back")),
    }
    COLUMNS = (
        ("id", N_("No."), 5),
        ("mailbox", N_("Mailbox"), 26),
        ("state", N_("State"), 12),
        ("reason", N_("Reason"), 30),
    )

    def row(self, item: Item) -> tuple[str, list[object]]:
        mailbox = item["email"] or item["account"]
        return str(item["id"]), [item["id"], mailbox, self.say(STATES[item["state"]]), item["reason"] or ""]

    def facts(self, item: Item) -> Iterable[tuple[str, object]]:
        yield self.say(N_("Mailbox")), item["email"] or item["account"]
        yield self.say(N_("State")), self.say(STATES[item["state"]])
        if item["state"] == "requested" and item["requested_by"] == self.me:
            yield self.say(N_("Waits for")), self.say(N_("another admin or an owner: nobody agrees to their own"))
        yield self.say(N_("Reason")), item["reason"]
        yield self.say(N_("Hours")), item["hours"]
        yield self.say(N_("Asked")), moment(item["requested_at"])
        yield self.say(N_("Agreed to")), moment(item["approved_at"])
        yield self.say(N_("Open until")), moment(item["ends_at"])
        if item["state"] in ("requested", "approved"):
            yield self.say(N_("Lapses")), moment(item["lapses_at"])
        yield self.say(N_("Law against telling")), item["bar_basis"]
        yield self.say(N_("Told on")), moment(item["told_at"] or item["bar_until"])

    def can(self, key: str, item: Item | None) -> bool:
        if key == NEW or item is None:
            return key == NEW
        own = item["requested_by"] == self.me
        match key:
            case "e":
                return bool(item["state"] == "requested" and not own)
            case "o":
                return bool(item["state"] == "approved" and own)
            case _:
                return item["state"] in ("requested", "approved", "open")

    def pressed(self, key: str, item: Item | None) -> None:
        if key == NEW:
            self._ask()
        elif item is not None:
            {CHANGE: self._agree, OPEN: self._open, END: self._revoke}[key](item)

    def _ask(self) -> None:
        async def asked(values: Mapping[str, str]) -> Any:
            body: dict[str, object] = {
                "account": values["account"],
                "reason": values["reason"],
                "hours": int(values["hours"]),
            }
            if values["bar_basis"] or values["bar_until"]:
                until = as_epoch(values["bar_until"]) if values["bar_until"] else None
                body |= {"bar_basis": values["bar_basis"] or None, "bar_until": until}
            return await self.desk.api.post(self.PLACE, body)

        hours = [(str(number), str(number)) for number in (1, 2, 4, 8, 24, 72)]
        asks = [
            Ask("account", self.say(N_("Address of the mailbox"))),
            Ask("reason", self.say(N_("Reason, which its owner reads"))),
            Ask("hours", self.say(N_("Hours it is open")), "4", options=hours),
            Ask("bar_basis", self.say(N_("A law that forbids to tell its owner (may stay empty)"))),
            Ask("bar_until", self.say(N_("until this day")), hint="2027-01-31"),
        ]
        happens = N_("Nothing is opened before a second person agrees, within 72 hours. Its owner is told then.")
        form = self.form(N_("Ask to open a mailbox"), asks, N_("Ask"), self.say(happens), asked)
        self.desk.filled(form, self.say(N_("Asked. Another admin or an owner has to agree.")))

    def _agree(self, item: Item) -> None:
        tells = N_("Its owner gets a message at once, with your name and this reason.")
        barred = N_("By the law that was named its owner is told only on {day}.")
        told = self.say(tells if item["bar_until"] is None else barred, day=(moment(item["bar_until"]) or "")[:10])
        happens = N_("Who asked may read the mailbox {mailbox} for {hours} hours: «{reason}».")
        words = self.say(
            happens, mailbox=item["email"] or item["account"], hours=item["hours"], reason=item["reason"] or ""
        )
        asked = Confirm(
            self.say(N_("Agree, as the second person?")), f"{words}\n\n{told}", self.say(N_("Agree")), grave=True
        )
        path = f"{self.PLACE}/{item['id']}/approval"
        self.desk.sure(asked, lambda: self.desk.api.post(path), self.say(N_("Agreed to.")))

    def _open(self, item: Item) -> None:
        told = N_("Its owner gets a message that it was opened, why, by which role and until when.")
        barred = N_("Its owner is told when the law that forbids it ends.")
        happens = N_(
            "You get a password, shown once, with which a mail program reads {mailbox} for {hours} hours and nothing"
            " else. Each sign-in stands in the audit log."
        )
        words = self.say(happens, mailbox=item["email"] or item["account"], hours=item["hours"])
        told_words = self.say(told if item["bar_until"] is None else barred)
        title, verb = self.say(N_("Open the mailbox now?")), self.say(N_("Open it"))
        asked = Confirm(title, f"{words}\n\n{told_words}", verb, grave=True)
        path = f"{self.PLACE}/{item['id']}/opening"
        self.desk.sure(asked, lambda: self.desk.api.post(path), self._opened)

    def _opened(self, made: Mapping[str, Any]) -> str:
        words = N_("User: {user}\nPassword: {password}\n\nReads until {until} (UTC). It is not shown again.")
        content = self.say(
            words, user=made["username"], password=made["password"], until=moment(made["ends_at"]) or ""
        )
        shown = ShownOnce(self.say(N_("The mailbox is open")), content, self.say(N_("I have it")))
        self.desk.post.push_screen(shown)
        return self.say(N_("Open."))

    def _revoke(self, item: Item) -> None:
        happens = N_("The access to {mailbox} ends within a second; a request is withdrawn. To go on, ask anew.")
        words = self.say(happens, mailbox=item["email"] or item["account"])
        asked = Confirm(self.say(N_("Take it back?")), words, self.say(N_("Take back")), grave=True)
        path = f"{self.PLACE}/{item['id']}"
        self.desk.sure(asked, lambda: self.desk.api.delete(path), self.say(N_("Taken back.")))
