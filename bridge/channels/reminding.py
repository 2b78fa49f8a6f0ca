"""Reminders of one unread document that leave the bridge, and what follows where one reached nobody (D3, D14).

A reminder that failed, or came back days later, is no reminder: it lies in the mailbox instead, and a next step that
takes the document to its reader comes at once. A next step that only reminds keeps its own day: the same way would
fail again, while an address may be put right by then.
"""

import re

from sqlmodel import Session

from bridge import notices
from bridge.channels import notice
from bridge.routing import decision, orders
from bridge.routing.decision import Document, Places, Sender
from storage.choices import preferences
from storage.deliveries import deliveries, ladder_runs, transcript
from storage.deliveries.deliveries import Delivery
from storage.deliveries.terms import DeliveryState, Rung
from storage.people import accounts

UNREACHED = "ladder.unreached"
_UNREAD = (DeliveryState.WAITING, DeliveryState.DELIVERED, DeliveryState.LEAVING)
"""Of a document whose latest step was a reminder; the last one: an earlier step's e-mail still waits."""
_KEY = re.compile(rf":ladder:(\d+):{Rung.REMIND}\Z")


def order(session: Session, found: Delivery, places: Places) -> bytes | None:
    """What goes outside, in the hours of its recipient; None: nothing reaches this one outside the mailbox."""
    applying = preferences.applying(session, [found.account_id], found.correspondent_id)[found.account_id]
    reader = applying.reader
    if not (reader.has_notice_url or (reader.contact_verified and places.notices_by_email)):
        return None
    sender, document = Sender(found.correspondent_id, verified=True), Document(found.document_type)
    decided = decision.decide(reader, applying.preferences, sender, document, places)
    return orders.reminder(decided.quiet)


def inside(session: Session, found: Delivery, next_at: int | None, now: int) -> None:
    """In the mailbox. `next_at`: of the next step; None: there is none."""
    notice.tell(
        session, accounts.by_id(session, found.account_id), notices.StillUnread(found.decided_at, next_at), now
    )


def rung_of(key: str) -> int | None:
    """Which step of a ladder a job reminds for, from 1; None: it is no such job."""
    found = _KEY.search(key)
    return None if found is None else int(found[1])


def unreached(session: Session, delivery_id: int, number: int, now: int) -> None:
    """The reminder of step `number` reached nobody. Once for each; nothing where the document was read or
    superseded meanwhile, or the ladder has gone on. NotFound.
    """
    found = deliveries.get(session, delivery_id)
    if not _is_latest(found, number) or _is_settled(session, delivery_id, number):
        return
    transcript.note(session, found.account_id, delivery_id, UNREACHED, now, found.channel, str(number))
    next_at = ladder_runs.hasten(session, found, now)
    inside(session, found, next_at, now)


def _is_latest(found: Delivery, number: int) -> bool:
    """Whether it is the last thing that was done, and the document still lies unread."""
    last = [rung for _, rung in found.ladder.rungs[number - 1 : number] if found.ladder_step == number]
    waits = found.state in _UNREAD and found.opened_at is None
    return waits and last == [Rung.REMIND]


def _is_settled(session: Session, delivery_id: int, number: int) -> bool:
    """Whether that was noted before, or nothing is to be said of the document any more."""
    lines = transcript.of_delivery(session, delivery_id)
    noted = any(line.kind == UNREACHED and line.detail == str(number) for line in lines)
    return noted or any(line.kind == transcript.SUPERSEDED for line in lines)
