"""Accounts: made with all their keys and mailboxes, found and listed; their states (S9).

    invited ──register──▶ registered        an invited account keeps the documents that arrive for it
    invited, registered ──suspend──▶ suspended ──resume──▶ what it was        mail is still kept, sign-in refused
    all these ──close──▶ closed ──reopen──▶ what it was        mail is refused; the retention clock runs (S65)

Erasure, from which nothing comes back, is a matter of its own.
"""

import os
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Literal

from sqlmodel import Session

from storage.access import escrow, identity_keys
from storage.engine import statements
from storage.engine.changes import announce
from storage.errors import Conflict, Invalid, NotFound
from storage.keys.keyring import AccountKeys
from storage.mail import mailboxes
from storage.oversight import audit
from storage.people import addresses
from storage.people.addresses import Addressee as Addressee
from storage.people.addresses import recipient as recipient
from storage.people.addresses import resolve as resolve
from storage.people.particulars import checked_name, checked_phone
from storage.randomness import Rng
from storage.records import ACCOUNT_ROLES, Account, AccountBarred, AccountState, Domain, Role
from storage.shredding import ShredSecrets

DEFAULT_QUOTA = 2 * 1024**3
FIRST_GENERATION = 1
_COLUMNS = "id, public_id, domain_id, role, state, email, name, locale, generation, quota_bytes"
Sort = Literal["email", "-email", "name", "-name", "created", "-created"]
"""By what a list is ordered; with a hyphen from the other end."""
Key = tuple[str | int, ...]


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
    legal_name: str | None = None
    phone: str | None = None
    contact_email: str | None = None
    """Counts for nothing before it is verified (S11)."""


def create(
    session: Session,
    shred: ShredSecrets,
    draft: AccountDraft,
    domain: Domain,
    now: int,
    rng: Rng = os.urandom,
    actor: str = "system",
) -> tuple[Account, AccountKeys]:
    """Make an account with its account key, shred secret, first identity key and mailboxes.

    The keys are nowhere but in the result until a device or an enrolment code is made with them. Conflict if an
    address is taken, Invalid. In a domain of mode managed the account key goes into escrow. If the commit fails, a
    shred secret that belongs to nobody stays in keyring.db.
    """
    email = addresses.own(draft.email, domain)
    _check(draft)
    account = _insert(session, draft, email, domain, urlsafe_b64encode(rng(12)).decode(), now)
    for address in (email, *(addresses.own(alias, domain) for alias in draft.aliases)):
        addresses.claim(session, account.id, address, now)
    keys = AccountKeys(account.public_id, rng(32))
    identity_keys.insert(session, account.id, account.generation, keys, now)
    mailboxes.create_special(session, account.id, keys, now)
    shred.create(account.public_id)
    escrow.seal(session, shred, account, keys, now)
    audit.append(session, "account.created", actor, f"account:{account.id}", {"role": draft.role}, now)
    return account, keys


def by_email(session: Session, email: str) -> Account:
    """By primary address, in any case. NotFound."""
    return _one(session, f"SELECT {_COLUMNS} FROM account WHERE email = ?", email.lower())  # noqa: S608


def by_id(session: Session, account_id: int) -> Account:
    """NotFound."""
    return _one(session, f"SELECT {_COLUMNS} FROM account WHERE id = ?", account_id)  # noqa: S608


def by_sign_in_name(session: Session, address: str) -> Account:
    """By any address that delivers to it from everybody: after a change of the primary one, the old still works.

    NotFound.
    """
    found = statements.row(
        session, "SELECT account_id FROM address WHERE address = ? AND only_from IS NULL", (address.strip().lower(),)
    )
    if found is None:
        raise NotFound("account")
    return by_id(session, found[0])


def find(session: Session, reference: str) -> Account:
    """By primary address or public id. NotFound; the canary of backups is nobody."""
    found = by_email(session, reference) if "@" in reference else _by_public_id(session, reference)
    if found.role is Role.SYSTEM:
        raise NotFound("account")
    return found


def listing(session: Session) -> list[Account]:
    """All people, by address."""
    found = statements.rows(session, f"SELECT {_COLUMNS} FROM account WHERE role <> 'system' ORDER BY email")  # noqa: S608
    return [from_row(row) for row in found]


