"""Something told to one address outside, by a job queued in the transaction of what it tells of (S11, S48)."""

import os
from dataclasses import dataclass, field
from typing import Self

from sqlmodel import Session

from bridge.settings import Settings
from storage.database import Store
from storage.deliveries import jobs
from storage.deliveries.terms import JobKind, NewJob
from storage.keys.outbox import OutboxKey
from storage.people import particulars


@dataclass(frozen=True, slots=True)
class Keys:
    outbox_public: bytes
    proofs: bytes = field(repr=False)
    """For the HMAC of codes."""

    @classmethod
    def of(cls, store: Store) -> Self:
        return cls(OutboxKey.of(store.server_keys.outbox).public_key, store.server_keys.pepper)


def has_mail(settings: Settings) -> bool:
    """Whether notices can go by e-mail at all."""
    return bool(settings.relay.host or settings.notice_relay.host)


def queue(session: Session, keys: Keys, account_id: int, order: bytes, now: int) -> None:
    """`order`: of `routing.orders`, with the address that it goes to."""
    job = NewJob(JobKind.NOTICE, f"outside:{account_id}:{os.urandom(8).hex()}", now, order, of_account=True)
    jobs.queue(session, keys.outbox_public, job, now, account_id=account_id)


def proved_address(session: Session, account_id: int) -> str | None:
    """The contact address, if it is verified."""
    known = particulars.of_account(session, account_id)
    return None if known.contact_email_verified_at is None else known.contact_email
