"""Devices (app passwords): made, signed in with, changed, revoked.

A device password is `px1-<selector>-<secret>`: the selector (50 bits, base32) finds the row, the secret (160 bits)
opens the key slot. What is so long and random needs no slow hash: a sign-in costs microseconds. Of its use the day,
the /24 or /48, and (where its owner allows it) the program are kept, of the last time only.
"""

import os
from base64 import b32decode, b32encode
from binascii import Error as NotBase32
from dataclasses import dataclass, field

from sqlmodel import Session

from storage.access import networks
from storage.access.enrolment import add_enrolment as add_enrolment
from storage.access.enrolment import enrol as enrol
from storage.access.key_slots import insert, remove
from storage.engine import statements
from storage.engine.changes import announce
from storage.errors import Invalid, NotFound, SignInRefused
from storage.keys.keyring import AccountKeys
from storage.keys.master import ServerKeys
from storage.keys.slots import SealedSlot, SlotKind, open_slot
from storage.oversight import audit
from storage.people import accounts
from storage.randomness import Rng
from storage.records import Account, AccountState, Device, DeviceCredentials, DeviceRevoked, Origin, Scope
from storage.shredding import ShredSecrets

PREFIX = "px1"
SELECTOR_LENGTH = 10
SECRET_BYTES = 20
MAX_LABEL = 100
DAY = 86_400
CLIENT_KEPT = 90 * DAY
"""Seconds after the last use (S16)."""
_SIGNS_IN = frozenset({AccountState.INVITED, AccountState.REGISTERED})
_OPENED_BY_OTHERS = _SIGNS_IN | {AccountState.SUSPENDED, AccountState.CLOSED}
"""Where a break-glass access leads to as well: somebody who left cannot be asked."""
"""An invited account reads with the device that its admin handed out; everything else waits for its owner."""
_COLUMNS = (
    "device.id, device.account_id, device.label, device.selector, scopes, device.created_at, device.expires_at,"
    " revoked_at, last_used_at, networks, origin, last_network, last_client"
)
_WIDTH = 13
_OWNED = f"SELECT {_COLUMNS}, slot_id FROM device WHERE account_id = ?"  # noqa: S608 - a constant
_ONE = f"{_OWNED} AND id = ? AND revoked_at IS NULL"
_INSERT = (
    "INSERT INTO device (account_id, slot_id, label, selector, scopes, created_at, expires_at, networks, origin)"  # noqa: S608
    f" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING {_COLUMNS.replace('device.', '')}"
)
_SIGN_IN = (
    f"SELECT {_COLUMNS}, account.id, account.public_id, domain_id, role, state, email, name, locale, generation,"  # noqa: S608
    " quota_bytes, client_noted, salt, commitment, sealed_key"
    " FROM device JOIN key_slot ON key_slot.id = device.slot_id JOIN account ON account.id = device.account_id"
    " WHERE selector = ?"
)


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who has come in, with what. `keys` is None for a device that may only send."""

    account: Account
    device: Device
    keys: AccountKeys | None = field(repr=False)
    client_noted: bool = False
    """Whether the program may be kept."""


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
    *,
    networks: tuple[str, ...] = (),
    origin: Origin = Origin.OWNER,
    actor: str | None = None,
) -> DeviceCredentials:
    """A new device. `keys` may be None only for `smtp-send` alone, and is not kept for that. Invalid.

    `networks` in CIDR form: it signs in from these alone. `actor` for the audit log; None: the account itself.
    """
    _check(label, scopes, expires_at, now)
    allowed = _joined(networks)
    reads = scopes != {Scope.SMTP_SEND}
    if reads and keys is None:
        raise Invalid("keys: needed for a device that reads")
    selector, secret = b32encode(rng(7)).decode().lower()[:SELECTOR_LENGTH], rng(SECRET_BYTES)
    slot_id = insert(
        session, server_keys, shred, account, selector, SlotKind.DEVICE, secret, keys if reads else None, now, None
    )
    made = statements.row(
        session,
        _INSERT,
        (account.id, slot_id, label, selector, " ".join(sorted(scopes)), now, expires_at, allowed, origin),
    )
    assert made is not None
    device = _device(made)
    _audit(session, "device.added", device, now, actor, scopes=sorted(scopes), origin=origin)
    return DeviceCredentials(device, account.email, f"{PREFIX}-{selector}-{b32encode(secret).decode().lower()}")


def sign_in(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    username: str,
    password: str,
    scope: Scope,
    now: int,
    ip: str | None = None,
) -> SignIn:
    """Open the account with a device password, used from `ip`. Reads only.

    `imap-read` is granted to devices of scope `imap` too. SignInRefused for whatever is wrong; Tampered if the
    secret is right and the key under it does not open.
    """
    selector, secret = _parsed(password)
    found = statements.row(session, _SIGN_IN, (selector,))
    if found is None:
        raise SignInRefused
    device, account = _device(found[:_WIDTH]), accounts.from_row(found[_WIDTH:-4])
    account_key = open_slot(
        secret,
        server_keys.pepper,
        _shred_secret(shred, account),
        SealedSlot(*found[-3:]),
        account=account.public_id,
        slot=selector,
        kind=SlotKind.DEVICE,
    )
    if not _is_named(session, account, username) or not _granted(device, account, scope, now, ip):
        raise SignInRefused
    keys = None if account_key is None else AccountKeys(account.public_id, account_key)
    return SignIn(account, device, keys, bool(found[-4]))


def is_news(device: Device, day: int, network: str | None, client: str | None) -> bool:
    """Whether `touch` would change anything: most sign-ins of a day need no write."""
    return (
        (device.last_used_at or 0) < day
        or (network is not None and network != device.last_network)
        or (client is not None and client != device.last_client)
    )


def touch(session: Session, device_id: int, day: int, network: str | None = None, client: str | None = None) -> None:
    """Note the use of a device, from `network` by `client` as far as they are given.

    `day` is the start of the day: finer is not kept, and it never goes back. The program is kept only where the
    account allows it.
    """
    statements.run(
        session,
        "UPDATE device SET last_used_at = max(coalesce(last_used_at, 0), ?),"
        " last_network = coalesce(?, last_network),"
        " last_client = CASE WHEN (SELECT client_noted FROM account WHERE id = account_id)"
        " THEN coalesce(?, last_client) END WHERE id = ?",
        (day, network, client, device_id),
    )


def forget_clients(session: Session, now: int) -> int:
    """Programs of devices that were not used for `CLIENT_KEPT` seconds are not kept any longer; how many."""
    return statements.run(
        session,
        "UPDATE device SET last_client = NULL WHERE last_client IS NOT NULL AND last_used_at < ?",
        (now - CLIENT_KEPT,),
    )


def listing(session: Session, account_id: int) -> list[Device]:
    """All of the account, revoked ones too, oldest first."""
    found = statements.rows(session, f"{_OWNED} ORDER BY id", (account_id,))
    return [_device(row) for row in found]


def get(session: Session, account_id: int, device_id: int) -> Device:
    """One of the account's. NotFound if it has none of this id, or revoked it."""
    return _device(_owned(session, account_id, device_id))


