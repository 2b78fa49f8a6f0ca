"""The transcript of a delivery: what was done with it and when, for its recipient (D14). Codes, never contents."""

from dataclasses import dataclass

from sqlmodel import Session

from storage.deliveries.terms import Channel
from storage.engine import statements


@dataclass(frozen=True, slots=True)
class DeliveryEvent:
    at: int
    delivery_id: int | None
    kind: str
    """Such as `notice.sent`, `paper.printed`, `external.failed`, `ladder.stopped`."""
    channel: Channel | None
    detail: str | None
    """A code or a number."""


def note(
    session: Session,
    account_id: int,
    delivery_id: int | None,
    kind: str,
    now: int,
    channel: Channel | None = None,
    detail: str | None = None,
) -> None:
    """Add a line."""
    statements.run(
        session,
        "INSERT INTO delivery_event (account_id, delivery_id, at, kind, channel, detail) VALUES (?, ?, ?, ?, ?, ?)",
        (account_id, delivery_id, now, kind, channel, detail),
    )


def of_delivery(session: Session, delivery_id: int) -> list[DeliveryEvent]:
    """Oldest first."""
    found = statements.rows(
        session,
        "SELECT at, delivery_id, kind, channel, detail FROM delivery_event WHERE delivery_id = ? ORDER BY id",
        (delivery_id,),
    )
    return [
        DeliveryEvent(at, delivery, kind, None if channel is None else Channel(channel), detail)
        for at, delivery, kind, channel, detail in found
    ]


def has(session: Session, account_id: int, kind: str, beginning: str) -> bool:
    """Whether there is a line of this kind whose detail begins so."""
    found = statements.row(
        session,
        "SELECT 1 FROM delivery_event WHERE account_id = ? AND kind = ? AND substr(detail, 1, ?) = ? LIMIT 1",
        (account_id, kind, len(beginning), beginning),
    )
    return found is not None
