"""A hand-in as it was decided, in one transaction: document, copies, decisions, outbox jobs (design.md, decision 7).

`accept` is `documents.deliver` for those whose decision lets the document in, and a row of `delivery` for everyone.
Whoever refuses has no copy, no wrap and no key; whoever has the same document of the same sender already does not get
it again (`repetitions`). A document of a batch is kept without copies and jobs until its sender commits (`batches`).
"""

import os
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlmodel import Session

from storage.choices import correspondents
from storage.deliveries import batches, jobs, outbox_keys, repetitions, superseding
from storage.deliveries.terms import Channel, Decided
from storage.engine import statements
from storage.engine.changes import drop_body
from storage.mail import documents
from storage.mail.documents import DeliveryDraft
from storage.records import Delivered

_DELIVERY = (
    "INSERT INTO delivery (public_id, document_id, document_public_id, account_id, correspondent_id, batch_id,"
    " document_type, sensitivity, decided_at, channel, state, reasons, notify, language, receipts, message_tag,"
    " wants_mdn, dsn, reply_by, expires_at, ladder, ladder_step, ladder_due_at, needs_key, erase_at, content_tag)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?) RETURNING id"
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
    batch: str | None = None
    """Name of the sender's batch that holds it."""
    content_tag: bytes | None = field(default=None, repr=False)
    """The same for the same body from the same sender."""
    superseded: Mapping[int, tuple[bytes, ...]] = field(default_factory=dict, repr=False)
    """By account, message tags of earlier documents that this one takes the place of."""


def accept(session: Session, acceptance: Acceptance, now: int) -> Delivered:
    """Errors and duplicates as `documents.deliver`; a duplicate leaves nothing new at all.

    Conflict: the batch it names is committed or cancelled already.
    """
    correspondent_id = _correspondent_id(session, acceptance)
    had = _had_before(session, acceptance, correspondent_id, now)
    draft = _for_the_others(acceptance, had)
    if draft is None:
        return _nothing_new(session, acceptance, had)
    batch_id = _batch_id(session, acceptance, now)
    delivered = documents.deliver(session, draft, now, correspondent_id, held=batch_id is not None)
    if delivered.document_id is not None:
        noted = [each for each in acceptance.decided.values() if each.account_id not in had]
        filing = _Filing(draft, correspondent_id, batch_id, delivered.document_id)
        _note_all(session, acceptance, noted, filing, now)
    return delivered


@dataclass(frozen=True, slots=True)
class _Filing:
    """What the rows of one hand-in have in common."""

    draft: DeliveryDraft
    correspondent_id: int | None
    batch_id: int | None = None
    document_id: int | None = None
    """None: nothing of it is kept."""


def _note_all(session: Session, acceptance: Acceptance, noted: Sequence[Decided], filing: _Filing, now: int) -> None:
    """Of a document that is kept."""
    document_id, outbox_wrap = filing.document_id, filing.draft.sealed.outbox_wrap
    assert document_id is not None
    for decided in noted:
        _note(session, acceptance, decided, filing, now)
    if outbox_wrap is not None and any(each.needs_key for each in noted):
        outbox_keys.put(session, document_id, outbox_wrap)
    if filing.correspondent_id is not None:
        for account_id, tags in acceptance.superseded.items():
            superseding.mark(session, account_id, filing.correspondent_id, tags, document_id, now)


def _had_before(
    session: Session, acceptance: Acceptance, correspondent_id: int | None, now: int
) -> Mapping[int, str]:
    """Readers who have this very document already, and which one it was."""
    if acceptance.content_tag is None or correspondent_id is None:
        return {}
    tags = {each.account_id: each.message_tag for each in acceptance.decided.values() if each.message_tag is not None}
    return repetitions.known(session, correspondent_id, tags, acceptance.content_tag, acceptance.batch, now)


def _nothing_new(session: Session, acceptance: Acceptance, had: Mapping[int, str]) -> Delivered:
    if acceptance.draft.body_name is not None:
        drop_body(session, acceptance.draft.body_name)
    return Delivered(next(iter(had.values())), (), duplicate=True)


def _batch_id(session: Session, acceptance: Acceptance, now: int) -> int | None:
    sender_id = acceptance.draft.sender_account_id
    if acceptance.batch is None or sender_id is None:
        return None
    return batches.joined(session, sender_id, acceptance.batch, now)


def refuse(session: Session, acceptance: Acceptance, now: int) -> None:
    """Everybody refused: the decisions are kept, nothing of the document. Its body file is the caller's to drop."""
    correspondent_id = _correspondent_id(session, acceptance)
    filing = _Filing(acceptance.draft, correspondent_id)
    for decided in acceptance.decided.values():
        _note(session, acceptance, decided, filing, now)


def _correspondent_id(session: Session, acceptance: Acceptance) -> int | None:
    key = acceptance.correspondent
    return None if key is None else correspondents.note(session, key)


def _for_the_others(acceptance: Acceptance, had: Mapping[int, str]) -> DeliveryDraft | None:
    """Each copy in the folder that was decided, for those who neither refuse nor had it; None if there are none."""
    draft = acceptance.draft
    if not had and all(_is_plain(each) for each in acceptance.decided.values()):
        return draft
    kept = [
        (reader, wrap, acceptance.decided[reader.account_id].mailbox_id or reader.inbox_id)
        for reader, wrap in zip(draft.recipients, draft.sealed.wraps, strict=True)
        if acceptance.decided[reader.account_id].channel is not Channel.REFUSE and reader.account_id not in had
    ]
    if not kept:
        return None
    readers, wraps, mailbox_ids = zip(*kept, strict=True)
    return replace(draft, sealed=replace(draft.sealed, wraps=wraps), recipients=readers, mailbox_ids=mailbox_ids)


def _is_plain(decided: Decided) -> bool:
    """As most are: into the inbox, where the draft puts it."""
    return decided.mailbox_id is None and decided.channel is not Channel.REFUSE


def _note(session: Session, acceptance: Acceptance, decided: Decided, filing: _Filing, now: int) -> None:
    public_id = urlsafe_b64encode(os.urandom(12)).decode()
    document = None if decided.channel is Channel.REFUSE else filing.document_id
    filed = (
        document,
        acceptance.draft.sealed.public_id,
        decided.account_id,
        filing.correspondent_id,
        filing.batch_id,
    )
    made = statements.row(session, _DELIVERY, (public_id, *filed, *_said(decided, now), acceptance.content_tag))
    assert made is not None
    jobs.queue_decided(session, acceptance.outbox_public, decided, made[0], public_id, now)


def _said(decided: Decided, now: int) -> tuple[statements.Value, ...]:
    """The columns of a decision, from `document_type` to `erase_at`."""
    return (
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
    )
