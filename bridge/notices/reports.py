"""The words of reports to senders: one line a recipient, in the sender's language; for programs: `mail.reports`."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from bridge.i18n import N_
from bridge.mail.reports import Action, Status
from bridge.mail.status_wishes import Notify, Wish
from bridge.mail.writing import flat
from bridge.notices.rendering import Words

SUBJECTS = {
    Action.FAILED: N_("Not delivered to everybody"),
    Action.DELAYED: N_("Delivery takes longer"),
    Action.RELAYED: N_("Handed on"),
    Action.DELIVERED: N_("Delivered"),
}
"""The gravest of a report comes first."""
ABOUT = N_("About the document {document}, which you handed in on {at}:")
OPENED_SUBJECT = N_("Opened")
OPENED = N_(
    "{address} opened the document {document}, which you handed in on {handed_in_at}, on {at}. You are told because"
    " the recipient agreed to it; whether it was read and understood is not known."
)


class Event(StrEnum):
    """What of a document is reported."""

    DELIVERED = "delivered"
    EMAILED = "emailed"
    MOVED_ON = "moved-on"
    PRINTED = "printed"
    KEPT = "kept"
    """Its channel gave up: it stays in the mailbox alone."""
    RETURNED = "returned"
    """Likewise, after its sender may have been told that it was handed on."""
    REFUSED = "refused"
    DELAYED = "delayed"


class _Meaning(NamedTuple):
    asked: Notify
    action: Action
    code: str
    line: str
    diagnostic: str | None = None


_MEANINGS = {
    Event.DELIVERED: _Meaning(
        Notify.SUCCESS, Action.DELIVERED, "2.0.0", N_("{address}: it lies in the recipient's mailbox.")
    ),
    Event.EMAILED: _Meaning(
        Notify.SUCCESS,
        Action.RELAYED,
        "2.0.0",
        N_("{address}: it was handed to an e-mail relay, as the recipient chose."),
    ),
    Event.MOVED_ON: _Meaning(
        Notify.SUCCESS,
        Action.RELAYED,
        "2.0.0",
        N_("{address}: it was handed to a mailbox elsewhere, as the recipient chose."),
    ),
    Event.PRINTED: _Meaning(
        Notify.SUCCESS,
        Action.DELIVERED,
        "2.0.0",
        N_("{address}: it was handed to the printer, as the recipient chose."),
    ),
    Event.KEPT: _Meaning(
        Notify.SUCCESS,
        Action.DELIVERED,
        "2.0.0",
        N_("{address}: it could not be handed on as the recipient chose, and lies in the recipient's mailbox."),
    ),
    Event.RETURNED: _Meaning(
        Notify.FAILURE,
        Action.FAILED,
        "5.0.0",
        N_("{address}: what was handed on as the recipient chose came back; it lies in the recipient's mailbox."),
        "550 5.0.0 what was handed on came back",
    ),
    Event.REFUSED: _Meaning(
        Notify.FAILURE,
        Action.FAILED,
        "5.7.1",
        N_("{address}: the recipient takes no documents of this kind from you."),
        "550 5.7.1 the recipient takes no documents of this kind from you",
    ),
    Event.DELAYED: _Meaning(
        Notify.DELAY, Action.DELAYED, "4.4.0", N_("{address}: it could not be handed on yet; it is tried again.")
    ),
}


def is_wanted(wish: Wish, event: Event) -> bool:
    """Whether the sender asked to be told of it."""
    return wish.wants(_MEANINGS[event].asked)


def status(wish: Wish, event: Event) -> Status:
    """For programs."""
    meaning = _MEANINGS[event]
    return Status(wish.to, meaning.action, meaning.code, wish.original, meaning.diagnostic)


def subject(words: Words, statuses: Sequence[Status]) -> str:
    """By the gravest."""
    found = {each.action for each in statuses}
    return next(words(text) for action, text in SUBJECTS.items() if action in found)


def text(words: Words, document: str, at: int, told: Sequence[tuple[Wish, Event]]) -> str:
    """A line for each recipient."""
    lines = [words(_MEANINGS[event].line, address=flat(wish.to)) for wish, event in told]
    return "\n\n".join([words(ABOUT, document=document, at=words.moment(at)), "\n".join(lines)])
