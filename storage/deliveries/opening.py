"""A document opened by the outbox key: what a carrier hands over while the reader is away."""

from functools import partial

from sqlmodel import Session

from storage.deliveries import outbox_keys
from storage.engine import statements
from storage.engine.bodies import Bodies
from storage.errors import NotFound, Tampered
from storage.keys.envelope import open_body, open_card
from storage.keys.outbox import OutboxKey


def message(
    session: Session, bodies: Bodies, outbox: OutboxKey, delivery_id: int, *, unread_only: bool = False
) -> bytes:
    """The whole message of a delivery. NotFound: gone, or the outbox may not open it any more; Tampered.

    `unread_only`: it is wanted because it lies unread.
    """
    found = statements.row(
        session,
        "SELECT document.id, body_name, sealed_body, sealed_card FROM delivery"
        " JOIN document ON document.id = delivery.document_id JOIN card ON card.document_id = document.id"
        " LEFT JOIN inline_body ON inline_body.document_id = document.id WHERE delivery.id = ? AND needs_key"
        " AND (opened_at IS NULL OR NOT ?)",
        (delivery_id, unread_only),
    )
    if found is None:
        raise NotFound("delivery")
    document_id, body_name, inline, sealed_card = found
    public_id, dek = outbox_keys.document_key(session, outbox, document_id)
    shape, _ = open_card(dek, sealed_card, document=public_id)
    read = partial(bodies.read, body_name) if body_name is not None else partial(_slice, inline)
    return open_body(dek, shape, 0, shape.length, read, document=public_id)


def _slice(body: object, offset: int, length: int) -> bytes:
    if not isinstance(body, bytes):
        raise Tampered("a document without a body")
    return body[offset : offset + length]
