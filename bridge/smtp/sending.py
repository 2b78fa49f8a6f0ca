"""Who may write as whom, by the envelope (RFC 5321, RFC 6409 section 6.1); for the header see `authorship`.

Signed in, a sender uses its own addresses only: those that deliver to it and the identities added to it. The null
sender is free to everyone: read receipts carry it (RFC 8098 section 2.1). Not signed in (port 25), nobody uses an
address of our domains or one that an account here writes as: only its owner may, after a sign-in.
"""

from dataclasses import dataclass

from sqlmodel import Session

from bridge.smtp.authorship import Rights
from storage.errors import NotFound
from storage.people import accounts, domains, senders
from storage.records import Account, AccountState, Device

_SENDING = frozenset({AccountState.INVITED, AccountState.REGISTERED})


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A sender on one connection."""

    account: Account
    device: Device


def rights(session: Session, account_id: int) -> Rights | None:
    """None for an account that may not send at present. An invited one may: its admin handed the device out."""
    try:
        state = accounts.by_id(session, account_id).state
    except NotFound:
        return None
    return Rights(senders.identities(session, account_id)) if state in _SENDING else None


def needs_sign_in(session: Session, address: str) -> bool:
    """Whether mail from `address` is accepted from signed-in senders only."""
    try:
        domains.by_name(session, address.rpartition("@")[2])
    except NotFound:
        return senders.is_identity(session, address.lower())
    return True
