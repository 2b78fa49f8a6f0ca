"""A recipient's own IMAP account elsewhere: where it is, and the password that opens it.

Contract. The password is sealed to the outbox key and bound to the account; nothing here ever gives it back to its
owner. A row that is not verified is as good as none: the decision does not use it. The audit log says that one was
set, removed or found unusable; never its host or user name.
"""

from dataclasses import dataclass, field

from sqlmodel import Session

from storage.engine import statements
from storage.errors import NotFound
from storage.keys.outbox import OutboxKey, seal_secret
from storage.oversight import audit

PURPOSE = "external mailbox"
_COLUMNS = "account_id, host, port, username, sealed_password, folder, country, verified_at, changed_at"


@dataclass(frozen=True, slots=True)
class Place:
    """Where it is."""

    host: str
    port: int
    username: str = field(repr=False)
    folder: str = field(repr=False)
    country: str
    """ISO 3166-1 alpha-2, as its owner declares."""


@dataclass(frozen=True, slots=True)
class ExternalMailbox:
    account_id: int
    place: Place
    sealed_password: bytes = field(repr=False)
    verified_at: int | None
    """When a sign-in last succeeded before use; None: it was found unusable since."""
    changed_at: int

    def password(self, outbox: OutboxKey) -> str:
        """Tampered."""
        return outbox.open_secret(self.sealed_password, purpose=PURPOSE, account=self.account_id).decode()


def put(
    session: Session, outbox_public: bytes, account_id: int, place: Place, password: str, now: int, actor: str
) -> None:
    """In the place of the one before; a sign-in with it has just succeeded."""
    sealed = seal_secret(outbox_public, password.encode(), purpose=PURPOSE, account=account_id)
    statements.run(session, "DELETE FROM external_mailbox WHERE account_id = ?", (account_id,))
    statements.run(
        session,
        f"INSERT INTO external_mailbox ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - constants
        (account_id, place.host, place.port, place.username, sealed, place.folder, place.country, now, now),
    )
    audit.append(session, "external-mailbox.set", actor, f"account:{account_id}", {"country": place.country}, now)


def get(session: Session, account_id: int) -> ExternalMailbox:
    """NotFound."""
    found = statements.row(session, f"SELECT {_COLUMNS} FROM external_mailbox WHERE account_id = ?", (account_id,))  # noqa: S608
    if found is None:
        raise NotFound("external mailbox")
    number, host, port, username, sealed, folder, country, verified_at, changed_at = found
    return ExternalMailbox(number, Place(host, port, username, folder, country), sealed, verified_at, changed_at)


def remove(session: Session, account_id: int, now: int, actor: str) -> None:
    """The password goes with it. NotFound."""
    if not statements.run(session, "DELETE FROM external_mailbox WHERE account_id = ?", (account_id,)):
        raise NotFound("external mailbox")
    audit.append(session, "external-mailbox.removed", actor, f"account:{account_id}", {}, now)


def distrust(session: Session, account_id: int, now: int) -> bool:
    """It does not let us in any more: documents stay here until its owner sets it again. Whether that is news."""
    sql = "UPDATE external_mailbox SET verified_at = NULL WHERE account_id = ? AND verified_at IS NOT NULL"
    news = bool(statements.run(session, sql, (account_id,)))
    if news:
        audit.append(session, "external-mailbox.unusable", "system", f"account:{account_id}", {}, now)
    return news