def sort_key(sort: Sort) -> Callable[[Account], Key]:
    """What of an account the next page begins after: address, name and id, or id."""
    field = sort.lstrip("-")
    if field == "email":
        return lambda account: (account.email,)
    return (lambda account: (account.name, account.id)) if field == "name" else (lambda account: (account.id,))


def page(
    session: Session,
    *,
    domains: frozenset[int] | None,
    limit: int,
    after: Key | None = None,
    state: AccountState | None = None,
    role: Role | None = None,
    text: str | None = None,
    sort: Sort = "email",
) -> list[Account]:
    """At most `limit` accounts of these domains (None: of all), from behind the `sort_key` of the last one seen.

    `text` stands somewhere in the address or the name, in any case (ASCII). Each domain is read in the order of an
    index and the domains are merged: a page costs the same however long the list is.
    """
    if domains is None:
        domains = frozenset(row[0] for row in statements.rows(session, "SELECT id FROM domain"))
    parts = (_page_of(session, domain, limit, after, state, role, text, sort) for domain in sorted(domains))
    ordered: Iterable[Account] = merge(*parts, key=sort_key(sort), reverse=sort.startswith("-"))
    return list(islice(ordered, limit))


def suspend(session: Session, account_id: int, now: int, actor: str = "system") -> None:
    """Refuse sign-in from now on; mail is still accepted and kept (S65). NotFound if it is not in use."""
    _take_away(session, account_id, (AccountState.INVITED, AccountState.REGISTERED), AccountState.SUSPENDED)
    audit.append(session, "account.suspended", actor, f"account:{account_id}", {}, now)


def resume(session: Session, account_id: int, now: int, actor: str = "system") -> None:
    """End a suspension. NotFound if there is none."""
    _give_back(session, account_id, AccountState.SUSPENDED)
    audit.append(session, "account.resumed", actor, f"account:{account_id}", {}, now)


def close(session: Session, account_id: int, now: int, actor: str = "system") -> None:
    """End the account: no sign-in, no mail; its documents stay until their time is over (S65). NotFound."""
    open_states = (AccountState.INVITED, AccountState.REGISTERED, AccountState.SUSPENDED)
    _take_away(session, account_id, open_states, AccountState.CLOSED)
    statements.run(session, "UPDATE account SET closed_at = ? WHERE id = ?", (now, account_id))
    audit.append(session, "account.closed", actor, f"account:{account_id}", {}, now)


def reopen(session: Session, account_id: int, now: int, actor: str = "system") -> None:
    """Take a closure back. NotFound if the account is not closed."""
    _give_back(session, account_id, AccountState.CLOSED)
    statements.run(session, "UPDATE account SET closed_at = NULL WHERE id = ?", (account_id,))
    audit.append(session, "account.reopened", actor, f"account:{account_id}", {}, now)


def register(session: Session, account_id: int, now: int) -> None:
    """An invited account is taken over by its owner. NotFound if it is not invited."""
    sql = "UPDATE account SET state = ? WHERE id = ? AND state = ?"
    if not statements.run(session, sql, (AccountState.REGISTERED, account_id, AccountState.INVITED)):
        raise NotFound("account in this state")
    audit.append(session, "account.registered", f"account:{account_id}", f"account:{account_id}", {}, now)


def change_settings(
    session: Session,
    account_id: int,
    now: int,
    *,
    actor: str,
    locale: str | None = None,
    quota_bytes: int | None = None,
    client_noted: bool | None = None,
) -> Account:
    """Set what is given: language, room, whether the program of the last sign-in is kept (S16). Invalid, NotFound."""
    if quota_bytes is not None and quota_bytes < 0:
        raise Invalid("quota: bytes, not negative")
    before = by_id(session, account_id)
    statements.run(
        session,
        "UPDATE account SET locale = coalesce(?, locale), quota_bytes = coalesce(?, quota_bytes),"
        " client_noted = coalesce(?, client_noted) WHERE id = ?",
        (locale, quota_bytes, client_noted, account_id),
    )
    if client_noted is False:
        statements.run(session, "UPDATE device SET last_client = NULL WHERE account_id = ?", (account_id,))
    given = {"locale": locale, "quota_bytes": quota_bytes, "client_noted": client_noted}
    fields = [name for name, value in given.items() if value is not None]
    audit.append(session, "account.settings-changed", actor, f"account:{before.id}", {"fields": fields}, now)
    return by_id(session, account_id)


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


