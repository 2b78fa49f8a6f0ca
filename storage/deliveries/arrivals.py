"""A hand-in as it was decided, in one transaction: document, copies, decisions, outbox jobs (design.md, decision 7).

`accept` is `documents.deliver` for those whose decision lets the document in, and a row of `delivery` for everyone.
Whoever refuses has no copy, no wrap and no key.
"""

import os
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sqlmodel import Session

from storage.choices import correspondents
from storage.deliveries import jobs, outbox_keys
from storage.deliveries.terms import Channel, Decided
from storage.engine import statements
from storage.mail import documents
from storage.mail.documents import DeliveryDraft
from storage.records import Delivered

_DELIVERY = (
    "INSERT INTO delivery (public_id, document_id, document_public_id, account_id, correspondent_id, batch_id,"
    " document_type, sensitivity, decided_at, channel, state, reasons, notify, language, receipts, message_tag,"
    " wants_mdn, dsn, reply_by, expires_at, ladder, ladder_step, ladder_due_at, needs_key, erase_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?) RETURNING id"
)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What `accept` stores."""

    draft: DeliveryDraft
    """Sealed to every reader, refusing ones included: they are left out here."""
    decided: Mapping[int, Decided] = field(repr=False)
    """By account, one for each reader of the draft."""
    correspondent: correspondents.Key | None
    outbox_public: bytes
    batch_id: int | None = None


def accept(session: Session, acceptance: Acceptance, now: int) -> Delivered:
    """Errors and duplicates as `documents.deliver`; a duplicate leaves nothing new at all."""
    draft = _without_refusals(acceptance)
    correspondent_id = _correspondent_id(session, acceptance)
    delivered = documents.deliver(session, draft, now, correspondent_id)
    if delivered.duplicate:
        return delivered
    document_id = _document_id(session, delivered.document_public_id)
    for decided in acceptance.decided.values():
        _note(session, acceptance, decided, document_id, correspondent_id, now)
    if draft.sealed.outbox_wrap is not None and any(each.needs_key for each in acceptance.decided.values()):
        outbox_keys.put(session, document_id, draft.sealed.outbox_wrap)
    return delivered


def refuse(session: Session, acceptance: Acceptance, now: int) -> None:
    """Everybody refused: the decisions are kept, nothing of the document. Its body file is the caller's to drop."""
    correspondent_id = _correspondent_id(session, acceptance)
    for decided in acceptance.decided.values():
        _note(session, acceptance, decided, None, correspondent_id, now)


def _correspondent_id(session: Session, acceptance: Acceptance) -> int | None:
    key = acceptance.correspondent
    return None if key is None else correspondents.note(session, key)


def _without_refusals(acceptance: Acceptance) -> DeliveryDraft:
    """Each copy in the folder that was decided."""
    draft = acceptance.draft
    kept = [
        (reader, wrap, acceptance.decided[reader.account_id].mailbox_id or reader.inbox_id)
        for reader, wrap in zip(draft.recipients, draft.sealed.wraps, strict=True)
        if acceptance.decided[reader.account_id].channel is not Channel.REFUSE
    ]
    readers, wraps, mailbox_ids = zip(*kept, strict=True)
    return replace(draft, sealed=replace(draft.sealed, wraps=wraps), recipients=readers, mailbox_ids=mailbox_ids)


def _document_id(session: Session, public_id: str) -> int:
    found = statements.row(session, "SELECT id FROM document WHERE public_id = ?", (public_id,))
    assert found is not None
    return int(found[0])


def _note(
    session: Session,
    acceptance: Acceptance,
    decided: Decided,
    document_id: int | None,
    correspondent_id: int | None,
    now: int,
) -> None:
    public_id = urlsafe_b64encode(os.urandom(12)).decode()
    made = statements.row(
        session,
        _DELIVERY,
        (
            public_id,
            None if decided.channel is Channel.REFUSE else document_id,
            acceptance.draft.sealed.public_id,
            decided.account_id,
            correspondent_id,
            acceptance.batch_id,
            decided.document_type,
            decided.sensitivity,
            now,
            decided.channel,
            decided.state,
            decided.reasons,
            decided.notify,
            decided.language,
            decided.receipts,
            decided.message_tag,
            decided.wants_mdn,
            decided.dsn,
            decided.reply_by,
            decided.expires_at,
            str(decided.ladder) or None,
            decided.ladder_due_at,
            decided.needs_key,
            decided.erase_at,
        ),
    )
    assert made is not None
    for job in decided.jobs:
        prefix, delivery_id = ("", None) if job.of_account else (f"{public_id}:", made[0])
        owner = {"account_id": decided.account_id, "delivery_id": delivery_id}
        jobs.queue(session, acceptance.outbox_public, job, now, prefix=prefix, **owner)
