"""Recovery codes: ten keys on paper, for whoever lost the password or the second factor. Each opens the account once.

A code is 120 random bits in base32, in groups of four. One alone is not enough to come in: it goes with what is
left, the password or the second factor (`ways_back`).
"""

import os
from base64 import b32decode, b32encode
from binascii import Error as NotBase32

from sqlmodel import Session

from storage.access.key_slots import insert, remove
from storage.engine import statements
from storage.errors import NotFound, SignInRefused, StorageError, Tampered
from storage.keys.keyring import AccountKeys
from storage.keys.master import ServerKeys
from storage.keys.slots import SealedSlot, SlotKind, open_slot
from storage.oversight import audit
from storage.randomness import Rng
from storage.records import Account, AccountState
from storage.shredding import ShredSecrets

COUNT = 10
CODE_BYTES = 15
_GROUP = 4


def replace(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    account: Account,
    keys: AccountKeys,
    now: int,
    actor: str,
    rng: Rng = os.urandom,
) -> tuple[str, ...]:
    """Ten new codes, shown once; those before open nothing any more."""
    kind = SlotKind.RECOVERY
    statements.run(session, "DELETE FROM key_slot WHERE account_id = ? AND kind = ?", (account.id, kind))
    secrets = [rng(CODE_BYTES) for _ in range(COUNT)]
    for secret in secrets:
        insert(session, server_keys, shred, account, f"recovery-{rng(8).hex()}", kind, secret, keys, now, None)
    audit.append(session, "recovery-codes.made", actor, f"account:{account.id}", {"codes": COUNT}, now)
    return tuple(written(secret) for secret in secrets)


def open_account(
    session: Session, server_keys: ServerKeys, shred: ShredSecrets, account: Account, code: str
) -> AccountKeys:
    """The account's keys; the code is not used up. Reads only.

    SignInRefused if it is none of the account's codes or the account is not registered; Tampered.
    """
    return _found(session, server_keys, shred, account, code)[1]


def use(
    session: Session, server_keys: ServerKeys, shred: ShredSecrets, account: Account, code: str, now: int
) -> AccountKeys:
    """`open_account`, and the code is used up."""
    slot_id, keys = _found(session, server_keys, shred, account, code)
    remove(session, slot_id)
    actor = f"account:{account.id}"
    audit.append(session, "recovery-code.used", actor, actor, {"left": remaining(session, account.id)}, now)
    return keys


def remaining(session: Session, account_id: int) -> int:
    """How many are not used up."""
    found = statements.row(
        session, "SELECT count(*) FROM key_slot WHERE account_id = ? AND kind = ?", (account_id, SlotKind.RECOVERY)
    )
    assert found is not None
    count: int = found[0]
    return count


def written(secret: bytes) -> str:
    """As it stands on paper: base32, lower case, in groups of four."""
    text = b32encode(secret).decode().rstrip("=").lower()
    return "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


def read(code: str, size: int) -> bytes:
    """The `size` bytes that stand on paper as `code`; case, blanks and hyphens are as you like. SignInRefused."""
    text = "".join(code.split()).replace("-", "").upper()
    try:
        secret = b32decode(text + "=" * (-len(text) % 8))
    except (NotBase32, ValueError):
        raise SignInRefused from None
    if len(secret) != size:
        raise SignInRefused
    return secret


def _found(
    session: Session, server_keys: ServerKeys, shred: ShredSecrets, account: Account, code: str
) -> tuple[int, AccountKeys]:
    """The slot that the code opens, and the keys. Ten slots are tried; each costs some ten microseconds."""
    secret = read(code, CODE_BYTES)
    if account.state is not AccountState.REGISTERED:
        raise SignInRefused
    try:
        shred_secret = shred.get(account.public_id)
    except NotFound:
        raise SignInRefused from None
    slots = statements.rows(
        session,
        "SELECT id, public_id, salt, commitment, sealed_key FROM key_slot WHERE account_id = ? AND kind = ?",
        (account.id, SlotKind.RECOVERY),
    )
    refusal: StorageError = SignInRefused()
    for slot_id, name, *sealed in slots:
        bound_to = {"account": account.public_id, "slot": name, "kind": SlotKind.RECOVERY}
        try:
            account_key = open_slot(secret, server_keys.pepper, shred_secret, SealedSlot(*sealed), **bound_to)
        except SignInRefused:
            continue
        except Tampered as tampered:  # perhaps another slot than the code's: it must not spoil that one
            refusal = tampered
            continue
        if account_key is not None:
            return slot_id, AccountKeys(account.public_id, account_key)
    raise refusal
