"""What notices are made of: deliveries that nobody was told of yet, and where a recipient can be told now (D14, S34).

A delivery counts from the moment its recipient may see it, until it was told of or is opened.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlmodel import Session

from storage.choices.consents import Purpose
from storage.deliveries.terms import DocumentType, Notify
from storage.engine import statements
from storage.errors import NotFound
from storage.records import AccountState

_UNTOLD = (
    "SELECT delivery.id, document_type, sender.email FROM delivery"
    " LEFT JOIN correspondent ON correspondent.id = delivery.correspondent_id"
    " LEFT JOIN account AS sender ON sender.id = correspondent.account_id"
    " WHERE opened_at IS NULL AND delivery.state NOT IN ('held', 'refused', 'opened', 'removed') AND "
)


@dataclass(frozen=True, slots=True)
class Untold:
    """Deliveries by what a notice may say of them."""

    delivery_ids: tuple[int, ...]
    types: tuple[tuple[DocumentType, int], ...]
    """With their number, most first."""
    domains: tuple[str, ...]
    """Of senders that are accounts of this bridge: nobody else's name is proven."""


@dataclass(frozen=True, slots=True)
class Reachable:
    """Where and how somebody can be told at this moment."""

    account_id: int
    domain: str
    """Of the account's own address."""
    locale: str
    contact: str | None = field(repr=False)
    """The verified contact address."""
    sealed_url: bytes | None = field(repr=False)
    names_senders: bool


def untold(session: Session, account_id: int, mode: Notify) -> Untold:
    """Of an account, of this mode of notice."""
    sql = f"{_UNTOLD} delivery.account_id = ? AND notify = ? AND noticed_at IS NULL AND notify <> 'none'"
    return _grouped(statements.rows(session, sql, (account_id, mode)))


def one(session: Session, delivery_id: int) -> Untold:
    """A single delivery, for a reminder; empty once it is opened."""
    return _grouped(statements.rows(session, f"{_UNTOLD} delivery.id = ?", (delivery_id,)))


def reachable(session: Session, account_id: int, now: int) -> Reachable:
    """NotFound: no such account any more, or it is closed."""
    found = statements.row(
        session,
        "SELECT email, locale, CASE WHEN contact_email_verified_at IS NOT NULL THEN contact_email END,"
        " CASE WHEN paused_at IS NULL THEN sealed_url END,"
        " EXISTS (SELECT 1 FROM consent WHERE consent.account_id = account.id AND purpose = ?"
        " AND withdrawn_at IS NULL AND (ends_at IS NULL OR ends_at > ?)), state"
        " FROM account LEFT JOIN notice_url ON notice_url.account_id = account.id WHERE account.id = ?",
        (Purpose.NOTICE_SENDER, now, account_id),
    )
    if found is None or found[5] in (AccountState.CLOSED, AccountState.ERASED):
        raise NotFound("account")
    email, locale, contact, sealed_url, names, _ = found
    return Reachable(account_id, email.rpartition("@")[2], locale, contact, sealed_url, bool(names))


def told(session: Session, delivery_ids: Sequence[int], now: int) -> None:
    """A notice of these went."""
    for marks, part in statements.chunks(delivery_ids):
        statements.run(session, f"UPDATE delivery SET noticed_at = ? WHERE id IN ({marks})", (now, *part))  # noqa: S608


def _grouped(rows: Sequence[statements.Row]) -> Untold:
    types = Counter(DocumentType(kind) for _, kind, _ in rows)
    domains = {email.rpartition("@")[2] for _, _, email in rows if email is not None}
    return Untold(tuple(row[0] for row in rows), tuple(types.most_common()), tuple(sorted(domains)))
