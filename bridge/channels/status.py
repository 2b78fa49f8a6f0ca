"""Delivery status to senders: into the sender's own mailbox, in the transaction of what it tells of (RFC 3461, 3464).

    told = status.of_arrival(decided, wishes)                        what is known when a document came in
    report = await status.placed(store, About(…), told, now)         sealed to the sender, before the transaction
    await store.write(status.accept, Handed(acceptance, report), now)

    status.tell(session, delivery, Event.PRINTED, now)               later, inside the write of the event

Contract. Only senders with an account here are told, nobody by mail to the outside: there is no backscatter. What a
report says follows from what the recipient chose before and from channels; never from whether or when the recipient
opened the document.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session

from bridge.channels import mailbox
from bridge.channels.sealing import seal
from bridge.mail.reports import Action, DeliveryReport, write_delivery
from bridge.mail.status_wishes import Returned, Wish
from bridge.mail.writing import Letter, Person
from bridge.notices import reports as words_of
from bridge.notices.rendering import LOCAL_PART, SENDER, Words
from bridge.notices.reports import Event
from storage.choices import correspondents
from storage.database import Store
from storage.deliveries import arrivals
from storage.deliveries.arrivals import Acceptance
from storage.deliveries.deliveries import Delivery
from storage.deliveries.terms import Channel, Decided, DeliveryState
from storage.engine.changes import drop_body
from storage.errors import NotFound
from storage.mail import documents
from storage.mail.documents import DeliveryDraft
from storage.people import accounts
from storage.records import Account, AccountState, Delivered, Recipient

Told = Sequence[tuple[Wish, Event]]
OF_ARRIVAL = {Channel.MAILBOX: Event.DELIVERED, Channel.REFUSE: Event.REFUSED}
_WITHOUT_MAILBOX = frozenset({AccountState.CLOSED, AccountState.ERASED})


@dataclass(frozen=True, slots=True)
class About:
    """The document of a report."""

    public_id: str
    arrived_at: int
    message_id: str | None = field(default=None, repr=False)
    header: bytes = field(default=b"", repr=False)
    """As received."""
    whole: bytes | None = field(default=None, repr=False)
    """The message, where it is to come back with a failure."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A hand-in and the report of it."""

    acceptance: Acceptance
    report: DeliveryDraft | None


def of_arrival(decided: Mapping[int, Decided], wishes: Mapping[int, Wish]) -> Told:
    """What the sender wants to be told at once; nothing of what is held, or on its way to a third party."""
    found = [
        (wishes[account_id], OF_ARRIVAL[each.channel])
        for account_id, each in decided.items()
        if account_id in wishes and each.channel in OF_ARRIVAL and each.state is not DeliveryState.HELD
    ]
    return [(wish, event) for wish, event in found if words_of.is_wanted(wish, event)]


async def placed(store: Store, sender_id: int, about: About, told: Told, now: int) -> DeliveryDraft | None:
    """The report, sealed, its body in place; None if there is nothing to tell or nobody to tell it to."""
    found = store.look_up(sender, sender_id) if told else None
    if found is None:
        return None
    account, reader = found
    place = await mailbox.placed_beside(store, _message(account, about, told, now), (reader,))
    return mailbox.inbox_draft(place, (reader,), None, None, now)


def accept(session: Session, handed: Handed, now: int) -> Delivered:
    """`arrivals.accept` and its report; a hand-in that had come before is not told again."""
    delivered = arrivals.accept(session, handed.acceptance, now)
    if handed.report is not None and not delivered.duplicate:
        documents.deliver(session, handed.report, now)
    elif handed.report is not None and handed.report.body_name is not None:
        drop_body(session, handed.report.body_name)
    return delivered


def tell(session: Session, delivery: Delivery, event: Event, now: int) -> None:
    """Half a millisecond of the writer's time, where the sender wants to be told."""
    wish = None if delivery.dsn is None else Wish.parse(delivery.dsn)
    if wish is None or delivery.correspondent_id is None or not words_of.is_wanted(wish, event):
        return
    sender_id = correspondents.get(session, delivery.correspondent_id).account_id
    if sender_id is not None:
        about = About(delivery.document_public_id, delivery.decided_at)
        tell_together(session, sender_id, about, [(wish, event)], now)


def tell_together(session: Session, sender_id: int, about: About, told: Told, now: int) -> None:
    """Of several recipients of one document, all of which the sender wants to be told of."""
    found = sender(session, sender_id)
    if found is None:
        return
    account, reader = found
    sealed = seal(_message(account, about, told, now), [reader])
    size = len(sealed.sealed_body) + len(sealed.sealed_card)
    documents.deliver(session, DeliveryDraft(sealed, (reader,), (reader.inbox_id,), now, size, actor="system"), now)


def sender(session: Session, account_id: int) -> tuple[Account, Recipient] | None:
    """Where reports go; None: there is no mailbox any more."""
    try:
        account = accounts.by_id(session, account_id)
    except NotFound:
        return None
    reader = None if account.state in _WITHOUT_MAILBOX else accounts.recipient(session, account.email)
    return None if reader is None else (account, reader)


def _message(account: Account, about: About, told: Told, now: int) -> bytes:
    words, statuses = Words(account.locale), [words_of.status(wish, event) for wish, event in told]
    text = words_of.text(words, about.public_id, about.arrived_at, told)
    failed = any(each.action is Action.FAILED for each in statuses)
    whole = about.whole is not None and failed and told[0][0].returned is Returned.FULL
    report = DeliveryReport(
        letter=letter(account, words_of.subject(words, statuses), text, now),
        reporter=account.email.rpartition("@")[2],
        arrived_at=about.arrived_at,
        statuses=statuses,
        envelope_id=told[0][0].envelope_id,
        returned=about.whole if whole and about.whole is not None else about.header,
        is_whole=whole,
        message_id=about.message_id,
    )
    return write_delivery(report, boundary())


def letter(account: Account, subject: str, text: str, now: int) -> Letter:
    """From Postex at the account's domain to its primary address."""
    domain = account.email.rpartition("@")[2]
    return Letter(
        sender=Person(f"{LOCAL_PART}@{domain}", SENDER),
        recipient=Person(account.email, account.name),
        subject=subject,
        text=text,
        language=account.locale,
        at=now,
        message_id=f"{secrets.token_hex(16)}@{domain}",
    )


def boundary() -> str:
    return secrets.token_hex(16)
