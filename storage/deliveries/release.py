"""A held delivery becomes visible: its copy with a UID of now, its decision of now, its jobs (see `batches`).

What a reset has closed while it was held (`storage.access.renewal`) goes to what was closed then: the same recovery
code brings it back.
"""

from sqlmodel import Session

from storage.deliveries import batches, jobs, outbox_keys, repetitions
from storage.deliveries.deliveries import Delivery
from storage.deliveries.terms import Channel, Decided, DeliveryState
from storage.engine import statements
from storage.mail import copies, documents
from storage.mail.mailbox_names import CLOSED

_DECIDED = (
    "UPDATE delivery SET decided_at = ?, channel = ?, state = ?, reasons = ?, notify = ?, language = ?, receipts = ?,"
    " wants_mdn = ?, dsn = ?, ladder = ?, ladder_due_at = ?, needs_key = ?, erase_at = ?,"
    " document_id = CASE WHEN ? THEN NULL ELSE document_id END WHERE id = ?"
)


def release(
    session: Session,
    delivery: Delivery,
    decided: Decided,
    outbox_public: bytes,
    keywords: tuple[str, ...],
    now: int,
) -> None:
    """As it was decided now. Whoever refuses loses the key; whoever is gone has no delivery any more; whoever got
    the same meanwhile needs no second copy.
    """
    document_id = delivery.document_id
    if document_id is None or delivery.state is not DeliveryState.HELD:
        return
    if repetitions.came_meanwhile(session, delivery.id, now):
        batches.drop(session, [delivery])
        return
    refused = decided.channel is Channel.REFUSE
    _decide(session, delivery.id, decided, refused, now)
    if refused:
        copies.release(session, delivery.account_id, {document_id})
    else:
        closed = _closed(session, delivery.account_id, document_id)
        mailbox_id = closed or decided.mailbox_id or _inbox(session, delivery.account_id)
        documents.show(session, document_id, delivery.account_id, mailbox_id, keywords, now)
        jobs.queue_decided(session, outbox_public, decided, delivery.id, delivery.public_id, now)
    outbox_keys.destroy_needless(session, [document_id])


def _decide(session: Session, delivery_id: int, decided: Decided, refused: bool, now: int) -> None:
    values = (
        now,
        decided.channel,
        decided.state,
        decided.reasons,
        decided.notify,
        decided.language,
        decided.receipts,
        decided.wants_mdn,
        decided.dsn,
        str(decided.ladder) or None,
        decided.ladder_due_at,
        decided.needs_key,
        decided.erase_at,
        refused,
        delivery_id,
    )
    statements.run(session, _DECIDED, values)


def _closed(session: Session, account_id: int, document_id: int) -> int | None:
    """The closed mailbox, where the document is sealed to a key that its reader's does not open any more."""
    found = statements.row(
        session,
        "SELECT mailbox.id FROM account JOIN wrap ON wrap.account_id = account.id JOIN mailbox"
        " ON mailbox.account_id = account.id AND special = ?"
        " WHERE account.id = ? AND document_id = ? AND wrap.generation < closed_below",
        (CLOSED, account_id, document_id),
    )
    return None if found is None else int(found[0])


def _inbox(session: Session, account_id: int) -> int:
    found = statements.row(
        session, "SELECT id FROM mailbox WHERE account_id = ? AND special = 'inbox'", (account_id,)
    )
    assert found is not None
    return int(found[0])
