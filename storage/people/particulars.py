"""What is known of a person beside the account itself: names, contacts (S10–S12), times."""

from dataclasses import dataclass

from sqlmodel import Session

from storage.engine import statements
from storage.errors import Invalid, NotFound

MAX_NAME = 200
MAX_PHONE = 32
_PHONE = frozenset("0123456789 +-().")


@dataclass(frozen=True, slots=True)
class Particulars:
    legal_name: str | None
    contact_email: str | None
    contact_email_verified_at: int | None
    """None: it is no channel yet (S11)."""
    phone: str | None
    postal_address: str | None
    """Its text form."""
    used_bytes: int
    """Padded sizes of its documents."""
    client_noted: bool
    accepted_mode: str | None
    accepted_at: int | None
    closed_at: int | None
    created_at: int


def of_account(session: Session, account_id: int) -> Particulars:
    """NotFound."""
    found = statements.row(
        session,
        "SELECT legal_name, contact_email, contact_email_verified_at, phone, postal_address, used_bytes,"
        " client_noted, accepted_mode, accepted_at, closed_at, created_at FROM account WHERE id = ?",
        (account_id,),
    )
    if found is None:
        raise NotFound("account")
    legal_name, contact_email, verified_at, phone, postal, used, client_noted, *times = found
    return Particulars(legal_name, contact_email, verified_at, phone, postal, used, bool(client_noted), *times)


def checked_name(value: str) -> str:
    """Invalid if it is empty, too long or not printable."""
    if not value.strip() or len(value) > MAX_NAME or not value.isprintable():
        raise Invalid(f"name: 1 to {MAX_NAME} printable characters")
    return value


def checked_phone(value: str) -> str:
    """Digits, blanks and + - ( ) . as people write them. Invalid."""
    if not any(letter.isdigit() for letter in value) or len(value) > MAX_PHONE or not set(value) <= _PHONE:
        raise Invalid("phone: digits, blanks and + - ( ) .")
    return value.strip()
