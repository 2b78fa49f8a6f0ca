"""Who an address delivers to, asked when RCPT is given (S65; RFC 5321 section 3.3, RFC 5233).

An invited account keeps what arrives until its owner comes (S9), a suspended one too: only its sign-in is refused. An
alias may be for one sender (D11). A few indexed rows answer: `store.look_up(resolve, …)`.
"""

from enum import Enum, auto

from sqlmodel import Session

from storage.errors import NotFound, OverQuota, WrongSender
from storage.people import accounts, domains
from storage.records import Recipient


class Refusal(Enum):
    """Why an address gets nothing."""

    ELSEWHERE = auto()
    """Not in one of our domains: that would be relaying."""
    UNKNOWN = auto()
    CLOSED = auto()
    FULL = auto()
    """No room for a document of this size at present."""
    WRONG_SENDER = auto()
    """An alias for one sender, and this is another."""


def resolve(
    session: Session, address: str, size: int = 0, senders: frozenset[str] = frozenset()
) -> Recipient | Refusal:
    """The account behind `address`, subaddress included; `size` in bytes as far as the sender announced it, `senders`
    the addresses that the sender goes by, in lower case.
    """
    try:
        return accounts.resolve(session, address, size, senders).recipient
    except OverQuota:
        return Refusal.FULL
    except WrongSender:
        return Refusal.WRONG_SENDER
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
