"""Which documents the server can still open by itself, and the end of that (issue's ladder; S57).

A document that may have to leave while its reader is away has its key sealed to the outbox. The seal goes the moment
no delivery of the document needs it any more: opened, handed off, erased, refused or given up.
"""

from collections.abc import Sequence

from sqlmodel import Session

from storage.engine import statements
from storage.errors import NotFound
from storage.keys.outbox import OutboxKey

_NEEDLESS = (
    "DELETE FROM outbox_key WHERE document_id IN (?*) AND NOT EXISTS"
    " (SELECT 1 FROM delivery WHERE delivery.document_id = outbox_key.document_id AND needs_key)"
)


def put(session: Session, document_id: int, sealed_wrap: bytes) -> None:
    statements.run(
        session, "INSERT INTO outbox_key (document_id, sealed_wrap) VALUES (?, ?)", (document_id, sealed_wrap)
    )


def document_key(session: Session, outbox: OutboxKey, document_id: int) -> tuple[str, bytes]:
    """The document's public id and its DEK. NotFound once the seal is destroyed; Tampered."""
    found = statements.row(
        session,
        "SELECT public_id, sealed_wrap FROM outbox_key JOIN document ON document.id = document_id"
        " WHERE document_id = ?",
        (document_id,),
    )
    if found is None:
        raise NotFound("outbox key")
    return found[0], outbox.open_wrap(found[1], document=found[0])


def give_up(session: Session, delivery_id: int) -> None:
    """This delivery needs the key no more; with the last such delivery the seal is destroyed."""
    found = statements.row(
        session, "UPDATE delivery SET needs_key = 0 WHERE id = ? RETURNING document_id", (delivery_id,)
    )
    if found is not None and found[0] is not None:
        destroy_needless(session, [found[0]])


def destroy_needless(session: Session, document_ids: Sequence[int]) -> None:
    """The seals of those of `document_ids` that no delivery needs."""
    for marks, part in statements.chunks(document_ids):
        statements.run(session, _NEEDLESS.replace("?*", marks), part)
