"""Enrolment codes: a one-time way to an account's key, for making its first device or taking an account over.

A code is 128 random bits in base32, written in groups of four. It opens the account for 72 hours and is gone once
used; a new one replaces those before it.
"""

import os
from base64 import b32decode, b32encode
from binascii import Error as NotBase32

from sqlmodel import Session

from storage import accounts, audit, statements
from storage.errors import NotFound, SignInRefused
from storage.key_slots import insert, remove
from storage.keys.keyring import AccountKeys
from storage.keys.master import ServerKeys
from storage.keys.slots import SealedSlot, SlotKind, open_slot
from storage.randomness import Rng
from storage.records import Account, AccountState, EnrolmentCode
from storage.shredding import ShredSecrets

LIFETIME = 72 * 3600
CODE_BYTES = 16
_GROUP = 4


def add_enrolment(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    account: Account,
    keys: AccountKeys,
    now: int,
    rng: Rng = os.urandom,
) -> EnrolmentCode:
    """A new code for the account."""
    statements.run(
        session, "DELETE FROM key_slot WHERE account_id = ? AND kind = ?", (account.id, SlotKind.ENROLMENT)
    )
    secret, expires_at = rng(CODE_BYTES), now + LIFETIME
    slot = f"enrolment-{rng(8).hex()}"
    insert(session, server_keys, shred, account, slot, SlotKind.ENROLMENT, secret, keys, now, expires_at)
    audit.append(session, "enrolment.added", "system", f"account:{account.id}", {"expires_at": expires_at}, now)
    text = b32encode(secret).decode().rstrip("=").lower()
    return EnrolmentCode("-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP)), expires_at)


def enrol(
    session: Session, server_keys: ServerKeys, shred: ShredSecrets, username: str, code: str, now: int
) -> tuple[Account, AccountKeys]:
    """Open the account with its code, which is used up; an invited account becomes registered.

    SignInRefused for whatever is wrong; Tampered if the code is right and the key does not open.
    """
    secret = _parsed(code)
    try:
        account = accounts.by_email(session, username)
        shred_secret = shred.get(account.public_id)
    except NotFound:
        raise SignInRefused from None
    found = statements.row(
        session,
        "SELECT salt, commitment, sealed_key, public_id, id FROM key_slot"
        " WHERE account_id = ? AND kind = ? AND expires_at > ?",
        (account.id, SlotKind.ENROLMENT, now),
    )
    if found is None or account.state not in (AccountState.INVITED, AccountState.REGISTERED):
        raise SignInRefused
    sealed = SealedSlot(*found[:3])
    account_key = open_slot(
        secret,
        server_keys.pepper,
        shred_secret,
        sealed,
        account=account.public_id,
        slot=found[3],
        kind=SlotKind.ENROLMENT,
    )
    assert account_key is not None, "an enrolment slot holds a key"
    remove(session, found[4])
    if account.state is AccountState.INVITED:
        accounts.register(session, account.id, now)
    audit.append(session, "enrolment.used", f"account:{account.id}", f"account:{account.id}", {}, now)
    return accounts.by_id(session, account.id), AccountKeys(account.public_id, account_key)


def _parsed(code: str) -> bytes:
    text = "".join(code.split()).replace("-", "").upper()
    try:
        secret = b32decode(text + "=" * (-len(text) % 8))
    except (NotBase32, ValueError):
        raise SignInRefused from None
    if len(secret) != CODE_BYTES:
        raise SignInRefused
    return secret