def change(
    session: Session,
    account_id: int,
    device_id: int,
    now: int,
    *,
    label: str,
    networks: tuple[str, ...],
    expires_at: int | None,
    actor: str | None = None,
) -> Device:
    """Give a device another label, other networks or another end. What it may do stays. NotFound, Invalid.

    Sessions that it has from elsewhere, or beyond the new end, end as if it were revoked; it may sign in again.
    """
    before = get(session, account_id, device_id)
    _check(label, before.scopes, expires_at, now)
    statements.run(
        session,
        "UPDATE device SET label = ?, networks = ?, expires_at = ? WHERE id = ?",
        (label, _joined(networks), expires_at, device_id),
    )
    after = get(session, account_id, device_id)
    if (after.networks, after.expires_at) != (before.networks, before.expires_at):
        announce(session, DeviceRevoked(account_id, device_id))
    changed = [name for name in ("label", "networks", "expires_at") if getattr(after, name) != getattr(before, name)]
    _audit(session, "device.changed", after, now, actor, fields=changed)
    return after


def revoke(session: Session, account_id: int, device_id: int, now: int, actor: str | None = None) -> None:
    """End a device of this account: its key slot goes, its live sessions are told. NotFound if there is none."""
    found = _owned(session, account_id, device_id)
    statements.run(session, "UPDATE device SET revoked_at = ?, slot_id = NULL WHERE id = ?", (now, device_id))
    remove(session, found[_WIDTH])
    announce(session, DeviceRevoked(account_id, device_id))
    _audit(session, "device.revoked", _device(found), now, actor)


def _owned(session: Session, account_id: int, device_id: int) -> statements.Row:
    found = statements.row(session, _ONE, (account_id, device_id))
    if found is None:
        raise NotFound("device")
    return found


def _audit(session: Session, kind: str, device: Device, now: int, actor: str | None, **detail: object) -> None:
    owner = f"account:{device.account_id}"
    audit.append(session, kind, actor or owner, owner, {"device": device.id, **detail}, now)


def _check(label: str, scopes: frozenset[Scope], expires_at: int | None, now: int) -> None:
    if not label.strip() or len(label) > MAX_LABEL or not label.isprintable():
        raise Invalid(f"label: 1 to {MAX_LABEL} printable characters")
    if not scopes:
        raise Invalid("scopes: at least one")
    if expires_at is not None and expires_at <= now:
        raise Invalid("expires_at: in the future")


def _joined(allowed: tuple[str, ...]) -> str | None:
    return " ".join(networks.checked(allowed)) or None


def _is_named(session: Session, account: Account, username: str) -> bool:
    """By its primary address, or by another that delivers to it: mail programs go on after a change of address."""
    if username.strip().lower() == account.email:
        return True
    try:
        return accounts.by_sign_in_name(session, username).id == account.id
    except NotFound:
        return False


def _granted(device: Device, account: Account, scope: Scope, now: int, ip: str | None) -> bool:
    wanted = {Scope.IMAP, Scope.IMAP_READ} if scope is Scope.IMAP_READ else {scope}
    return (
        account.state in (_OPENED_BY_OTHERS if device.origin is Origin.BREAK_GLASS else _SIGNS_IN)
        and device.revoked_at is None
        and (device.expires_at is None or now < device.expires_at)
        and not wanted.isdisjoint(device.scopes)
        and (not device.networks or networks.holds(device.networks, ip))
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
    """From `_COLUMNS`."""
    return Device(
        id=row[0],
        account_id=row[1],
        label=row[2],
        selector=row[3],
        scopes=frozenset(map(Scope, row[4].split())),
        created_at=row[5],
        expires_at=row[6],
        revoked_at=row[7],
        last_used_at=row[8],
        networks=tuple((row[9] or "").split()),
        origin=Origin(row[10]),
        last_network=row[11],
        last_client=row[12],
    )
