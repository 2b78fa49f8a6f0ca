"""Questions to support@, privacy@ and postmaster@, as tickets (S5, S31; RFC 5321 section 4.5.1).

A ticket is a number, a desk and times: the question itself is a document in the mailboxes of those who answer it, and
so is the answer in the writer's. Closed ones are kept for `KEPT_SECONDS`, or until the writer is erased.
"""

import secrets
import time
from dataclasses import dataclass

from sqlmodel import Session

from storage.engine import statements
from storage.errors import Conflict, NotFound
from storage.oversight import audit
from storage.people import accounts, addresses
from storage.records import Recipient

KEPT_SECONDS = 365 * 86_400
"""After a ticket was closed."""
_COLUMNS = "id, number, account_id, domain_id, desk, opened_at, closed_at"
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Ticket:
    id: int
    number: str
    account_id: int | None
    """Of the writer, who was signed in; None: somebody outside."""
    domain_id: int
    desk: str
    opened_at: int
    closed_at: int | None


def new_number(now: int) -> str:
    """Such as `2026-7K3M9QXB`; tells nothing of how many there are."""
    return f"{time.gmtime(now).tm_year}-{''.join(secrets.choice(_LETTERS) for _ in range(8))}"


def open_one(session: Session, number: str, account_id: int | None, domain_id: int, desk: str, now: int) -> None:
    """A question was received."""
    statements.run(
        session,
        "INSERT INTO ticket (number, account_id, domain_id, desk, opened_at) VALUES (?, ?, ?, ?, ?)",
        (number, account_id, domain_id, desk, now),
    )
    actor = "outside" if account_id is None else f"account:{account_id}"
    audit.append(session, "ticket.opened", actor, f"domain:{domain_id}", {"desk": desk}, now)


def of_account(session: Session, account_id: int) -> list[Ticket]:
    """Newest first."""
    return _several(session, "account_id = ? ORDER BY id DESC", account_id)


def listing(
    session: Session, domain_ids: frozenset[int] | None, below: int, limit: int, *, closed: bool
) -> list[Ticket]:
    """Of these domains, None: of all; newest first, below a number; open ones, or those that are closed."""
    state = "closed_at IS NOT NULL" if closed else "closed_at IS NULL"
    where = "1 = 1" if domain_ids is None else f"domain_id IN ({','.join('?' * len(domain_ids))})"
    values = (*sorted(domain_ids or ()), below, limit)
    return _several(session, f"{where} AND {state} AND id < ? ORDER BY id DESC LIMIT ?", *values)


def get(session: Session, number: str) -> Ticket:
    """By the number that its writer was told. NotFound."""
    found = _several(session, "number = ?", number.strip().upper())
    if not found:
        raise NotFound("ticket")
    return found[0]


def note_answer(session: Session, ticket: Ticket, actor: str, now: int) -> None:
    """Somebody answered; the answer is the caller's to deliver. Conflict: it is closed."""
    if get(session, ticket.number).closed_at is not None:
        raise Conflict("ticket")
    audit.append(session, "ticket.answered", actor, f"domain:{ticket.domain_id}", {"desk": ticket.desk}, now)


def close(session: Session, ticket: Ticket, actor: str, now: int) -> Ticket:
    """Once: closed again it stays as it was."""
    sql = "UPDATE ticket SET closed_at = ? WHERE id = ? AND closed_at IS NULL"
    if statements.run(session, sql, (now, ticket.id)):
        audit.append(session, "ticket.closed", actor, f"domain:{ticket.domain_id}", {"desk": ticket.desk}, now)
    return get(session, ticket.number)


def purge(session: Session, now: int) -> int:
    """Those that were closed long ago; how many."""
    return statements.run(session, "DELETE FROM ticket WHERE closed_at < ?", (now - KEPT_SECONDS,))


def _several(session: Session, condition: str, *values: statements.Value) -> list[Ticket]:
    sql = f"SELECT {_COLUMNS} FROM ticket WHERE {condition}"  # noqa: S608 - conditions of this file
    return [Ticket(*row) for row in statements.rows(session, sql, values)]


def answerers(session: Session, domain_id: int, now: int) -> list[Recipient]:
    """Who reads the questions of a domain: its admins, or else the owners; whoever has room for them."""
    admins = statements.rows(
        session,
        "SELECT DISTINCT account_id FROM role_grant WHERE role = 'domain-admin' AND domain_id = ?"
        " AND revoked_at IS NULL AND (ends_at IS NULL OR ends_at > ?) ORDER BY account_id",
        (domain_id, now),
    )
    owners = statements.rows(
        session,
        "SELECT id FROM account WHERE role = 'owner' UNION SELECT account_id FROM role_grant WHERE role = 'owner'"
        " AND revoked_at IS NULL AND (ends_at IS NULL OR ends_at > ?)",
        (now,),
    )
    return _with_room(session, admins) or _with_room(session, owners)


def _with_room(session: Session, found: list[statements.Row]) -> list[Recipient]:
    readers = []
    for (account_id,) in found:
        full = statements.row(
            session,
            "SELECT 1 FROM account WHERE id = ? AND (used_bytes >= quota_bytes OR state NOT IN"
            " ('invited', 'registered'))",
            (account_id,),
        )
        reader = addresses.recipient(session, accounts.by_id(session, account_id).email)
        if reader is not None and full is None:
            readers.append(reader)
    return readers
