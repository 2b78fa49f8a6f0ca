"""Accounts: made with all their keys and mailboxes, found, suspended and resumed."""

import os
from base64 import urlsafe_b64encode
from dataclasses import dataclass

from sqlmodel import Session

from storage import addresses, audit, mailboxes, statements
from storage.addresses import Addressee as Addressee
from storage.addresses import recipient as recipient
from storage.addresses import resolve as resolve
from storage.changes import announce
from storage.errors import Conflict, Invalid, NotFound
from storage.keys.keyring import AccountKeys
from storage.randomness import Rng
from storage.records import Account, AccountBarred, AccountState, Domain, Role
from storage.shredding import ShredSecrets

DEFAULT_QUOTA = 2 * 1024**3
MAX_NAME = 200
FIRST_GENERATION = 1


@dataclass(frozen=True, slots=True)
class AccountDraft:
    """What to make an account from."""

    email: str
    name: str
    role: Role
    locale: str = "nl"
    quota_bytes: int = DEFAULT_QUOTA
    aliases: tuple[str, ...] = ()
    """Further addresses of the same domain that deliver to it."""
    state: AccountState = AccountState.REGISTERED


def create(
    session: Session, shred: ShredSecrets, draft: AccountDraft, domain: Domain, now: int, rng: Rng = os.urandom
) -> tuple[Account, AccountKeys]:
    """Make an account with its account key, shred secret, first identity key and mailboxes.

    The keys are nowhere but in the result until a device or an enrolment code is made with them. Conflict if an
    address is taken, Invalid. If the commit fails, a shred secret that belongs to nobody stays in keyring.db.
    """
    email = _own_address(draft.email, domain)
    if not draft.name.strip() or len(draft.name) > MAX_NAME or not draft.name.isprintable():
        raise Invalid(f"name: 1 to {MAX_NAME} printable characters")
    if draft.quota_bytes < 0:
        raise Invalid("quota: bytes, not negative")
    account = _insert(session, draft, email, domain, urlsafe_b64encode(rng(12)).decode(), now)
    for address in (email, *(_own_address(alias, domain) for alias in draft.aliases)):
        addresses.claim(session, account.id, address)
    keys = AccountKeys(account.public_id, rng(32))
    _add_identity_key(session, account, keys, now)
    mailboxes.create_special(session, account.id, keys, now)
    shred.create(account.public_id)
    audit.append(session, "account.created", "system", f"account:{account.id}", {"role": draft.role}, now)
    return account, keys


def by_email(session: Session, email: str) -> Account:
    """By primary address, in any case. NotFound."""
    return _one(
        session,
        "SELECT id, public_id, domain_id, role, state, email, name, locale, generation, quota_bytes FROM account"
        " WHERE email = ?",
        email.lower(),
    )


def by_id(session: Session, account_id: int) -> Account:
    """NotFound."""
    return _one(
        session,
        "SELECT id, public_id, domain_id, role, state, email, name, locale, generation, quota_bytes FROM account"
        " WHERE id = ?",
        account_id,
    )


def listing(session: Session) -> list[Account]:
    """All, by address."""
    found = statements.rows(
        session,
        "SELECT id, public_id, domain_id, role, state, email, name, locale, generation, quota_bytes FROM account"
        " ORDER BY email",
    )
    return [from_row(row) for row in found]


def suspend(session: Session, account_id: int, now: int) -> None:
    """Refuse sign-in from now on; mail is still accepted and kept (S65). NotFound if it is not registered."""
    _turn(session, account_id, AccountState.REGISTERED, AccountState.SUSPENDED, now)


def resume(session: Session, account_id: int, now: int) -> None:
    """End a suspension. NotFound if there is none."""
    _turn(session, account_id, AccountState.SUSPENDED, AccountState.REGISTERED, now)


def register(session: Session, account_id: int, now: int) -> None:
    """An invited account is taken over by its owner. NotFound if it is not invited."""
    _turn(session, account_id, AccountState.INVITED, AccountState.REGISTERED, now)


def used_bytes(session: Session, account_id: int) -> int:
    """Padded size of all documents the account holds. NotFound."""
    found = statements.row(session, "SELECT used_bytes FROM account WHERE id = ?", (account_id,))
    if found is None:
        raise NotFound("account")
    used: int = found[0]
    return used


def from_row(row: statements.Row) -> Account:
    """From the ten columns that every query of this package asks for, in the order of the record."""
    account_id, public_id, domain_id, role, state, email, name, locale, generation, quota = row
    return Account(
        account_id, public_id, domain_id, Role(role), AccountState(state), email, name, locale, generation, quota
    )


def _own_address(address: str, domain: Domain) -> str:
    stored = addresses.normal(address)
    if stored.rpartition("@")[2] != domain.name:
        raise Invalid(f"address: in the domain {domain.name}")
    if "+" in stored.rpartition("@")[0]:
        raise Invalid("address: no + in it, that marks a subaddress")
    return stored


def _insert(session: Session, draft: AccountDraft, email: str, domain: Domain, public_id: str, now: int) -> Account:
    if statements.row(session, "SELECT 1 FROM account WHERE email = ?", (email,)):
        raise Conflict("address")
    made = statements.row(
        session,
        "INSERT INTO account (public_id, domain_id, role, state, email, name, locale, generation, quota_bytes,"
        " used_bytes, last_uid_validity, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?)"
        " RETURNING id, public_id, domain_id, role, state, email, name, locale, generation, quota_bytes",
        (
            public_id,
            domain.id,
            draft.role,
            draft.state,
            email,
            draft.name,
            draft.locale,
            FIRST_GENERATION,
            draft.quota_bytes,
            now,
        ),
    )
    assert made is not None
    return from_row(made)


def _add_identity_key(session: Session, account: Account, keys: AccountKeys, now: int) -> None:
    public_key, sealed_private = keys.new_identity(account.generation)
    statements.run(
        session,
        "INSERT INTO identity_key (account_id, generation, public_key, sealed_private, created_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (account.id, account.generation, public_key, sealed_private, now),
    )


def _turn(
    session: Session, account_id: int, before: AccountState, after: AccountState, now: int, actor: str = "system"
) -> None:
    if not statements.run(
        session, "UPDATE account SET state = ? WHERE id = ? AND state = ?", (after, account_id, before)
    ):
        raise NotFound("account in this state")
    if after is AccountState.SUSPENDED:
        announce(session, AccountBarred(account_id))
    audit.append(session, "account.state", actor, f"account:{account_id}", {"state": after}, now)


def _one(session: Session, sql: str, value: statements.Value) -> Account:
    found = statements.row(session, sql, (value,))
    if found is None:
        raise NotFound("account")
    return from_row(found)
