"""E-mail addresses: their stored form, the accounts they deliver to, and what stands in the way (RFC 5321, RFC 5233).

Addresses are compared in lower case, local part included: two people whose addresses differ in case alone are not
served by one post office. An address may be for one sender alone (D11): mail from others is refused.
"""

import re
from dataclasses import dataclass

from sqlmodel import Session

from storage.engine import statements
from storage.errors import Conflict, Invalid, NotFound, OverQuota, WrongSender
from storage.records import AccountState, Domain, Recipient

MAX_LENGTH = 320
CONTROL = "delivery"
"""Local part of the control address of every domain."""
_DOT_ATOM = re.compile(r"[\w!#$%&'*/=?^`{|}~-]+(\.[\w!#$%&'*/=?^`{|}~-]+)*")
"""RFC 5322 section 3.2.3, and letters of other scripts (RFC 6532): a second @ or a < would deceive who reads it."""
_CLOSED = frozenset({AccountState.CLOSED, AccountState.ERASED})


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who an address delivers to. A suspended account still keeps what arrives (S65); the door decides."""

    recipient: Recipient
    state: AccountState


def normal(address: str) -> str:
    """The stored form. Invalid if it is not local@domain, printable and without a blank anywhere."""
    local, at, domain = address.lower().rpartition("@")
    if not (local and at and domain) or len(address) > MAX_LENGTH or not address.isprintable() or " " in address:
        raise Invalid("address: local@domain")
    return f"{local}@{domain}"


def own(address: str, domain: Domain) -> str:
    """The stored form of an address that may be given out in `domain`. Invalid."""
    stored = normal(address)
    if stored.rpartition("@")[2] != domain.name:
        raise Invalid(f"address: in the domain {domain.name}")
    if "+" in stored.rpartition("@")[0]:
        raise Invalid("address: no + in it, that marks a subaddress")
    if stored.rpartition("@")[0] == CONTROL:
        raise Invalid(f"address: not {CONTROL}@, there preferences are changed by mail")
    if not _DOT_ATOM.fullmatch(stored.rpartition("@")[0]):
        raise Invalid("address: letters, digits and signs that need no quotes before the @")
    return stored


def claim(
    session: Session,
    account_id: int,
    address: str,
    now: int | None = None,
    *,
    only_from: str | None = None,
    label: str | None = None,
) -> None:
    """Let `address` (normal form) deliver to the account. Conflict if another has it or writes as it."""
    taken = statements.row(
        session,
        "SELECT account_id FROM address WHERE address = ?"
        " UNION SELECT account_id FROM sender_identity WHERE address = ? AND account_id <> ?",
        (address, address, account_id),
    )
    if taken is not None:
        raise Conflict("address")
    statements.run(
        session,
        "INSERT INTO address (address, account_id, only_from, label, created_at) VALUES (?, ?, ?, ?, ?)",
        (address, account_id, only_from, label, now),
    )


def recipient(session: Session, address: str) -> Recipient | None:
    """Who `address` delivers to, subaddress `local+tag@domain` included; None if nobody."""
    found = _found(session, address)
    return None if found is None else Recipient._make(found[:5])


def resolve(session: Session, address: str, size: int = 0, senders: frozenset[str] = frozenset()) -> Addressee:
    """Who `address` delivers to, whether it has room, and whether it takes mail from this sender, who goes by
    `senders` (lower case).

    NotFound if nobody or the account is closed, WrongSender, OverQuota if there is no room. There is as long as the
    quota is not reached: were `size` measured against what is left, anybody could find out to the byte how much that
    is, and so when the reader deletes something. What is accepted after this counts against the quota but is not
    refused again: one full mailbox must not hold up a document for many.
    """
    found = _found(session, address)
    if found is None or found[5] in _CLOSED:
        raise NotFound("address")
    if not _takes_from(found[8], senders):
        raise WrongSender("address")
    if max(size, found[6] + 1) > found[7]:
        raise OverQuota("account")
    return Addressee(Recipient._make(found[:5]), AccountState(found[5]))


def _takes_from(only_from: str | None, senders: frozenset[str]) -> bool:
    """`only_from` is an address, or @ and a domain."""
    if only_from is None:
        return True
    if only_from.startswith("@"):
        return any(sender.endswith(only_from) for sender in senders)
    return only_from in senders


def _found(session: Session, address: str) -> statements.Row | None:
    try:
        stored = normal(address)
    except Invalid:
        return None
    local, _, domain = stored.rpartition("@")
    return _delivers(session, stored) or _delivers(session, f"{local.partition('+')[0]}@{domain}")


def _delivers(session: Session, address: str) -> statements.Row | None:
    return statements.row(
        session,
        "SELECT account.id, account.public_id, mailbox.id, identity_key.generation, identity_key.public_key,"
        " account.state, account.used_bytes, account.quota_bytes, address.only_from"
        " FROM address JOIN account ON account.id = address.account_id"
        " JOIN mailbox ON mailbox.account_id = account.id AND mailbox.special = 'inbox'"
        " JOIN identity_key ON identity_key.account_id = account.id AND identity_key.generation = account.generation"
        " WHERE address.address = ?",
        (address,),
    )
