"""What preferences are called: channels, notices, ladders, types, and where a choice comes from."""

from collections.abc import Mapping
from typing import Any

from bridge.i18n import LANGUAGES, N_
from postex_tui.language import Say
from postex_tui.terminal.safe_text import safe_text

CHANNELS = {
    "mailbox": N_("mailbox"),
    "external": N_("mailbox elsewhere"),
    "email": N_("e-mail"),
    "paper": N_("paper"),
    "refuse": N_("refused"),
}
NOTIFY = {"none": N_("none"), "at-once": N_("at once"), "daily": N_("once a day")}
TYPES = {
    "letter": N_("letter"),
    "invoice": N_("invoice"),
    "reminder": N_("payment reminder"),
    "payslip": N_("payslip"),
    "contract": N_("contract"),
    "notice": N_("official notice"),
    "newsletter": N_("newsletter"),
    "other": N_("other document"),
}
RUNGS = {
    "remind": N_("day {day}: reminder"),
    "email": N_("day {day}: by e-mail"),
    "paper": N_("day {day}: on paper"),
}
STEPS = "steps"
"""Of the form: a ladder whose days are given."""
FIELDS = {
    "channel": N_("Channel"),
    "folder": N_("Folder"),
    "notify": N_("Notice"),
    "quiet": N_("Quiet hours"),
    "ladder": N_("If it stays unread"),
    "retention_days": N_("Kept"),
    "receipts": N_("Sender learns when it is opened"),
    "language": N_("Language"),
}
"""In the order in which they are shown."""
HINDRANCES = {
    "mandatory": N_("this type cannot be refused"),
    "address-not-verified": N_("no verified e-mail address"),
    "no-postal-address": N_("no postal address"),
    "paper-returned": N_("paper came back"),
    "no-external-mailbox": N_("no mailbox elsewhere"),
    "sender-not-verified": N_("nobody vouches for the sender"),
    "outside-europe": N_("leads out of Europe"),
    "carriers-declined": N_("carriers not agreed to"),
    "leaves-at-once": N_("it leaves at once"),
    "kept-for-ladder": N_("kept for the last step"),
    "no-carrier": N_("no relay or printer here"),
    "no-notice-address": N_("no address for notices"),
    "no-notice-relay": N_("no notices by e-mail here"),
    "tells-why": N_("it may not leave; you are told"),
    "automatic-mail": N_("a program wrote it"),
    "not-registered": N_("has not registered yet"),
}
"""What stood in the way of a choice, by its code; shown as it is where it is none of these."""
LONGEST = 40
"""Characters of a sender's name within a sentence."""


def sender_name(sender: Mapping[str, Any] | None, say: Say) -> str:
    """As it is called in a list or a sentence."""
    return say(N_("All senders")) if sender is None else safe_text(sender["name"], LONGEST)


def level_name(level: Mapping[str, Any], say: Say) -> str:
    """Of a sender and a type: `Energie BV, payslip`."""
    name = sender_name(level["sender"], say)
    return name if level["type"] is None else f"{name}, {say(TYPES[level['type']])}"


def ladder_words(ladder: str, say: Say) -> str:
    """Such as `day 3: reminder, day 14: on paper`."""
    rungs = (rung.partition(":") for rung in ladder.split())
    return ", ".join(say(RUNGS[kind], day=day) for day, _, kind in rungs) or say(N_("nothing is done"))


def value_words(field: str, choice: Mapping[str, Any], say: Say) -> str:
    """Of a field that says something."""
    value = choice[field]
    match field:
        case "channel":
            return say(CHANNELS[value])
        case "notify":
            return say(NOTIFY[value])
        case "ladder":
            return ladder_words(value, say)
        case "folder":
            own = say(N_("a folder of the recipient's own"))
            return value or (own if choice["folder_set"] else say(N_("inbox")))
        case "retention_days":
            return say(N_("{days} days"), days=value) if value else say(N_("until it is erased"))
        case "receipts":
            return say(N_("yes") if value else N_("no"))
        case "language":
            return LANGUAGES.get(value, str(value))
    return value or say(N_("none"))


def said_fields(choice: Mapping[str, Any]) -> list[str]:
    """Fields of which a level says something itself."""
    return [name for name in FIELDS if choice[name] is not None or (name == "folder" and choice["folder_set"])]


def said(choice: Mapping[str, Any] | None, say: Say) -> str:
    """All that a level says itself: `Channel: paper; Kept: 30 days`."""
    named = [] if choice is None else said_fields(choice)
    words = "; ".join(f"{say(FIELDS[name])}: {value_words(name, choice or {}, say)}" for name in named)
    return words or say(N_("nothing"))
