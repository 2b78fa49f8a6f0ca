"""What the bridge knows of itself: a few small values by name, in the server tier."""

from enum import StrEnum

from sqlmodel import Session

from storage.engine import statements


class Fact(StrEnum):
    """Every fact there is."""

    KIT_PUBLIC_KEY = "kit_public_key"
    """X25519, 32 bytes: what is sealed to it, the recovery kit opens."""
    CANARY = "canary"
    """Public id of the canary account (see `canary`)."""
    BACKUP_DESTINATIONS = "backup_destinations"
    """JSON: folders that backups went to, by kind."""
    BACKUP_MAKERS = "backup_makers"
    """JSON: for each backup, by its id, who had it made: `operator` or `account`."""
    AUDIT_VERIFIED = "audit_verified"
    """JSON: `at` and `holds` of the latest verification of the audit log."""
    RESTORE_DRILLS = "restore_drills"
    """JSON: `drills`, the latest, newest first (see `backups.drills`)."""


def get(session: Session, name: Fact) -> bytes | None:
    """The value; None if it was never put."""
    found = statements.row(session, "SELECT value FROM server_fact WHERE name = ?", (name,))
    return None if found is None else found[0]


def put(session: Session, name: Fact, value: bytes) -> None:
    """Set or replace."""
    statements.run(
        session,
        "INSERT INTO server_fact (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )
