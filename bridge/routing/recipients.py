"""Who an address delivers to, asked when RCPT is given (S65; RFC 5321 section 3.3, RFC 5233).

A suspended account still keeps what arrives: only its sign-in is refused. A few indexed
rows answer: `store.look_up(resolve, …)`.
"""

from enum import Enum, auto

from sqlmodel import Session

from storage import accounts, domains
from storage.errors import NotFound, OverQuota
from storage.records import Recipient


class Refusal(Enum):
    """Why an address gets nothing."""

    ELSEWHERE = auto()
    """Not in one of our domains: that would be relaying."""
    UNKNOWN = auto()
    CLOSED = auto()
    FULL = auto()
    """No room for a document of this size at present."""


def resolve(session: Session, address: str, size: int = 0) -> Recipient | Refusal:
    """The account behind `address`, subaddress included; `size` in bytes as far as the sender announced it."""
    try:
        return accounts.resolve(session, address, size).recipient
    except OverQuota:
        return Refusal.FULL
    except NotFound:
        return _why_not(session, address)


def _why_not(session: Session, address: str) -> Refusal:
    if accounts.recipient(session, address) is not None:
        return Refusal.CLOSED
    try:
        domains.by_name(session, address.rpartition("@")[2])
    except NotFound:
        return Refusal.ELSEWHERE
    return Refusal.UNKNOWN
