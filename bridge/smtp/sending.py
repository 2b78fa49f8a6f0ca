"""Who may write as whom: the envelope sender and the header's From and Sender (RFC 5321, RFC 6409 section 6.1).

Signed in, a sender uses its own addresses only: those that deliver to it and the identities added to it. The null
sender is free to everyone: read receipts carry it (RFC 8098 section 2.1). Not signed in (port 25), nobody uses an
address of our domains or one that an account here writes as: only its owner may, after a sign-in.
"""

from dataclasses import dataclass

from sqlmodel import Session

from bridge.mail import addresses, headers
from bridge.smtp import replies
from storage import accounts, domains, senders
from storage.errors import NotFound
from storage.records import Account, AccountState, Device

_OWN_FIELDS = ("From", "Sender")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A sender on one connection."""

    account: Account
    device: Device


@dataclass(frozen=True, slots=True)
class Rights:
    """As they stood at MAIL: what the envelope named was allowed, and the header may name."""

    identities: frozenset[str]
    """Lower case."""


def rights(session: Session, account_id: int) -> Rights | None:
    """None for an account that may not send at present."""
    try:
        state = accounts.by_id(session, account_id).state
    except NotFound:
        return None
    return Rights(senders.identities(session, account_id)) if state is AccountState.REGISTERED else None


def needs_sign_in(session: Session, address: str) -> bool:
    """Whether mail from `address` is accepted from signed-in senders only."""
    try:
        domains.by_name(session, address.rpartition("@")[2])
    except NotFound:
        return senders.is_identity(session, address.lower())
    return True


def header_refusal(header: bytes, rights: Rights) -> str | None:
    """The answer to a header that names others as its author, None if all is well.

    A field that holds text and no address is refused: another reader may see an address in it. No From at all names
    nobody, unless the block is longer than what we read as header.
    """
    for field in _OWN_FIELDS:
        fields = headers.values(header, field)
        found = [addresses.flat(addresses.parse(value)) for value in fields]
        if not all(found) or (not fields and field == "From" and len(header) >= headers.MAX_HEADER):
            return replies.FROM_UNREADABLE.format(field=field)
        if any(address.mailbox.lower() not in rights.identities for each in found for address in each):
            return replies.FROM_NOT_YOURS.format(field=field)
    return None
