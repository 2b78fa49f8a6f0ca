"""What came of a notice, in the transaction that ends its job: the transcript, and what follows from it (D14).

notice.sent       at-once email 3 · daily 2026-11-22 email 1 · reminder url 1 · code email
notice.failed     the same with the problem's code at its end
notice.bounced    by e-mail, the code of the refusal; after three the address is no channel any more, and the
                  recipient is told in the mailbox
notice-url.paused nothing went there for a day: the recipient is told in the mailbox
ladder.unreached  the reminder of this step failed or came back: `bridge.channels.reminding`
"""

from dataclasses import replace
from functools import partial

from sqlmodel import Session

from bridge.channels import notice, outbox, reminding
from bridge.channels.outside.composing import Message
from bridge.mail.status_reports import Outcome, StatusReport
from bridge.notices.contact import ContactUnproved, NoticeUrlPaused
from storage.deliveries import deliveries, notices, transcript
from storage.deliveries.terms import Channel
from storage.people import accounts, contact_proofs, notice_urls

SENT = "notice.sent"
FAILED = "notice.failed"
EMAIL, URL = "email", "url"
NOBODY = 0
_REMINDER = 1 << 47


def sent(session: Session, now: int, *, message: Message, road: str, mark: str) -> None:
    """By `road`; `mark`: the day of a daily one, else empty."""
    if road == URL:
        notice_urls.worked(session, message.reader.account_id)
    notices.told(session, message.untold.delivery_ids, now)
    number = len(message.untold.delivery_ids)
    _note(session, now, message, SENT, road, [message.subject_matter, mark, road, str(number) if number else ""])


def failed(session: Session, now: int, *, message: Message, road: str, problem: str) -> None:
    """It will not be tried again by itself; a ladder goes on at once."""
    _note(session, now, message, FAILED, road, [message.subject_matter, road, problem])
    if message.delivery_id is not None and message.rung is not None:
        reminding.unreached(session, message.delivery_id, message.rung, now)


def after_url(outcome: outbox.Outcome, message: Message) -> outbox.Outcome:
    """What came of a notice by another way, or of none, once the notice URL took it at no attempt."""
    if not isinstance(outcome, outbox.Done | outbox.Failed):
        return outcome
    return replace(outcome, settle=partial(_url_failed, settle=outcome.settle, message=message))


def _url_failed(session: Session, now: int, *, settle: outbox.Settle, message: Message) -> None:
    settle(session, now)
    account_id = message.reader.account_id
    if notice_urls.failed(session, account_id, now):
        transcript.note(session, account_id, None, "notice-url.paused", now)
        notice.tell(session, accounts.by_id(session, account_id), NoticeUrlPaused(now), now)


def refused(session: Session, now: int, *, message: Message, problem: str) -> None:
    """By the mail server behind the address, for good."""
    failed(session, now, message=message, road=EMAIL, problem=problem)
    bounced(session, now, message.reader.account_id, message.order.address or message.reader.contact, problem)


def bounced(session: Session, now: int, account_id: int, address: str | None, code: str) -> None:
    """A notice came back, at once or days later. `address`: None for the one there is."""
    if contact_proofs.bounced(session, account_id, address, code, now):
        transcript.note(session, account_id, None, "contact.unverified", now, Channel.EMAIL)
        notice.tell(session, accounts.by_id(session, account_id), ContactUnproved(now), now)


def marked(message: Message) -> int:
    """The number in the bounce address of a notice: of the delivery where it reminds of one, else of the account; of
    neither where it goes to an address that is not the contact address now.
    """
    if message.order.address:
        return NOBODY
    if message.delivery_id is not None and message.rung is not None:
        return _REMINDER | message.delivery_id
    return message.reader.account_id


def returned(session: Session, number: int, report: StatusReport | None, now: int) -> None:
    """A report to the bounce address of a notice (`email.bounces`). `number`: see `marked`. NotFound."""
    if number == NOBODY or report is None or report.outcome is not Outcome.FAILED:
        return
    if not number & _REMINDER:
        bounced(session, now, number, None, report.code)
        return
    found = deliveries.get(session, number ^ _REMINDER)
    reminding.unreached(session, found.id, found.ladder_step, now)
    bounced(session, now, found.account_id, None, report.code)


def _note(session: Session, now: int, message: Message, kind: str, road: str, words: list[str]) -> None:
    account_id, delivery_id = message.reader.account_id, message.delivery_id
    channel = Channel.EMAIL if road == EMAIL else None
    transcript.note(session, account_id, delivery_id, kind, now, channel, " ".join(word for word in words if word))
