"""Who an address delivers to, asked when RCPT is given (S65; RFC 5321 section 3.3, RFC 5233).

An invited account keeps what arrives until its owner comes (S9), a suspended one too: only its sign-in is refused. An
alias may be for one sender (D11). A few indexed rows answer: `store.look_up(resolve, …)`.
"""

from enum import Enum, auto

from sqlmodel import Session

from storage.choices import correspondents
from storage.errors import NotFound, OverQuota, WrongSender
from storage.mail import chosen
from storage.people import accounts, domains
from storage.records import AccountState, Recipient


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
    NO_CORRESPONDENT = auto()
    """A recipient writes to somebody of whom it has no documents."""
    NOT_ENROLLED = auto()
    """A recipient writes to others before it is sure who it is: an admin made its device."""


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


def resolve_for_reader(
    session: Session, account_id: int, address: str, size: int, senders: frozenset[str]
) -> Recipient | Refusal:
    """As `resolve`, for a recipient who answers: only senders whose documents it has, by whatever address they write
    as (the mailbox of a sender takes what comes to an outside address of it).
    """
    if accounts.by_id(session, account_id).state is not AccountState.REGISTERED:
        return Refusal.NOT_ENROLLED
    writer = chosen.sender_named(session, account_id, address)
    sender_id = None if writer is None else correspondents.get(session, writer).account_id
    if sender_id is None:
        return Refusal.NO_CORRESPONDENT
    found = resolve(session, address, size, senders)
    if isinstance(found, Recipient) or found not in (Refusal.ELSEWHERE, Refusal.UNKNOWN):
        return found
    return resolve(session, accounts.by_id(session, sender_id).email, size, senders)


def _why_not(session: Session, address: str) -> Refusal:
    if accounts.recipient(session, address) is not None:
        return Refusal.CLOSED
    try:
        domains.by_name(session, address.rpartition("@")[2])
    except NotFound:
        return Refusal.ELSEWHERE
    return Refusal.UNKNOWN
