"""Bearer sessions of the control API: who signed in with password and second factor, for 8 hours at most.

A token is `ps1-<selector>-<secret>`: the selector (50 bits, base32) finds the row, the secret (160 bits) opens a key
slot of kind SESSION and with it the account's keys. So the server holds no key between two requests, and what a
session is worth ends with its slot: after 15 minutes without use, after 8 hours, with the account's right to sign in,
or when it is ended. A clock that was set back ends it too: by that clock nobody can tell how old the session is.

Signing in is a step-up: password and second factor were given just then.
"""

import os
from base64 import b32decode, b32encode
from binascii import Error as NotBase32
from dataclasses import dataclass, field

from sqlmodel import Session

from storage.access.key_slots import insert
from storage.engine import statements
from storage.errors import Invalid, NotFound, SignInRefused
from storage.keys.keyring import AccountKeys
from storage.keys.master import ServerKeys
from storage.keys.slots import SealedSlot, SlotKind, open_slot
from storage.oversight import audit
from storage.people import accounts
from storage.randomness import Rng
from storage.records import Account, AccountState
from storage.shredding import ShredSecrets

PREFIX = "ps1"
SELECTOR_LENGTH = 10
SECRET_BYTES = 20
IDLE = 15 * 60
"""Seconds without use after which a session is over."""
ABSOLUTE = 8 * 3600
"""Seconds after which it is over anyway."""
SET_BACK = 5 * 60
"""Seconds by which the clock may lie before the last use: a correction, not a jump."""
MAX_CLIENT = 100
_COLUMNS = "api_session.id, api_session.account_id, selector, started_at, used_at, stepped_up_at, client"


@dataclass(frozen=True, slots=True)
class ApiSession:
    """A bearer session as its owner may see it."""

    id: int
    account_id: int
    selector: str
    """Public part of the token; finds the row."""
    started_at: int
    used_at: int
    """Known to half a minute or so."""
    stepped_up_at: int | None
    """When password and second factor were last given."""
    client: str
    """What the program that signed in calls itself."""


@dataclass(frozen=True, slots=True)
class Token:
    """Shown once, at sign-in; kept nowhere."""

    token: str = field(repr=False)
    session: ApiSession


@dataclass(frozen=True, slots=True)
class Opened:
    """Who a token belongs to, with the keys that it opens."""

    account: Account
    api_session: ApiSession
    keys: AccountKeys = field(repr=False)


def start(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    account: Account,
    keys: AccountKeys,
    client: str,
    now: int,
    rng: Rng = os.urandom,
) -> Token:
    """A new session of an account that has just shown its password and second factor. Invalid: the client's name.

    Sessions of anybody that are over are removed on the way: their slots would open a key for as long as they stay.
    """
    if len(client) > MAX_CLIENT or not client.isprintable():
        raise Invalid(f"client: up to {MAX_CLIENT} printable characters")
    remove_expired(session, now)
    selector, secret = b32encode(rng(7)).decode().lower()[:SELECTOR_LENGTH], rng(SECRET_BYTES)
    kind, slot = SlotKind.SESSION, slot_name(selector)
    slot_id = insert(session, server_keys, shred, account, slot, kind, secret, keys, now, now + ABSOLUTE)
    made = statements.row(
        session,
        "INSERT INTO api_session (account_id, slot_id, selector, started_at, used_at, stepped_up_at, client)"  # noqa: S608
        f" VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING {_COLUMNS}",
        (account.id, slot_id, selector, now, now, now, client),
    )
    assert made is not None
    started = ApiSession(*made)
    audit.append(
        session, "session.started", f"account:{account.id}", f"account:{account.id}", {"session": started.id}, now
    )
    return Token(f"{PREFIX}-{selector}-{b32encode(secret).decode().lower()}", started)


def open(session: Session, server_keys: ServerKeys, shred: ShredSecrets, token: str, now: int) -> Opened:
    """Whose token this is, with the account's keys. Reads only.

    SignInRefused for whatever is wrong; Tampered if the secret is right and the key under it does not open.
    """
    selector, secret = _parsed(token)
    found = statements.row(
        session,
        f"SELECT {_COLUMNS}, salt, commitment, sealed_key FROM api_session"  # noqa: S608 - a constant
        " JOIN key_slot ON key_slot.id = api_session.slot_id WHERE selector = ?",
        (selector,),
    )
    if found is None:
        raise SignInRefused
    opened = ApiSession(*found[:-3])
    account, shred_secret = _owner(session, shred, opened.account_id)
    account_key = open_slot(
        secret,
        server_keys.pepper,
        shred_secret,
        SealedSlot(*found[-3:]),
        account=account.public_id,
        slot=slot_name(selector),
        kind=SlotKind.SESSION,
    )
    if account_key is None or account.state is not AccountState.REGISTERED or not is_alive(opened, now):
        raise SignInRefused
    return Opened(account, opened, AccountKeys(account.public_id, account_key))


