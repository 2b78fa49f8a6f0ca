"""Every way into an account ends at once: devices, sessions, codes and password, when its key is replaced."""

from sqlmodel import Session

from storage.engine import statements
from storage.engine.changes import announce
from storage.keys.slots import SlotKind
from storage.records import AccountBarred, DeviceRevoked, Origin

CLOSED_PREFIX = "closed-"
"""Kind of a slot that opens a key the account no longer has: kept for documents closed by a reset (`resets`)."""


def end_all_ways(session: Session, account_id: int, now: int, *, keep_past: SlotKind | None = None) -> int:
    """Delete every slot of the account and tell live sessions; how many devices ended, without those of a break-glass
    access: its owner may not know of one yet.

    Slots of the kind `keep_past` become ways to the past, those that are so already stay.
    """
    ended = statements.rows(
        session,
        "UPDATE device SET revoked_at = ?, slot_id = NULL WHERE account_id = ? AND revoked_at IS NULL"
        " RETURNING id, origin",
        (now, account_id),
    )
    statements.run(session, "DELETE FROM api_session WHERE account_id = ?", (account_id,))
    if keep_past is not None:
        statements.run(
            session,
            "UPDATE key_slot SET kind = ? WHERE account_id = ? AND kind = ?",
            (CLOSED_PREFIX + keep_past, account_id, keep_past),
        )
    statements.run(
        session,
        "DELETE FROM key_slot WHERE account_id = ? AND substr(kind, 1, ?) <> ?",
        (account_id, len(CLOSED_PREFIX), CLOSED_PREFIX),
    )
    for device_id, _ in ended:
        announce(session, DeviceRevoked(account_id, device_id))
    announce(session, AccountBarred(account_id))
    return sum(origin != Origin.BREAK_GLASS for _, origin in ended)
