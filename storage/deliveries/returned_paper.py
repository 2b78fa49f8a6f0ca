"""Paper that came back: noted at the delivery, and the address is doubted (I1).

An address that was changed after the sheets went is not the one they came back from: it stays in use.
"""

from enum import StrEnum

from sqlmodel import Session

from storage.deliveries import transcript
from storage.deliveries.deliveries import COLUMNS, Delivery, as_delivery
from storage.deliveries.terms import Channel
from storage.engine import statements
from storage.errors import Conflict, NotFound
from storage.oversight import audit
from storage.people import postal

PRINTED, RETURNED = "paper.handed-off", "paper.returned"


class Cause(StrEnum):
    """What the post wrote on the envelope."""

    MOVED = "moved"
    UNKNOWN = "unknown"
    REFUSED = "refused"


def of_public_id(session: Session, public_id: str) -> Delivery:
    """NotFound."""
    found = statements.row(session, f"SELECT {COLUMNS} FROM delivery WHERE public_id = ?", (public_id,))  # noqa: S608
    if found is None:
        raise NotFound("delivery")
    return as_delivery(found)


def record(session: Session, delivery: Delivery, cause: Cause, now: int, *, actor: str) -> bool:
    """Whether its address is doubted now. NotFound: no paper of it went, or too long ago to be known; Conflict: it is
    known already.
    """
    events = {event.kind: event.at for event in transcript.of_delivery(session, delivery.id)}
    if PRINTED not in events:
        raise NotFound("printed delivery")
    if RETURNED in events:
        raise Conflict("delivery")
    transcript.note(session, delivery.account_id, delivery.id, RETURNED, now, Channel.PAPER, cause)
    audit.append(session, RETURNED, actor, f"account:{delivery.account_id}", {"cause": cause}, now)
    doubted = not _moved_since(session, delivery.account_id, events[PRINTED])
    if doubted:
        postal.doubt(session, delivery.account_id, now)
    return doubted


def _moved_since(session: Session, account_id: int, at: int) -> bool:
    found = statements.row(
        session,
        "SELECT 1 FROM identity_change WHERE account_id = ? AND field = 'postal_address' AND changed_at > ?"
        " AND undone_at IS NULL",
        (account_id, at),
    )
    return found is not None