def note_use(session: Session, session_id: int, now: int) -> None:
    """It was used: its idle time begins anew. Never goes back; nothing happens if the session is gone."""
    statements.run(session, "UPDATE api_session SET used_at = ? WHERE id = ? AND used_at < ?", (now, session_id, now))


def step_up(session: Session, session_id: int, now: int) -> None:
    """Password and second factor were given again. NotFound if the session is gone."""
    changed = statements.run(
        session,
        "UPDATE api_session SET stepped_up_at = ?, used_at = max(used_at, ?) WHERE id = ?",
        (now, now, session_id),
    )
    if not changed:
        raise NotFound("session")
    ((account_id,),) = statements.rows(session, "SELECT account_id FROM api_session WHERE id = ?", (session_id,))
    own = f"account:{account_id}"
    audit.append(session, "session.stepped-up", own, own, {"session": session_id}, now)


def end(session: Session, session_id: int, account_id: int, now: int, actor: str) -> None:
    """End a session of this account. NotFound if there is none."""
    if not _remove(session, "id = ? AND account_id = ?", session_id, account_id):
        raise NotFound("session")
    audit.append(session, "session.ended", actor, f"account:{account_id}", {"session": session_id}, now)


def end_all(session: Session, account_id: int, now: int, keep: int | None = None, actor: str = "system") -> int:
    """End all sessions of the account but the one with id `keep`; how many."""
    ended = _remove(session, "account_id = ? AND id <> ?", account_id, -1 if keep is None else keep)
    if ended:
        audit.append(session, "session.all-ended", actor, f"account:{account_id}", {"sessions": ended}, now)
    return ended


def listing(session: Session, account_id: int) -> list[ApiSession]:
    """All of the account, oldest first; those that are over stay until somebody signs in."""
    found = statements.rows(
        session,
        f"SELECT {_COLUMNS} FROM api_session WHERE account_id = ? ORDER BY id",  # noqa: S608 - a constant
        (account_id,),
    )
    return [ApiSession(*row) for row in found]


def alive(session: Session, domains: frozenset[int] | None, now: int) -> list[ApiSession]:
    """Of accounts of these domains (None: all), newest first."""
    where = "" if domains is None else f" AND domain_id IN ({','.join('?' * len(domains))})"
    found = statements.rows(
        session,
        f"SELECT {_COLUMNS} FROM api_session JOIN account ON account.id = api_session.account_id"  # noqa: S608
        f" WHERE used_at > ? AND started_at > ?{where} ORDER BY api_session.id DESC",
        (now - IDLE, now - ABSOLUTE, *sorted(domains or ())),
    )
    return [ApiSession(*row) for row in found]


def remove_expired(session: Session, now: int) -> int:
    """Delete all sessions that are over, and their slots; how many."""
    return _remove(session, "used_at <= ? OR started_at <= ?", now - IDLE, now - ABSOLUTE)


def slot_name(selector: str) -> str:
    """Public id of the slot of a session."""
    return f"session-{selector}"


def _remove(session: Session, which: str, *values: int) -> int:
    removed = statements.rows(session, f"DELETE FROM api_session WHERE {which} RETURNING slot_id", values)  # noqa: S608
    statements.run_many(session, "DELETE FROM key_slot WHERE id = ?", removed)
    return len(removed)


def is_alive(opened: ApiSession, now: int) -> bool:
    """Rows of sessions that are over stay until somebody signs in."""
    return -SET_BACK <= now - opened.used_at < IDLE and now - opened.started_at < ABSOLUTE


def _owner(session: Session, shred: ShredSecrets, account_id: int) -> tuple[Account, bytes]:
    try:
        account = accounts.by_id(session, account_id)
        return account, shred.get(account.public_id)
    except NotFound:
        raise SignInRefused from None


def _parsed(token: str) -> tuple[str, bytes]:
    prefix, _, rest = token.strip().lower().partition("-")
    selector, _, secret = rest.partition("-")
    try:
        decoded = b32decode(secret.upper())
    except (NotBase32, ValueError):
        raise SignInRefused from None
    if prefix != PREFIX or len(decoded) != SECRET_BYTES:
        raise SignInRefused
    return selector, decoded
