"""Deliveries: one document for one reader, from the decision to its end (S14, D3, D9).

Opened ≠ downloaded: `downloaded` notes that bytes left for a mail client, `opened` that the reader has read or
handled the document. Opening ends the ladder, cancels what waits in the outbox for the ladder, and takes the server's
own way to the document away. Each function appends to the transcript what the reader may want to know.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from storage.deliveries import outbox_keys, transcript
from storage.deliveries.terms import Channel, DeliveryState, DocumentType, Ladder, Notify, Sensitivity
from storage.engine import statements
from storage.errors import NotFound

_COLUMNS = (
    "delivery.id, delivery.public_id, document_id, document_public_id, delivery.account_id, correspondent_id,"
    " batch_id, document_type, sensitivity, decided_at, channel, state, reasons, notify, language, receipts, wants_mdn, dsn,"
    " reply_by, expires_at, downloaded_at, opened_at, ladder, ladder_step, ladder_due_at, needs_key, erase_at,"
    " ended_at"
)
_OPENED = (
    "UPDATE delivery SET opened_at = ?, downloaded_at = coalesce(downloaded_at, ?), ladder_due_at = NULL,"
    " needs_key = CASE WHEN state = 'leaving' THEN needs_key ELSE 0 END,"
    " state = CASE WHEN state IN ('waiting', 'delivered', 'failed') THEN 'opened' ELSE state END"
    " WHERE account_id = ? AND opened_at IS NULL AND state <> 'refused' AND document_id IN (?*)"
    " RETURNING id, document_id, ladder IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class Delivery:
    id: int
    public_id: str
    document_id: int | None
    document_public_id: str
    account_id: int
    correspondent_id: int | None
    batch_id: int | None
    document_type: DocumentType
    sensitivity: Sensitivity | None
    decided_at: int
    channel: Channel
    state: DeliveryState
    reasons: str | None
    notify: Notify
    language: str
    receipts: bool
    wants_mdn: bool
    dsn: str | None
    reply_by: int | None
    expires_at: int | None
    downloaded_at: int | None
    opened_at: int | None
    ladder: Ladder
    ladder_step: int
    ladder_due_at: int | None
    needs_key: bool
    erase_at: int | None
    ended_at: int | None


def get(session: Session, delivery_id: int) -> Delivery:
    """NotFound."""
    found = statements.row(session, f"SELECT {_COLUMNS} FROM delivery WHERE id = ?", (delivery_id,))  # noqa: S608
    if found is None:
        raise NotFound("delivery")
    return as_delivery(found)


def of_document(session: Session, account_id: int, document_public_id: str) -> Delivery:
    """The delivery of a document to a reader, named by what the 250 told its sender. NotFound."""
    found = statements.row(
        session,
        f"SELECT {_COLUMNS} FROM delivery WHERE account_id = ? AND document_public_id = ? ORDER BY id LIMIT 1",  # noqa: S608
        (account_id, document_public_id),
    )
    if found is None:
        raise NotFound("delivery")
    return as_delivery(found)


def downloaded(session: Session, account_id: int, document_ids: Sequence[int], now: int) -> None:
    """Bytes of the body left for a program of the reader: says nothing about a person."""
    for marks, part in statements.chunks(document_ids):
        statements.run(
            session,
            "UPDATE delivery SET downloaded_at = ?"
            f" WHERE account_id = ? AND downloaded_at IS NULL AND document_id IN ({marks})",
            (now, account_id, *part),
        )


def opened(session: Session, account_id: int, document_ids: Sequence[int], now: int) -> None:
    """The reader has read or handled these documents."""
    for marks, part in statements.chunks(document_ids):
        found = statements.rows(session, _OPENED.replace("?*", marks), (now, now, account_id, *part))
        for delivery_id, _, had_ladder in found:
            _drop_ladder_jobs(session, delivery_id)
            if had_ladder:
                transcript.note(session, account_id, delivery_id, "ladder.stopped", now)
        outbox_keys.destroy_needless(session, [document_id for _, document_id, _ in found])


def handed_off(session: Session, delivery_id: int, channel: Channel, now: int, detail: str | None = None) -> None:
    """A third party has it. The server's own way to the document ends here. NotFound."""
    found = get(session, delivery_id)
    statements.run(
        session,
        "UPDATE delivery SET state = ?, ended_at = ?, ladder_due_at = NULL WHERE id = ?",
        (DeliveryState.HANDED_OFF, now, delivery_id),
    )
    outbox_keys.give_up(session, delivery_id)
    transcript.note(session, found.account_id, delivery_id, f"{channel}.handed-off", now, channel, detail)


def failed(session: Session, delivery_id: int, channel: Channel, problem: str, now: int) -> None:
    """A channel gave up: the next rung of the ladder is due at once; without one the mailbox is all. NotFound."""
    found = get(session, delivery_id)
    has_next = found.opened_at is None and found.ladder_step < len(found.ladder.rungs)
    statements.run(
        session,
        "UPDATE delivery SET state = ?, ladder_due_at = ? WHERE id = ?",
        (DeliveryState.WAITING if has_next else DeliveryState.FAILED, now if has_next else None, delivery_id),
    )
    if not has_next:
        outbox_keys.give_up(session, delivery_id)
    transcript.note(session, found.account_id, delivery_id, f"{channel}.failed", now, channel, problem)


def _drop_ladder_jobs(session: Session, delivery_id: int) -> None:
    """What the ladder has queued and nobody has begun: the reader was quicker."""
    statements.run(
        session,
        "DELETE FROM job WHERE delivery_id = ? AND state = 'waiting' AND step IS NULL AND key LIKE '%:ladder:%'",
        (delivery_id,),
    )


def as_delivery(row: statements.Row) -> Delivery:
    """From the columns above, in their order."""
    values = list(row)
    values[7] = DocumentType(values[7])
    values[8] = None if values[8] is None else Sensitivity(values[8])
    values[10], values[11], values[13] = Channel(values[10]), DeliveryState(values[11]), Notify(values[13])
    values[15], values[16], values[25] = bool(values[15]), bool(values[16]), bool(values[25])
    values[22] = Ladder.parse(values[22] or "")
    return Delivery(*values)