def _by_public_id(session: Session, public_id: str) -> Account:
    return _one(session, f"SELECT {_COLUMNS} FROM account WHERE public_id = ?", public_id)  # noqa: S608


def _check(draft: AccountDraft) -> None:
    checked_name(draft.name)
    if draft.legal_name is not None:
        checked_name(draft.legal_name)
    if draft.phone is not None:
        checked_phone(draft.phone)
    if draft.contact_email is not None:
        addresses.normal(draft.contact_email)
    if draft.role not in ACCOUNT_ROLES:
        raise Invalid("role: owner, sender or recipient; other roles are granted")
    if draft.quota_bytes < 0:
        raise Invalid("quota: bytes, not negative")


def _insert(session: Session, draft: AccountDraft, email: str, domain: Domain, public_id: str, now: int) -> Account:
    if statements.row(session, "SELECT 1 FROM account WHERE email = ?", (email,)):
        raise Conflict("address")
    made = statements.row(
        session,
        "INSERT INTO account (public_id, domain_id, role, state, email, name, locale, generation, quota_bytes,"  # noqa: S608
        " legal_name, contact_email, phone, used_bytes, last_uid_validity, created_at)"
        f" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?) RETURNING {_COLUMNS}",
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
            draft.legal_name,
            draft.contact_email and addresses.normal(draft.contact_email),
            draft.phone,
            now,
        ),
    )
    assert made is not None
    return from_row(made)


def _take_away(session: Session, account_id: int, before: tuple[AccountState, ...], after: AccountState) -> None:
    """Sign-in is over; what the account was is kept for `_give_back`."""
    found = statements.row(session, "SELECT state, state_before FROM account WHERE id = ?", (account_id,))
    if found is None or found[0] not in before:
        raise NotFound("account in this state")
    stack = " ".join([*(found[1] or "").split(), found[0]])
    statements.run(session, "UPDATE account SET state = ?, state_before = ? WHERE id = ?", (after, stack, account_id))
    announce(session, AccountBarred(account_id))


def _give_back(session: Session, account_id: int, state: AccountState) -> None:
    found = statements.row(
        session, "SELECT state_before FROM account WHERE id = ? AND state = ?", (account_id, state)
    )
    if found is None:
        raise NotFound("account in this state")
    *stack, before = (found[0] or AccountState.REGISTERED).split()
    values = (AccountState(before), " ".join(stack) or None, account_id)
    statements.run(session, "UPDATE account SET state = ?, state_before = ? WHERE id = ?", values)


_ORDERS: dict[Sort, tuple[str, str]] = {
    "email": ("email", "email > ?"),
    "-email": ("email DESC", "email < ?"),
    "name": ("name, id", "(name, id) > (?, ?)"),
    "-name": ("name DESC, id DESC", "(name, id) < (?, ?)"),
    "created": ("id", "id > ?"),
    "-created": ("id DESC", "id < ?"),
}
"""SQL of each order, and of what lies beyond the last one seen."""


def _page_of(
    session: Session,
    domain_id: int,
    limit: int,
    after: Key | None,
    state: AccountState | None,
    role: Role | None,
    text: str | None,
    sort: Sort,
) -> list[Account]:
    order, beyond = _ORDERS[sort]
    like = None if text is None else f"%{_literal(text)}%"
    filters: list[tuple[str, tuple[statements.Value, ...] | None]] = [
        (beyond, after),
        ("state = ?", None if state is None else (state,)),
        ("role = ?", None if role is None else (role,)),
        ("(email LIKE ? ESCAPE '\\' OR name LIKE ? ESCAPE '\\')", None if like is None else (like, like)),
    ]
    asked = [(condition, values) for condition, values in filters if values is not None]
    where = "".join(f" AND {condition}" for condition, _ in asked)
    found = statements.rows(
        session,
        f"SELECT {_COLUMNS} FROM account WHERE domain_id = ? AND role <> 'system'{where} ORDER BY {order} LIMIT ?",  # noqa: S608
        (domain_id, *(value for _, values in asked for value in values), limit),
    )
    return [from_row(row) for row in found]


def _literal(text: str) -> str:
    """For LIKE: with its wildcards taken as letters."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _one(session: Session, sql: str, value: statements.Value) -> Account:
    found = statements.row(session, sql, (value,))
    if found is None:
        raise NotFound("account")
    return from_row(found)
