"""Deliveries whose sender asked to be told that they were opened (RFC 8098)."""

from sqlmodel import Session

from storage.engine import statements


def due(session: Session, limit: int) -> list[int]:
    """Numbers of those that were opened since, longest opened first."""
    found = statements.rows(
        session,
        "SELECT id FROM delivery WHERE wants_mdn AND opened_at IS NOT NULL ORDER BY opened_at LIMIT ?",
        (limit,),
    )
    return [delivery_id for (delivery_id,) in found]


def forget(session: Session, delivery_id: int) -> None:
    """Its sender is told nothing more of its opening."""
    statements.run(session, "UPDATE delivery SET wants_mdn = 0 WHERE id = ?", (delivery_id,))
