"""A recipient's own notice URL, sealed to the outbox: it may hold a password, and tells which services are used."""

from dataclasses import dataclass

from sqlmodel import Session

from storage.engine import statements
from storage.errors import NotFound
from storage.keys.outbox import OutboxKey, seal_secret
from storage.oversight import audit

PURPOSE = "notice-url"


@dataclass(frozen=True, slots=True)
class NoticeUrl:
    """What is shown of it."""

    service: str
    """Such as `ntfys`."""
    changed_at: int


def put(
    session: Session, account_id: int, outbox_public: bytes, url: str, service: str, now: int, *, actor: str
) -> None:
    """In the place of the one before."""
    sealed = seal_secret(outbox_public, url.encode(), purpose=PURPOSE, account=account_id)
    statements.run(
        session,
        "INSERT INTO notice_url (account_id, sealed_url, service, changed_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (account_id) DO UPDATE SET sealed_url = excluded.sealed_url, service = excluded.service,"
        " changed_at = excluded.changed_at",
        (account_id, sealed, service, now),
    )
    audit.append(session, "notice-url.set", actor, f"account:{account_id}", {"service": service}, now)


def get(session: Session, account_id: int) -> NoticeUrl:
    """NotFound."""
    found = statements.row(session, "SELECT service, changed_at FROM notice_url WHERE account_id = ?", (account_id,))
    if found is None:
        raise NotFound("notice_url")
    return NoticeUrl(*found)


def sealed(session: Session, account_id: int) -> bytes:
    """For `opened`. NotFound."""
    found = statements.row(session, "SELECT sealed_url FROM notice_url WHERE account_id = ?", (account_id,))
    if found is None:
        raise NotFound("notice_url")
    return bytes(found[0])


def opened(outbox: OutboxKey, account_id: int, sealed_url: bytes) -> str:
    """Tampered: altered, or another account's."""
    return outbox.open_secret(sealed_url, purpose=PURPOSE, account=account_id).decode()


def remove(session: Session, account_id: int, now: int, *, actor: str) -> None:
    """NotFound."""
    if not statements.run(session, "DELETE FROM notice_url WHERE account_id = ?", (account_id,)):
        raise NotFound("notice_url")
    audit.append(session, "notice-url.removed", actor, f"account:{account_id}", {}, now)
