"""Rows of key slots: a secret's way to an account's key (see `keys.slots`)."""

from sqlmodel import Session

from storage.access import identity_keys
from storage.engine import statements
from storage.keys.keyring import AccountKeys
from storage.keys.master import ServerKeys
from storage.keys.slots import SlotKind, seal_slot
from storage.records import Account
from storage.shredding import ShredSecrets


def insert(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    account: Account,
    slot: str,
    kind: SlotKind,
    secret: bytes,
    keys: AccountKeys | None,
    now: int,
    expires_at: int | None,
    parameters: str | None = None,
    *,
    future: bool = False,
) -> int:
    """Seal the account key under `secret` (or no key, if `keys` is None) and keep the slot; its row id.

    `slot` is its public id, unique; `parameters` say how a chosen secret was stretched. SignInRefused if the keys
    are not the account's any more; with `future` they are those that it will have.
    """
    if keys is not None and not future:
        identity_keys.require_current(session, keys)
    sealed = seal_slot(
        secret,
        server_keys.pepper,
        shred.get(account.public_id),
        account=account.public_id,
        slot=slot,
        kind=kind,
        account_key=None if keys is None else keys.account_key,
    )
    made = statements.row(
        session,
        "INSERT INTO key_slot (public_id, account_id, kind, salt, commitment, sealed_key, parameters, created_at,"
        " expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (slot, account.id, kind, sealed.salt, sealed.commitment, sealed.sealed_key, parameters, now, expires_at),
    )
    assert made is not None
    slot_id: int = made[0]
    return slot_id


def remove(session: Session, slot_id: int) -> None:
    """Delete a slot: its secret opens nothing any more."""
    statements.run(session, "DELETE FROM key_slot WHERE id = ?", (slot_id,))
