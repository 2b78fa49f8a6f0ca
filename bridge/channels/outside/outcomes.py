"""What came of a notice, in the transaction that ends its job: the transcript, and what follows from it (D14).

notice.sent       at-once email 3 · daily 2026-11-22 email 1 · reminder url 1 · code email
notice.failed     the same with the problem's code at its end
notice.bounced    by e-mail, the code of the refusal; after three the address is no channel any more, and the
                  recipient is told in the mailbox
"""

from sqlmodel import Session

from bridge.channels import notice
from bridge.channels.outside.composing import Message
from bridge.mail.status_reports import Outcome, StatusReport
from bridge.notices.contact import ContactUnproved
from storage.deliveries import notices, transcript
from storage.deliveries.terms import Channel
from storage.people import accounts, contact_proofs

SENT = "notice.sent"
FAILED = "notice.failed"
EMAIL, URL = "email", "url"


def sent(session: Session, now: int, *, message: Message, road: str, mark: str) -> None:
    """By `road`; `mark`: the day of a daily one, else empty."""
    notices.told(session, message.untold.delivery_ids, now)
    number = len(message.untold.delivery_ids)
    _note(session, now, message, SENT, road, [message.subject_matter, mark, road, str(number) if number else ""])


def failed(session: Session, now: int, *, message: Message, road: str, problem: str) -> None:
    """It will not be tried again by itself."""
    _note(session, now, message, FAILED, road, [message.subject_matter, road, problem])


def refused(session: Session, now: int, *, message: Message, problem: str) -> None:
    """By the mail server behind the address, for good."""
    failed(session, now, message=message, road=EMAIL, problem=problem)
    bounced(session, now, message.reader.account_id, message.order.address or message.reader.contact, problem)


def bounced(session: Session, now: int, account_id: int, address: str | None, code: str) -> None:
    """A notice came back, at once or days later. `address`: None for the one there is."""
    if contact_proofs.bounced(session, account_id, address, code, now):
        transcript.note(session, account_id, None, "contact.unverified", now, Channel.EMAIL)
        notice.tell(session, accounts.by_id(session, account_id), ContactUnproved(now), now)


def returned(session: Session, number: int, report: StatusReport | None, now: int) -> None:
    """A report to the bounce address of a notice (`email.bounces`). `number`: of the account, 0 for none."""
    if number and report is not None and report.outcome is Outcome.FAILED:
        bounced(session, now, number, None, report.code)


def _note(session: Session, now: int, message: Message, kind: str, road: str, words: list[str]) -> None:
    account_id, delivery_id = message.reader.account_id, message.delivery_id
    channel = Channel.EMAIL if road == EMAIL else None
    transcript.note(session, account_id, delivery_id, kind, now, channel, " ".join(word for word in words if word))
