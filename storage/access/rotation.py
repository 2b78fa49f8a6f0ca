"""A new account key, when the old one may be known to somebody else.

A changed password is `passwords.set_password`, a lost device `devices.revoke`: neither needs this. A key that was
seen does: everything under it is sealed again under a new one, new documents go to a new identity key, and every
way to the old key ends: devices, sessions, codes, password. What was copied before stays readable to who copied it.

All of it is one transaction: a bridge that dies in the middle has the old key everywhere, or the new one. To keep the
writer free, `prepare` does the sealing in a reader; the transaction puts it in place and seals what came in between.

    prepared = await store.read(rotation.prepare, account, keys)
    rotated = await store.write(rotation.rotate, …, prepared, …)

Measured at 10 000 and 100 000 documents: docs/decisions/0010.
"""

import os
from dataclasses import dataclass, field, replace

from sqlmodel import Session

from storage.access import escrow, identity_keys, passwords, recovery_codes, resealing
from storage.access.access_ends import end_all_ways
from storage.access.passwords import Stretched
from storage.access.resealing import Resealed
from storage.engine import statements
from storage.errors import SignInRefused
from storage.keys.context import KEY_SIZE
from storage.keys.keyring import AccountKeys
from storage.keys.master import ServerKeys
from storage.oversight import audit
from storage.people import accounts
from storage.randomness import Rng
from storage.records import Account
from storage.shredding import ShredSecrets


@dataclass(frozen=True, slots=True)
class Prepared:
    """The new key, and documents already sealed under it."""

    keys: AccountKeys = field(repr=False)
    generation: int
    documents: list[Resealed] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rotated:
    """What was done."""

    account: Account
    documents: int
    refused: int
    """Documents that the old key did not open: altered, or closed by a reset. They stay as they are."""
    recovery_codes: tuple[str, ...] = field(repr=False)


def prepare(session: Session, account: Account, keys: AccountKeys, rng: Rng = os.urandom) -> Prepared:
    """Draw the new key and seal what is there now. Reads only, for as long as the mailbox is large."""
    current = accounts.by_id(session, account.id)
    new, generation = AccountKeys(account.public_id, rng(KEY_SIZE)), current.generation + 1
    held = resealing.document_ids(session, account.id)
    return Prepared(new, generation, list(resealing.reseal(session, current, keys, new, held, generation)))


def rotate(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    account: Account,
    keys: AccountKeys,
    prepared: Prepared,
    stretched: Stretched,
    now: int,
    actor: str,
) -> Rotated:
    """Put the new key in the place of the old one, with this password and new recovery codes.

    SignInRefused if `keys` are not the account's any more, or it has changed keys since `prepare`.
    """
    identity_keys.require_current(session, keys)
    current = accounts.by_id(session, account.id)
    if prepared.generation != current.generation + 1:
        raise SignInRefused
    renewed = replace(current, generation=prepared.generation)
    new = prepared.keys
    documents, refused = _move_documents(session, current, keys, prepared)
    resealing.folders(session, account.id, keys, new)
    _move_identity(session, current, keys, renewed, new, now)
    ended = end_all_ways(session, account.id, now)
    escrow.seal(session, shred, renewed, new, now)
    passwords.set_password(session, server_keys, shred, renewed, new, stretched, now, actor)
    codes = recovery_codes.replace(session, server_keys, shred, renewed, new, now, actor)
    detail = {"generation": renewed.generation, "documents": documents, "refused": refused, "devices": ended}
    audit.append(session, "account.key-rotated", actor, f"account:{account.id}", detail, now)
    return Rotated(renewed, documents, refused, codes)


def _move_documents(session: Session, account: Account, keys: AccountKeys, prepared: Prepared) -> tuple[int, int]:
    """How many were moved, and how many do not open."""
    new, generation = prepared.keys, prepared.generation
    resealing.put(session, account.id, prepared.documents, generation)
    held = resealing.document_ids(session, account.id)
    rest = resealing.left(session, account.id, held, generation)
    late = list(resealing.reseal(session, account, keys, new, rest, generation))
    resealing.put(session, account.id, late, generation)
    resealing.drop_stale_cards(session, account.id, held, generation)
    refused = len(rest) - len(late)
    return len(held) - refused, refused


def _move_identity(
    session: Session, account: Account, keys: AccountKeys, renewed: Account, new: AccountKeys, now: int
) -> None:
    """Old identity keys under the new key, the next generation, and what escrow keys the account holds."""
    resealing.identities(session, account, keys, new)
    identity_keys.insert(session, renewed.id, renewed.generation, new, now)
    escrow.follow(session, account, keys, renewed, now)
    statements.run(session, "UPDATE account SET generation = ? WHERE id = ?", (renewed.generation, renewed.id))
