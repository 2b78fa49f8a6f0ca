"""Choosing how documents of a sender come: one field a line, and below them in words what will happen (S42, S78).

Contract. Only what was changed is sent; a field that is emptied says nothing any more at its level. Channels by which
third parties carry a document are agreed to before the choice is made, in words.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bridge.i18n import LANGUAGES, N_
from postex_tui.answers import Refusal
from postex_tui.language import Say
from postex_tui.moments import as_epoch
from postex_tui.screens.choosing import UNSAID, days_of, ladder_asks, ladder_of, ladder_wanted
from postex_tui.screens.dialogs import Ask, Confirm
from postex_tui.screens.pairs import PairForm
from postex_tui.screens.words.choices import (
    CHANNELS,
    NOTIFY,
    STEPS,
    ladder_words,
    level_name,
    sender_name,
    value_words,
)

OWN = "/accounts/me/preferences"
CARRIERS = N_(
    "Third parties carry documents this way: they see what they carry, and it cannot be called back. You can take"
    " your agreement back at any time, under History: what comes after that stays here."
)
NOT_AGREED = N_("Nothing was changed: this way needs your agreement.")
HAPPENS = {
    "mailbox": N_("Documents lie in your mailbox."),
    "external": N_("Documents go on to your mailbox elsewhere, whose provider can read them; a copy stays here."),
    "email": N_("Documents go by e-mail, and whoever carries it can read along; a copy stays here."),
    "paper": N_("Documents are printed and posted: printer and carrier see them; a copy stays here."),
    "refuse": N_("Documents are refused: the sender is told, and nothing of them is kept."),
}
NOTICES = {
    "none": N_("No notice is sent."),
    "at-once": N_("A notice without contents is sent at once."),
    "daily": N_("A notice without contents is sent once a day."),
}


class ChoiceForm(PairForm):
    """`row`: of the API's effects, the level that is changed."""

    def __init__(self, row: Mapping[str, Any], mandatory: Sequence[str], say: Say) -> None:
        self.row, self._mandatory = row, mandatory
        title = say(N_("How it comes: {what}"), what=level_name(row, say))
        super().__init__(title, list(_asks(row, say)), say(N_("Save")), submit=self._chosen)

    def will(self, values: Mapping[str, str]) -> str:
        return " ".join(_will(values, self.row, self._mandatory, self.say))

    async def _chosen(self, values: Mapping[str, str]) -> Any:
        body = changed(values, self.row, self.say)
        if not body:
            raise Refusal("nothing-chosen", self.say(N_("Nothing is different yet.")))
        body |= {"sender": _reference(self.row["sender"]), "type": self.row["type"], "road": "tui"}
        try:
            return await self.api.patch(OWN, body)
        except Refusal as refusal:
            if refusal.code != "carriers-not-accepted":
                raise
        agreed = Confirm(self.say(N_("Others will carry it")), self.say(CARRIERS), self.say(N_("I agree")))
        if not await self.post.push_screen_wait(agreed):
            raise Refusal("not-agreed", self.say(NOT_AGREED))
        return await self.api.patch(OWN, {**body, "accept_carriers": True})


def _asks(row: Mapping[str, Any], say: Say) -> Iterable[Ask]:
    own, decided = row["own"] or {}, row["decided"]
    text = {name: "" if value is None else str(value) for name, value in own.items()}

    def unsaid(name: str) -> tuple[str, str]:
        shown = value_words(name, decided, say) if own.get(name) is None else say(N_("as otherwise"))
        return say(N_("not chosen here ({value})"), value=shown), UNSAID

    def options(name: str, words: Mapping[str, str]) -> list[tuple[str, str]]:
        return [unsaid(name), *((say(word), value) for value, word in words.items())]

    yield Ask("channel", say(N_("Channel")), text.get("channel", ""), options=options("channel", CHANNELS))
    yield Ask("folder", say(N_("Folder")), text.get("folder", ""), say(N_("inbox, or such as Energy/2026")))
    yield Ask("notify", say(N_("Notice")), text.get("notify", ""), options=options("notify", NOTIFY))
    yield Ask("quiet", say(N_("Quiet hours")), text.get("quiet", ""), say(N_("such as 22:00-07:00")))
    yield from ladder_asks(own.get("ladder"), unsaid("ladder"), say)
    keep = say(N_("days; 0: until it is erased"))
    yield Ask("retention_days", say(N_("Kept (days)")), text.get("retention_days", ""), keep)
    answers = [(say(N_("yes")), "True"), (say(N_("no")), "False")]
    learns = [unsaid("receipts"), *answers]
    yield Ask("receipts", say(N_("May learn of opening")), text.get("receipts", ""), options=learns)
    yield Ask("until", say(N_("… until (a day)")), "", say(N_("may stay empty; such as 2027-01-31")))
    if row["sender"] is not None:
        yield Ask("language", say(N_("Language")), text.get("language", ""), options=options("language", LANGUAGES))


def changed(values: Mapping[str, str], row: Mapping[str, Any], say: Say) -> dict[str, Any]:
    """Of a request: fields that are to say something else, and those that are to say nothing. Refusal."""
    own, wanted = row["own"] or {}, _wanted(values, say)
    body = {name: value for name, value in wanted.items() if value is not None and value != own.get(name)}
    cleared = [name for name, value in wanted.items() if value is None and _says(own, name)]
    if values["until"]:
        body |= {"receipts": wanted["receipts"], "receipts_until": as_epoch(values["until"])}
    return body | ({"clear": cleared} if cleared else {})


def _says(own: Mapping[str, Any], name: str) -> bool:
    return own.get(name) is not None or (name == "folder" and bool(own.get("folder_set")))


def _wanted(values: Mapping[str, str], say: Say) -> dict[str, Any]:
    """By field of the API; None: nothing is said."""
    plain = {name: values.get(name) or None for name in ("channel", "folder", "notify", "quiet", "language")}
    receipts = {"True": True, "False": False}.get(values["receipts"])
    return {
        **plain,
        "ladder": ladder_wanted(values, say),
        "retention_days": days_of(values["retention_days"], say),
        "receipts": receipts,
    }


def _reference(sender: Mapping[str, Any] | None) -> str:
    """By which the API knows it: its number, or the address of one that is new."""
    if sender is None:
        return "any"
    return f"#{sender['id']}" if sender["id"] is not None else str(sender["addresses"][0])


def _will(values: Mapping[str, str], row: Mapping[str, Any], mandatory: Sequence[str], say: Say) -> Iterable[str]:
    """What will happen, a sentence each."""
    who = sender_name(row["sender"], say)
    channel = values["channel"]
    if channel:
        yield say(HAPPENS[channel])
    else:
        yield say(N_("The channel of {who} is not chosen here: what is less specific decides."), who=who)
    if channel == "refuse" and mandatory:
        yield say(N_("Types that your domain lets nobody refuse come all the same."))
    if channel == "mailbox" and values["folder"]:
        yield say(N_("They go into the folder {folder}."), folder=values["folder"])
    if values["notify"]:
        yield say(NOTICES[values["notify"]])
    if values["ladder"] == STEPS and _is_ladder(ladder_of(values)):
        yield say(N_("Unread: {steps}."), steps=ladder_words(ladder_of(values), say))
    if values["retention_days"] not in ("", "0"):
        yield say(N_("Each is erased {days} days after it came."), days=values["retention_days"])
    if values["receipts"] == "True":
        yield say(N_("The sender learns when you opened it."))


def _is_ladder(text: str) -> bool:
    return bool(text) and all(rung.partition(":")[0].isdigit() for rung in text.split())
