"""Who was told what about a recipient: a ledger that the recipient reads (S57, S59, S60).

Contract. Whoever hands something of a recipient to somebody else notes it in the same transaction. What is told is a
short name (`channel`, `document`), never the thing itself. A row goes with its recipient's account alone.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import Session

from storage.engine import statements
from storage.errors import Invalid

CHANNEL = "channel"
"""By which channel the sender's documents reach the recipient."""
DOCUMENT = "document"
"""A document, to a third party that carries it."""
OPENED = "opened"
"""That and when a document was opened: with the recipient's consent."""
_WHAT = re.compile(r"[a-z][a-z-]{0,30}", re.ASCII)
_COLUMNS = "disclosure.id, told_account_id, account.name, told, what, basis, road, at"


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One row. Either an account was told, or a third party that is none."""

    id: int
    told_account_id: int | None
    told: str
    """Name of the account, or of the third party; empty once the account is erased."""
    what: str
    basis: str
    """Why it may be told: `own-recipient`, `preference`, `consent`."""
    road: str
    """`api`, `cli`, `mailbox`, or the channel by which it went."""
    at: int


def note(
    session: Session,
    account_ids: Iterable[int],
    what: str,
    now: int,
    *,
    basis: str,
    road: str,
    told_account_id: int | None = None,
    told: str | None = None,
) -> None:
    """One row for each of `account_ids`. Invalid for a `what` that is no short name, or unless one was told."""
    if _WHAT.fullmatch(what) is None or (told_account_id is None) is (told is None):
        raise Invalid("disclosure: what by a short name, to an account or to a third party")
    statements.run_many(
        session,
        "INSERT INTO disclosure (account_id, told_account_id, told, what, basis, road, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        ((account_id, told_account_id, told, what, basis, road, now) for account_id in account_ids),
    )


def listing(
    session: Session, account_id: int, below: int | None = None, limit: int = 50
) -> tuple[list[Disclosure], int | None]:
    """What was told of an account, newest first, and the number to go on below; None at the end."""
    found = statements.rows(
        session,
        f"SELECT {_COLUMNS} FROM disclosure LEFT JOIN account ON account.id = told_account_id"  # noqa: S608 - constants
        " WHERE disclosure.account_id = ? AND disclosure.id < ? ORDER BY disclosure.id DESC LIMIT ?",
        (account_id, 2**63 - 1 if below is None else below, limit + 1),
    )
    rows = [
        Disclosure(number, told_id, name or told or "", what, basis, road, at)
        for number, told_id, name, told, what, basis, road, at in found[:limit]
    ]
    return rows, rows[-1].id if len(found) > limit else None


def is_told(session: Session, account_id: int, told_account_id: int, what: str, since: int) -> bool:
    """Whether an account was told the same of another since a time."""
    found = statements.row(
        session,
        "SELECT 1 FROM disclosure WHERE account_id = ? AND at > ? AND told_account_id = ? AND what = ? LIMIT 1",
        (account_id, since, told_account_id, what),
    )
    return found is not None
