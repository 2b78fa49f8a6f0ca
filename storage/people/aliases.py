"""Further addresses of an account: aliases, and addresses that one sender alone may use (D11).

An address for one sender tells who passed it on: mail from anybody else to it is refused when it is offered. Tags
behind a plus sign (`anna+tax@…`) need none of this: they always deliver.
"""

from dataclasses import dataclass

from sqlmodel import Session

from storage.engine import statements
from storage.errors import Conflict, Invalid, NotFound
from storage.oversight import audit
from storage.people import addresses
from storage.records import Account, Domain

MOST = 200
MAX_LABEL = 100


@dataclass(frozen=True, slots=True)
class Alias:
    address: str
    only_from: str | None
    """An address, or @ and a domain; None: mail from everybody."""
    label: str | None
    created_at: int | None


def add(
    session: Session,
    account: Account,
    domain: Domain,
    address: str,
    now: int,
    *,
    actor: str,
    only_from: str | None = None,
    label: str | None = None,
) -> Alias:
    """Let `address`, of the account's own domain, deliver to it too. Conflict if it is taken or there are too many;
    Invalid.
    """
    stored = addresses.own(address, domain)
    if only_from is not None:
        only_from = sender_form(only_from)
    if label is not None and not (0 < len(label) <= MAX_LABEL and label.isprintable()):
        raise Invalid(f"label: 1 to {MAX_LABEL} printable characters")
    if len(listing(session, account)) >= MOST:
        raise Conflict(f"no more than {MOST} aliases")
    addresses.claim(session, account.id, stored, now, only_from=only_from, label=label)
    detail = {"one_sender": only_from is not None}
    audit.append(session, "alias.added", actor, f"account:{account.id}", detail, now)
    return Alias(stored, only_from, label, now)


def listing(session: Session, account: Account) -> list[Alias]:
    """All but the primary address, by address."""
    found = statements.rows(
        session,
        "SELECT address, only_from, label, created_at FROM address WHERE account_id = ? AND address <> ?"
        " ORDER BY address",
        (account.id, account.email),
    )
    return [Alias(*row) for row in found]


def remove(session: Session, account: Account, address: str, now: int, *, actor: str) -> None:
    """The address delivers no more. NotFound if it is none of its aliases; Conflict while it is the former primary
    address, which stays until the change can no longer be undone.
    """
    stored = addresses.normal(address)
    if statements.row(
        session,
        "SELECT 1 FROM identity_change WHERE account_id = ? AND field = 'email' AND old_value = ?"
        " AND undone_at IS NULL AND undo_until > ?",
        (account.id, stored, now),
    ):
        raise Conflict("the former address stays until the change can no longer be undone")
    if stored == account.email or not statements.run(
        session, "DELETE FROM address WHERE address = ? AND account_id = ?", (stored, account.id)
    ):
        raise NotFound("alias")
    audit.append(session, "alias.removed", actor, f"account:{account.id}", {}, now)


def sender_form(only_from: str) -> str:
    """The stored form of who may write to an alias: an address, or @ and a domain. Invalid."""
    if only_from.startswith("@"):
        return addresses.normal(f"x{only_from}")[1:]
    return addresses.normal(only_from)
