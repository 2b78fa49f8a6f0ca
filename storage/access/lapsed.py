"""Rows whose time is over: they open nothing any more and are only in the way. For the housekeeping."""

from sqlmodel import Session

from storage.engine import statements
from storage.mail.documents import DEDUPE_SECONDS
from storage.records import Origin


def remove_codes(session: Session, now: int) -> int:
    """Delete codes and other key slots that have ended and that no device or session hangs on; how many."""
    return _remove_accesses(session, now) + statements.run(
        session,
        "DELETE FROM key_slot WHERE expires_at <= ?"
        " AND NOT EXISTS (SELECT 1 FROM device WHERE device.slot_id = key_slot.id)"
        " AND NOT EXISTS (SELECT 1 FROM api_session WHERE api_session.slot_id = key_slot.id)",
        (now,),
    )


def _remove_accesses(session: Session, now: int) -> int:
    """Slots of break-glass accesses that are over: an owner's own device may be given more time, theirs never."""
    over = statements.rows(
        session,
        "SELECT slot_id FROM device WHERE origin = ? AND expires_at <= ? AND slot_id IS NOT NULL",
        (Origin.BREAK_GLASS, now),
    )
    statements.run_many(session, "UPDATE device SET slot_id = NULL WHERE slot_id = ?", over)
    return statements.run_many(session, "DELETE FROM key_slot WHERE id = ?", over)


def remove_hand_ins(session: Session, now: int) -> int:
    """Delete what is kept to recognise repeated hand-ins, once no repetition is expected; how many."""
    return statements.run(session, "DELETE FROM hand_in WHERE received_at < ?", (now - DEDUPE_SECONDS,))
