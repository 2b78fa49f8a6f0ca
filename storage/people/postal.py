"""A postal address: the lines of an envelope below the name, and the country; whether paper may go there (I1).

The text form, as it is stored: one line each, the last one the country. An address that paper came back from is
used for nothing until its owner confirms or changes it.
"""

import re
from dataclasses import dataclass
from typing import Self

from sqlmodel import Session

from storage.engine import statements
from storage.errors import Invalid, NotFound
from storage.oversight import audit

MIN_LINES, MAX_LINES = 2, 5
"""Below the name and without the country: with both they fill the address field of an envelope's window."""
MAX_LETTERS = 40
"""Of a line; the width in millimetres is measured where the font is known."""
_COUNTRY = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class PostalAddress:
    lines: tuple[str, ...]
    country: str
    """ISO 3166-1 alpha-2."""

    def __str__(self) -> str:
        return "\n".join((*self.lines, self.country))

    @classmethod
    def parse(cls, text: str) -> Self:
        """From the text form, blanks trimmed. Invalid."""
        *lines, country = (" ".join(line.split(" ")).strip() for line in text.split("\n"))
        if not _COUNTRY.fullmatch(country):
            raise Invalid("country: two letters of ISO 3166-1, such as NL")
        if not MIN_LINES <= len(lines) <= MAX_LINES:
            raise Invalid(f"postal address: {MIN_LINES} to {MAX_LINES} lines, without the name and the country")
        if not all(line and len(line) <= MAX_LETTERS and line.isprintable() for line in lines):
            raise Invalid(f"postal address: lines of 1 to {MAX_LETTERS} printable characters")
        return cls(tuple(lines), country)


@dataclass(frozen=True, slots=True)
class Kept:
    """What an account has."""

    address: PostalAddress
    returned_at: int | None
    """When paper came back from it; None: it may be used."""


def of_account(session: Session, account_id: int) -> Kept | None:
    """None if there is none. NotFound account."""
    found = statements.row(
        session, "SELECT postal_address, postal_returned_at FROM account WHERE id = ?", (account_id,)
    )
    if found is None:
        raise NotFound("account")
    return None if found[0] is None else Kept(PostalAddress.parse(found[0]), found[1])


def confirm(session: Session, account_id: int, now: int, *, actor: str) -> bool:
    """The owner says that it is right, though paper came back: it is used again. False if there was no doubt."""
    done = statements.run(
        session,
        "UPDATE account SET postal_returned_at = NULL WHERE id = ? AND postal_returned_at IS NOT NULL",
        (account_id,),
    )
    if done:
        audit.append(session, "postal.confirmed", actor, f"account:{account_id}", {}, now)
    return bool(done)


def doubt(session: Session, account_id: int, now: int) -> None:
    """Paper came back from it."""
    statements.run(
        session,
        "UPDATE account SET postal_returned_at = ? WHERE id = ? AND postal_address IS NOT NULL",
        (now, account_id),
    )
