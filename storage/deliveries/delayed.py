"""Deliveries whose own channel has been tried in vain for a while, and whose senders want to know."""

from sqlmodel import Session

from storage.engine import statements

_UNFINISHED = (
    "SELECT DISTINCT delivery.id FROM job JOIN delivery ON delivery.id = job.delivery_id"
    " WHERE job.state = 'waiting' AND job.attempts > 0 AND job.created_at <= ? AND job.kind = delivery.channel"
    " AND delivery.state = 'leaving' AND delivery.dsn LIKE '%\"DELAY\"%' ORDER BY delivery.id LIMIT ?"
)


def unfinished(session: Session, queued_before: int, limit: int) -> list[int]:
    """By number. Whoever was told does not wish it any more: `note_told`."""
    return [delivery_id for (delivery_id,) in statements.rows(session, _UNFINISHED, (queued_before, limit))]


def note_told(session: Session, delivery_id: int, dsn: str) -> None:
    """`dsn`: what the sender still wishes."""
    statements.run(session, "UPDATE delivery SET dsn = ? WHERE id = ?", (dsn, delivery_id))
