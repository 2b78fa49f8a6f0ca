"""Changes of what identifies a person: made with proof, told to the person, taken back within a day (S11, S30, S48).

    name, legal_name       as shown, and as in law
    email                  the primary address; the old one stays as an alias and cannot be removed for a day
    contact_email, phone, postal_address
                           optional; an e-mail address is used by no channel before it is verified

The values themselves are kept no longer than they can be put back: `sweep` forgets them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import Session

from storage.engine import statements
from storage.errors import Conflict, Invalid, NotFound
from storage.oversight import audit
from storage.people import accounts, addresses, domains
from storage.people.particulars import checked_name, checked_phone
from storage.people.postal import PostalAddress
from storage.records import Account

UNDO_SECONDS = 24 * 3600
_COLUMNS = "id, account_id, field, old_value, new_value, changed_by, changed_at, undo_until, undone_at"


class Field(StrEnum):
    NAME = "name"
    LEGAL_NAME = "legal_name"
    EMAIL = "email"
    CONTACT_EMAIL = "contact_email"
    PHONE = "phone"
    POSTAL_ADDRESS = "postal_address"


@dataclass(frozen=True, slots=True)
class IdentityChange:
    id: int
    account_id: int
    field: Field
    old_value: str | None
    new_value: str | None
    changed_by: int | None
    """Account; None for the operator of the machine."""
    changed_at: int
    undo_until: int
    undone_at: int | None


def change(
    session: Session,
    account_id: int,
    field: Field,
    value: str | None,
    now: int,
    *,
    actor: str,
    changed_by: int | None,
) -> IdentityChange | None:
    """Set `field`; None, and nothing done, if it has that value. NotFound, Invalid, Conflict for a taken address."""
    account = accounts.by_id(session, account_id)
    wanted = _checked(session, account, field, value)
    before, verified_at = _present(session, account_id, field)
    if wanted == before:
        return None
    _set(session, account, field, wanted, None, now)
    made = statements.row(
        session,
        "INSERT INTO identity_change (account_id, field, old_value, new_value, old_verified_at, changed_by,"  # noqa: S608
        f" changed_at, undo_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING {_COLUMNS}",
        (account_id, field, before, wanted, verified_at, changed_by, now, now + UNDO_SECONDS),
    )
    assert made is not None
    detail = {"change": made[0], "field": field}
    audit.append(session, "identity.changed", actor, f"account:{account_id}", detail, now)
    return _change(made)


def undo(session: Session, account_id: int, change_id: int, now: int, *, actor: str) -> IdentityChange:
    """Put the old value back. NotFound if there is no such change, or it was undone; Invalid if its day is over;
    Conflict if the field was changed again since: the last change goes first.
    """
    found = statements.row(
        session,
        f"SELECT {_COLUMNS}, old_verified_at FROM identity_change"  # noqa: S608
        " WHERE id = ? AND account_id = ? AND undone_at IS NULL",
        (change_id, account_id),
    )
    if found is None:
        raise NotFound("change")
    made, verified_at = _change(found[:-1]), found[-1]
    if now >= made.undo_until:
        raise Invalid("change: less than a day ago")
    if _present(session, account_id, made.field)[0] != made.new_value:
        raise Conflict("a later change")
    _put_back(session, made, verified_at, now)
    statements.run(session, "UPDATE identity_change SET undone_at = ? WHERE id = ?", (now, change_id))
    detail = {"change": change_id, "field": made.field}
    audit.append(session, "identity.undone", actor, f"account:{account_id}", detail, now)
    return made


def listing(session: Session, account_id: int, limit: int = 100) -> list[IdentityChange]:
    """The last ones, newest first."""
    found = statements.rows(
        session,
        f"SELECT {_COLUMNS} FROM identity_change WHERE account_id = ? ORDER BY id DESC LIMIT ?",  # noqa: S608
        (account_id, limit),
    )
    return [_change(row) for row in found]


def sweep(session: Session, now: int) -> int:
    """Forget the values of changes that cannot be undone any more; their number. Run once a day."""
    return statements.run(
        session,
        "UPDATE identity_change SET old_value = NULL, new_value = NULL, old_verified_at = NULL"
        " WHERE (undo_until <= ? OR undone_at IS NOT NULL) AND (old_value IS NOT NULL OR new_value IS NOT NULL)",
        (now,),
    )


_MARKS = {Field.CONTACT_EMAIL: "contact_email_verified_at", Field.POSTAL_ADDRESS: "postal_returned_at"}
"""What is known of the value, and not of another one in its place: when it was verified, when paper came back."""
_OPTIONAL: dict[Field, Callable[[str], str]] = {
    Field.LEGAL_NAME: checked_name,
    Field.CONTACT_EMAIL: addresses.normal,
    Field.PHONE: checked_phone,
    Field.POSTAL_ADDRESS: lambda value: str(PostalAddress.parse(value)),
}


def _checked(session: Session, account: Account, field: Field, value: str | None) -> str | None:
    if field in _OPTIONAL:
        return _OPTIONAL[field](value) if value is not None else None
    if value is None:
        raise Invalid(f"{field}: cannot be empty")
    if field is Field.EMAIL:
        return addresses.own(value, domains.by_id(session, account.domain_id))
    return checked_name(value)


def _present(session: Session, account_id: int, field: Field) -> tuple[str | None, int | None]:
    """The value, and its mark of `_MARKS`."""
    found = statements.row(
        session,
        f"SELECT {field}, {_MARKS.get(field, 'NULL')} FROM account WHERE id = ?",  # noqa: S608 - one of `Field`
        (account_id,),
    )
    if found is None:
        raise NotFound("account")
    return found[0], found[1]


def _set(session: Session, account: Account, field: Field, value: str | None, mark: int | None, now: int) -> None:
    if field is Field.EMAIL:
        assert value is not None
        _claim(session, account, value, now)
    statements.run(session, f"UPDATE account SET {field} = ? WHERE id = ?", (value, account.id))  # noqa: S608
    if field in _MARKS:
        statements.run(session, f"UPDATE account SET {_MARKS[field]} = ? WHERE id = ?", (mark, account.id))  # noqa: S608


def _claim(session: Session, account: Account, address: str, now: int) -> None:
    """An alias of its own may become the primary address, unless it is for one sender."""
    found = statements.row(session, "SELECT account_id, only_from FROM address WHERE address = ?", (address,))
    if found is None:
        addresses.claim(session, account.id, address, now)
    elif found != (account.id, None):
        raise Conflict("address")


def _put_back(session: Session, made: IdentityChange, verified_at: int | None, now: int) -> None:
    _set(session, accounts.by_id(session, made.account_id), made.field, made.old_value, verified_at, now)
    if made.field is Field.EMAIL:  # an address that came with the change goes with it; an alias before it stays
        statements.run(
            session,
            "DELETE FROM address WHERE address = ? AND account_id = ? AND created_at = ?",
            (made.new_value, made.account_id, made.changed_at),
        )


def _change(row: statements.Row) -> IdentityChange:
    return IdentityChange(row[0], row[1], Field(row[2]), *row[3:])
