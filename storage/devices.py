"""Devices (app passwords): made, signed in with, revoked.

A device password is `px1-<selector>-<secret>`: the selector (50 bits, base32) finds the row, the secret (160 bits)
opens the key slot. What is so long and random needs no slow hash: a sign-in costs microseconds.
"""

import os
from base64 import b32decode, b32encode
from binascii import Error as NotBase32
from dataclasses import dataclass, field

from sqlmodel import Session

from storage import accounts, audit, statements
from storage.changes import announce
from storage.enrolment import add_enrolment as add_enrolment
from storage.enrolment import enrol as enrol
from storage.errors import Invalid, NotFound, SignInRefused
from storage.key_slots import insert, remove
from storage.keys.keyring import AccountKeys
from storage.keys.master import ServerKeys
from storage.keys.slots import SealedSlot, SlotKind, open_slot
from storage.randomness import Rng
from storage.records import Account, AccountState, Device, DeviceCredentials, DeviceRevoked, Scope
from storage.shredding import ShredSecrets

PREFIX = "px1"
SELECTOR_LENGTH = 10
SECRET_BYTES = 20
MAX_LABEL = 100
_COLUMNS = 9


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who has come in, with what. `keys` is None for a device that may only send."""

    account: Account
    device: Device
    keys: AccountKeys | None = field(repr=False)


def add(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    account: Account,
    keys: AccountKeys | None,
    label: str,
    scopes: frozenset[Scope],
    now: int,
    expires_at: int | None = None,
    rng: Rng = os.urandom,
) -> DeviceCredentials:
    """A new device. `keys` may be None only for `smtp-send` alone, and is not kept for that. Invalid."""
    if not label.strip() or len(label) > MAX_LABEL or not label.isprintable():
        raise Invalid(f"label: 1 to {MAX_LABEL} printable characters")
    if not scopes:
        raise Invalid("scopes: at least one")
    reads = scopes != {Scope.SMTP_SEND}
    if reads and keys is None:
        raise Invalid("keys: needed for a device that reads")
    selector, secret = b32encode(rng(7)).decode().lower()[:SELECTOR_LENGTH], rng(SECRET_BYTES)
    slot_id = insert(
        session, server_keys, shred, account, selector, SlotKind.DEVICE, secret, keys if reads else None, now, None
    )
    made = statements.row(
        session,
        "INSERT INTO device (account_id, slot_id, label, selector, scopes, created_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)"
        " RETURNING id, account_id, label, selector, scopes, created_at, expires_at, revoked_at, last_used_at",
        (account.id, slot_id, label, selector, " ".join(sorted(scopes)), now, expires_at),
    )
    assert made is not None
    device = _device(made)
    audit.append(
        session, "device.added", f"account:{account.id}", f"device:{device.id}", {"scopes": sorted(scopes)}, now
    )
    return DeviceCredentials(device, account.email, f"{PREFIX}-{selector}-{b32encode(secret).decode().lower()}")


def sign_in(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    username: str,
    password: str,
    scope: Scope,
    now: int,
) -> SignIn:
    """Open the account with a device password. Reads only.

    `imap-read` is granted to devices of scope `imap` too. SignInRefused for whatever is wrong; Tampered if the
    secret is right and the key under it does not open.
    """
    selector, secret = _parsed(password)
    found = statements.row(
        session,
        "SELECT device.id, device.account_id, label, selector, scopes, device.created_at, device.expires_at,"
        " revoked_at, last_used_at, account.id, account.public_id, domain_id, role, state, email, name, locale,"
        " generation, quota_bytes, salt, commitment, sealed_key"
        " FROM device JOIN key_slot ON key_slot.id = device.slot_id JOIN account ON account.id = device.account_id"
        " WHERE selector = ?",
        (selector,),
    )
    if found is None:
        raise SignInRefused
    device, account = _device(found[:_COLUMNS]), accounts.from_row(found[_COLUMNS:-3])
    account_key = open_slot(
        secret,
        server_keys.pepper,
        _shred_secret(shred, account),
        SealedSlot(*found[-3:]),
        account=account.public_id,
        slot=selector,
        kind=SlotKind.DEVICE,
    )
    if not _granted(device, account, username, scope, now):
        raise SignInRefused
    return SignIn(account, device, None if account_key is None else AccountKeys(account.public_id, account_key))


def touch(session: Session, device_id: int, day: int) -> None:
    """Note the use of a device; `day` is the start of the day: finer is not kept."""
    statements.run(
        session,
        "UPDATE device SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)",
        (day, device_id, day),
    )


def listing(session: Session, account_id: int) -> list[Device]:
    """All of the account, revoked ones too, oldest first."""
    found = statements.rows(
        session,
        "SELECT id, account_id, label, selector, scopes, created_at, expires_at, revoked_at, last_used_at FROM device"
        " WHERE account_id = ? ORDER BY id",
        (account_id,),
    )
    return [_device(row) for row in found]


def revoke(session: Session, account_id: int, device_id: int, now: int) -> None:
    """End a device of this account: its key slot goes, its live sessions are told. NotFound if there is none."""
    found = statements.row(
        session,
        "SELECT slot_id FROM device WHERE id = ? AND account_id = ? AND revoked_at IS NULL",
        (device_id, account_id),
    )
    if found is None:
        raise NotFound("device")
    statements.run(session, "UPDATE device SET revoked_at = ?, slot_id = NULL WHERE id = ?", (now, device_id))
    remove(session, found[0])
    announce(session, DeviceRevoked(account_id, device_id))
    audit.append(session, "device.revoked", f"account:{account_id}", f"device:{device_id}", {}, now)


def _granted(device: Device, account: Account, username: str, scope: Scope, now: int) -> bool:
    wanted = {Scope.IMAP, Scope.IMAP_READ} if scope is Scope.IMAP_READ else {scope}
    return (
        username.strip().lower() == account.email
        and account.state is AccountState.REGISTERED
        and device.revoked_at is None
        and (device.expires_at is None or now < device.expires_at)
        and not wanted.isdisjoint(device.scopes)
    )


def _parsed(password: str) -> tuple[str, bytes]:
    prefix, _, rest = password.strip().lower().partition("-")
    selector, _, secret = rest.partition("-")
    try:
        decoded = b32decode(secret.upper())
    except (NotBase32, ValueError):
        raise SignInRefused from None
    if prefix != PREFIX or len(decoded) != SECRET_BYTES:
        raise SignInRefused
    return selector, decoded


def _shred_secret(shred: ShredSecrets, account: Account) -> bytes:
    try:
        return shred.get(account.public_id)
    except NotFound:
        raise SignInRefused from None


def _device(row: statements.Row) -> Device:
    device_id, account_id, label, selector, scopes, *times = row
    return Device(device_id, account_id, label, selector, frozenset(map(Scope, scopes.split())), *times)
