"""The addresses that an account may write as, in the envelope and in the header."""

from sqlmodel import Session

from storage.engine import statements
from storage.errors import Conflict, Invalid, NotFound
from storage.oversight import audit
from storage.people.addresses import normal


def add_identity(session: Session, account_id: int, address: str, now: int, actor: str = "system") -> None:
    """Let the account write as `address`, which need not be in one of our domains. Nothing happens if it may already.

    Conflict if mail to that address is another account's: nobody writes in someone else's name. Several accounts may
    write as one outside address (the ERP and the scanner of one company).
    """
    stored = normal(address)
    owner = statements.row(session, "SELECT account_id FROM address WHERE address = ?", (stored,))
    if owner is not None and owner[0] != account_id:
        raise Conflict("address")
    if statements.run(
        session,
        "INSERT INTO sender_identity (account_id, address) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (account_id, stored),
    ):
        audit.append(session, "sender.identity-added", actor, f"account:{account_id}", {}, now)


def remove_identity(session: Session, account_id: int, address: str, now: int, actor: str) -> None:
    """The account writes as `address` no more. NotFound if it was never added."""
    if not statements.run(
        session,
        "DELETE FROM sender_identity WHERE account_id = ? AND address = ?",
        (account_id, normal(address)),
    ):
        raise NotFound("identity")
    audit.append(session, "sender.identity-removed", actor, f"account:{account_id}", {}, now)


def added(session: Session, account_id: int) -> list[str]:
    """The addresses that were added, without those that deliver to the account."""
    found = statements.rows(
        session, "SELECT address FROM sender_identity WHERE account_id = ? ORDER BY address", (account_id,)
    )
    return [address for (address,) in found]


def identities(session: Session, account_id: int) -> frozenset[str]:
    """All in lower case: the addresses that deliver to the account, and those added."""
    found = statements.rows(
        session,
        "SELECT address FROM address WHERE account_id = ?"
        " UNION SELECT address FROM sender_identity WHERE account_id = ?",
        (account_id, account_id),
    )
    return frozenset(address for (address,) in found)


def default_type(session: Session, account_id: int) -> str | None:
    """The type of the account's documents that do not name one; None if it was never set."""
    found = statements.row(session, "SELECT default_type FROM account WHERE id = ?", (account_id,))
    return None if found is None else found[0]


def set_default_type(session: Session, account_id: int, kind: str | None, now: int, actor: str) -> None:
    """None: as if it was never set. NotFound."""
    if not statements.run(session, "UPDATE account SET default_type = ? WHERE id = ?", (kind, account_id)):
        raise NotFound("account")
    detail = {"type": "" if kind is None else str(kind)}
    audit.append(session, "sender.type-set", actor, f"account:{account_id}", detail, now)


def is_identity(session: Session, address: str) -> bool:
    """Whether some account writes as `address` (or gets its mail): then it is not for anyone else to use."""
    try:
        stored = normal(address)
    except Invalid:
        return False
    found = statements.row(
        session,
        "SELECT 1 FROM sender_identity WHERE address = ? UNION ALL SELECT 1 FROM address WHERE address = ?",
        (stored, stored),
    )
    return found is not None
