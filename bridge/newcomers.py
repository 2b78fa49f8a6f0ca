"""New accounts and domains, each in one transaction: no account without a way in, no managed domain without escrow.

An account comes with its keys (in escrow, where the domain is managed), an enrolment code and, if asked for, a first
device that works at once; a notice in its mailbox then says who made it and what waits for enrolment.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from bridge import notices
from bridge.channels import notice
from storage.access import devices, enrolment, escrow
from storage.engine import server_facts, statements
from storage.engine.server_facts import Fact
from storage.errors import Conflict, NotFound
from storage.keys.context import KEY_SIZE
from storage.keys.keyring import AccountKeys
from storage.keys.master import ServerKeys
from storage.keys.slots import SlotKind
from storage.people import accounts, domains, senders
from storage.people.accounts import AccountDraft
from storage.randomness import Rng
from storage.records import (
    Account,
    AccountState,
    DeviceCredentials,
    Domain,
    DomainMode,
    EnrolmentCode,
    Origin,
    Role,
    Scope,
)
from storage.shredding import ShredSecrets

SCOPES = {
    Role.RECIPIENT: frozenset({Scope.IMAP, Scope.SMTP_SEND}),
    Role.SENDER: frozenset({Scope.SMTP_SEND}),
    Role.OWNER: frozenset({Scope.IMAP}),
}
"""What the first device of an account may do. An ERP's password opens no mailbox; a recipient writes to the post
office and to senders of its documents alone (`recipients.resolve_for_reader`).
"""


class IdentityTaken(Conflict):
    """The new account may not write as an address that is another account's."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What is shown once, and then only kept as locked keys."""

    account: Account
    enrolment: EnrolmentCode
    device: DeviceCredentials | None
    identities: tuple[str, ...]


def add_account(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    draft: AccountDraft,
    domain: Domain,
    device: str | None,
    identities: Sequence[str],
    now: int,
    actor: str,
) -> NewAccount:
    """All or nothing; `device` is the label of a first device. Conflict, IdentityTaken, Invalid."""
    account, keys = accounts.create(session, shred, draft, domain, now, actor=actor)
    for address in identities:
        try:
            senders.add_identity(session, account.id, address, now, actor)
        except Conflict:
            raise IdentityTaken(address) from None
    code = enrolment.add_enrolment(session, server_keys, shred, account, keys, now, actor=actor)
    handed_out = None
    if device is not None:
        handed_out = _hand_out(session, server_keys, shred, account, keys, device, now, actor)
    return NewAccount(account, code, handed_out, tuple(identities))


def add_domain(
    session: Session,
    name: str,
    mode: DomainMode,
    country: str,
    custodians: Sequence[Account],
    now: int,
    actor: str,
) -> Domain:
    """With its escrow key, if it is managed, kept by `custodians` until it has an admin. Conflict, Invalid."""
    domain = domains.create(session, name, mode, country, now, actor)
    kit_public = server_facts.get(session, Fact.KIT_PUBLIC_KEY)
    escrow.create_key(session, domain, custodians, kit_public, now, actor)
    return domain


def invite(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    account: Account,
    admin: tuple[Account, AccountKeys] | None,
    now: int,
    actor: str,
    rng: Rng = os.urandom,
) -> EnrolmentCode:
    """A new code in the place of one that ran out. `admin` opens the escrow; without it the code brings a new key.

    NotFound if the account is not invited; Conflict if a new key would close documents that wait for it.
    """
    if accounts.by_id(session, account.id).state is not AccountState.INVITED:
        raise NotFound("account in this state")
    keys = _from_escrow(session, shred, account, admin)
    if keys is not None:
        return enrolment.add_enrolment(session, server_keys, shred, account, keys, now, actor=actor)
    if statements.row(session, "SELECT 1 FROM wrap WHERE account_id = ? LIMIT 1", (account.id,)):
        raise Conflict("documents wait for the present key")
    new = AccountKeys(account.public_id, rng(KEY_SIZE))
    kind = SlotKind.RENEWAL
    return enrolment.add_enrolment(session, server_keys, shred, account, new, now, rng, actor=actor, kind=kind)


def _hand_out(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    account: Account,
    keys: AccountKeys,
    label: str,
    now: int,
    actor: str,
) -> DeviceCredentials:
    scopes = SCOPES[account.role]
    made = devices.add(
        session, server_keys, shred, account, keys, label, scopes, now, origin=Origin.ADMIN, actor=actor
    )
    notice.tell(session, account, notices.DeviceHandedOut(label, scopes, now), now)
    return made


def _from_escrow(
    session: Session, shred: ShredSecrets, account: Account, admin: tuple[Account, AccountKeys] | None
) -> AccountKeys | None:
    """None if there is no escrow, or nobody here who holds its key."""
    if admin is None:
        return None
    try:
        return escrow.open_account(session, shred, *admin, account)
    except NotFound:
        return None
