"""The transcript of a delivery: what was done with it and when, for its recipient (D14). Codes, never contents."""

from dataclasses import dataclass

from sqlmodel import Session

from storage.deliveries.terms import Channel
from storage.engine import statements

SUPERSEDED = "document.superseded"
"""A later document of its sender takes its place: see `superseding`."""


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
    """Add a line; to an account that was erased while something was on its way, none."""
    statements.run(
        session,
        "INSERT INTO delivery_event (account_id, delivery_id, at, kind, channel, detail)"
        " SELECT id, ?, ?, ?, ?, ? FROM account WHERE id = ? AND state <> 'erased'",
        (delivery_id, now, kind, channel, detail, account_id),
    )


def of_delivery(session: Session, delivery_id: int) -> list[DeliveryEvent]:
    """Oldest first."""
    found = statements.rows(
        session,
        "SELECT at, delivery_id, kind, channel, detail FROM delivery_event WHERE delivery_id = ? ORDER BY id",
        (delivery_id,),
    )
    return [_event(row) for row in found]


def has(session: Session, account_id: int, kind: str, beginning: str) -> bool:
    """Whether there is a line of this kind whose detail begins so."""
    found = statements.row(
        session,
        "SELECT 1 FROM delivery_event WHERE account_id = ? AND kind = ? AND substr(detail, 1, ?) = ? LIMIT 1",
        (account_id, kind, len(beginning), beginning),
    )
    return found is not None


def is_superseded(session: Session, delivery_id: int) -> bool:
    """Whether nothing more is to happen to it, as a later document has taken its place."""
    sql = "SELECT 1 FROM delivery_event WHERE delivery_id = ? AND kind = ? LIMIT 1"
    return statements.row(session, sql, (delivery_id, SUPERSEDED)) is not None


def was_noted(session: Session, account_id: int, kind: str, since: int) -> bool:
    """Whether there is a line of this kind later than a time."""
    found = statements.row(
        session,
        "SELECT 1 FROM delivery_event WHERE account_id = ? AND kind = ? AND at > ? LIMIT 1",
        (account_id, kind, since),
    )
    return found is not None


@dataclass(frozen=True, slots=True)
class Line:
    """An event as its recipient reads it."""

    id: int
    event: DeliveryEvent
    document_public_id: str | None
    """What the 250 told its sender; None for what concerns several or none."""


def listing(session: Session, account_id: int, below: int | None, limit: int) -> tuple[list[Line], int | None]:
    """All that was done for an account, newest first, and where to go on; None on the last page."""
    found = statements.rows(
        session,
        "SELECT delivery_event.id, at, delivery_id, kind, delivery_event.channel, detail, document_public_id"
        " FROM delivery_event LEFT JOIN delivery ON delivery.id = delivery_id"
        " WHERE delivery_event.account_id = ? AND delivery_event.id < ? ORDER BY delivery_event.id DESC LIMIT ?",
        (account_id, (1 << 63) - 1 if below is None else below, limit + 1),
    )
    lines = [Line(row[0], _event(row[1:6]), row[6]) for row in found[:limit]]
    return lines, lines[-1].id if len(found) > limit else None


def _event(row: statements.Row) -> DeliveryEvent:
    at, delivery, kind, channel, detail = row
    return DeliveryEvent(at, delivery, kind, None if channel is None else Channel(channel), detail)
