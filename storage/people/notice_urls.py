"""A recipient's own notice URL, sealed to the outbox: it may hold a password, and tells which services are used.

One that takes nothing for `PATIENCE` is paused: a recipient whose notices go nowhere is better told in another way.
"""

from dataclasses import dataclass

from sqlmodel import Session

from storage.engine import statements
from storage.errors import NotFound
from storage.keys.outbox import OutboxKey, seal_secret
from storage.oversight import audit

PURPOSE = "notice-url"
PATIENCE = 24 * 3600
"""Seconds between two notices that failed, without one in between that went."""


@dataclass(frozen=True, slots=True)
class NoticeUrl:
    """What is shown of it."""

    service: str
    """Such as `ntfys`."""
    changed_at: int
    paused_at: int | None
    """Since when it is not used, as it failed; until it is set anew or a trial goes there."""


def put(
    session: Session, account_id: int, outbox_public: bytes, url: str, service: str, now: int, *, actor: str
) -> None:
    """In the place of the one before."""
    sealed = seal_secret(outbox_public, url.encode(), purpose=PURPOSE, account=account_id)
    statements.run(
        session,
        "INSERT INTO notice_url (account_id, sealed_url, service, changed_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (account_id) DO UPDATE SET sealed_url = excluded.sealed_url, service = excluded.service,"
        " changed_at = excluded.changed_at, failing_since = NULL, paused_at = NULL",
        (account_id, sealed, service, now),
    )
    audit.append(session, "notice-url.set", actor, f"account:{account_id}", {"service": service}, now)


def get(session: Session, account_id: int) -> NoticeUrl:
    """NotFound."""
    sql = "SELECT service, changed_at, paused_at FROM notice_url WHERE account_id = ?"
    found = statements.row(session, sql, (account_id,))
    if found is None:
        raise NotFound("notice_url")
    return NoticeUrl(*found)


def paused(session: Session, domains: frozenset[int] | None, after: int, limit: int) -> list[tuple[int, str, int]]:
    """(account, service, since when) of those that are not used, by account, after one; `domains`: in these alone."""
    sql = (
        "SELECT account_id, service, paused_at FROM notice_url JOIN account ON account.id = account_id"
        " WHERE paused_at IS NOT NULL AND account_id > ?"
    )
    values: list[statements.Value] = [after]
    if domains is not None:
        sql += f" AND domain_id IN ({','.join('?' * len(domains))})"
        values += sorted(domains)
    found = statements.rows(session, f"{sql} ORDER BY account_id LIMIT ?", (*values, limit))
    return [(number, service, at) for number, service, at in found]


def sealed(session: Session, account_id: int) -> bytes:
    """For `opened`. NotFound."""
    found = statements.row(session, "SELECT sealed_url FROM notice_url WHERE account_id = ?", (account_id,))
    if found is None:
        raise NotFound("notice_url")
    return bytes(found[0])


def opened(outbox: OutboxKey, account_id: int, sealed_url: bytes) -> str:
    """Tampered: altered, or another account's."""
    return outbox.open_secret(sealed_url, purpose=PURPOSE, account=account_id).decode()


def worked(session: Session, account_id: int) -> None:
    """Something went there; one that was paused is used again."""
    statements.run(
        session,
        "UPDATE notice_url SET failing_since = NULL, paused_at = NULL"
        " WHERE account_id = ? AND failing_since IS NOT NULL",
        (account_id,),
    )


def failed(session: Session, account_id: int, now: int) -> bool:
    """A notice was given up. Whether that was once too often: then it is paused from now on."""
    statements.run(
        session,
        "UPDATE notice_url SET failing_since = min(coalesce(failing_since, ?), ?) WHERE account_id = ?",
        (now, now, account_id),
    )
    paused = statements.run(
        session,
        "UPDATE notice_url SET paused_at = ? WHERE account_id = ? AND paused_at IS NULL AND failing_since <= ?",
        (now, account_id, now - PATIENCE),
    )
    if paused:
        audit.append(session, "notice-url.paused", "system", f"account:{account_id}", {}, now)
    return bool(paused)


def remove(session: Session, account_id: int, now: int, *, actor: str) -> None:
    """NotFound."""
    if not statements.run(session, "DELETE FROM notice_url WHERE account_id = ?", (account_id,)):
        raise NotFound("notice_url")
    audit.append(session, "notice-url.removed", actor, f"account:{account_id}", {}, now)
