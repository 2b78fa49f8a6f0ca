"""Break-glass: two people open somebody's mailbox, for a reason and for hours, and the somebody is told (S66, D7).

    requested ──▶ approved ──▶ opened ──▶ ended
        │            │            │
        └────────────┴────────────┴──▶ revoked            a request that is not opened within 72 hours lapses

A domain admin asks; another person approves, in the same moment in which the recipient is told. Only who asked opens
it, with the escrow key, and gets a device password that reads and nothing else, until `ends_at`: no longer than the
role lasts. Either of the two, and every other admin, ends it at once; so does whatever takes the role, or the right
to sign in, from who asked (`admin_ends`).

A law may forbid to tell (a dated bar, with its basis): then the recipient is told on the day the bar ends (`due`,
for the daemon's housekeeping), and sees nothing of it before (`hidden_devices`, `looks.barred`). Every step is an
audit event with the number of the request as `break_glass`; so is every sign-in with the device (`note_sign_in`).
"""

from dataclasses import dataclass

from sqlmodel import Session

from storage.access import devices, escrow
from storage.engine import statements
from storage.errors import ApprovalNeeded, Conflict, Invalid, NotFound
from storage.keys.keyring import AccountKeys
from storage.keys.master import ServerKeys
from storage.oversight import audit
from storage.people import accounts, grants
from storage.records import Account, DeviceCredentials, Origin, Role, Scope
from storage.shredding import ShredSecrets

HOUR = 3600
LIFETIME = 72 * HOUR
"""Seconds in which a request must be approved and opened."""
MOST_HOURS = 72
LONGEST_BAR = 366 * 24 * HOUR
MAX_REASON = 500
MAX_BASIS = 200
SCOPES = frozenset({Scope.IMAP_READ})
_COLUMNS = (
    "break_glass.id, break_glass.account_id, reason, hours, requested_by, requested_at, approved_by, approved_at,"
    " opened_at, ends_at, device_id, revoked_by, revoked_at, bar_basis, bar_until, told_at"
)


@dataclass(frozen=True, slots=True)
class BreakGlass:
    """One request, and what became of it."""

    id: int
    account_id: int
    reason: str
    hours: int
    requested_by: int
    requested_at: int
    approved_by: int | None
    approved_at: int | None
    opened_at: int | None
    ends_at: int | None
    device_id: int | None
    revoked_by: int | None
    revoked_at: int | None
    bar_basis: str | None
    bar_until: int | None
    told_at: int | None

    def lapses_at(self) -> int:
        """When it cannot be approved or opened any more."""
        return self.requested_at + LIFETIME

    def is_barred(self, now: int) -> bool:
        """Whether the recipient may not be told yet."""
        return self.bar_until is not None and now < self.bar_until


@dataclass(frozen=True, slots=True)
class Bar:
    """A law that forbids to tell the recipient."""

    basis: str
    until: int


def request(
    session: Session, requester: Account, account: Account, reason: str, hours: int, now: int, bar: Bar | None = None
) -> BreakGlass:
    """Ask. Invalid; NotFound if the account is not in escrow: there is nothing that could open it."""
    _check(requester, account, reason, hours, now, bar)
    if not escrow.has_slot(session, account.id):
        raise NotFound("escrow slot")
    basis, until = (None, None) if bar is None else (bar.basis.strip(), bar.until)
    made = statements.row(
        session,
        "INSERT INTO break_glass (account_id, reason, hours, requested_by, requested_at, bar_basis, bar_until)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (account.id, reason.strip(), hours, requester.id, now, basis, until),
    )
    assert made is not None
    asked = by_id(session, made[0])
    _note(session, "requested", f"account:{requester.id}", asked, now, hours=hours, barred=bar is not None)
    return asked


def approve(session: Session, request_id: int, approver: Account, now: int) -> BreakGlass:
    """The second person says yes. Conflict if it is who asked, or it was approved, revoked or has lapsed.

    The caller delivers the notice in the same transaction, unless `is_barred`.
    """
    asked = by_id(session, request_id)
    if not statements.run(
        session,
        "UPDATE break_glass SET approved_by = ?, approved_at = ?, told_at = ? WHERE id = ? AND requested_by <> ?"
        " AND approved_by IS NULL AND revoked_at IS NULL AND requested_at > ?",
        (approver.id, now, None if asked.is_barred(now) else now, request_id, approver.id, now - LIFETIME),
    ):
        raise Conflict("approval")
    approved = by_id(session, request_id)
    _note(session, "approved", f"account:{approver.id}", approved, now, told=approved.told_at is not None)
    return approved


def open_mailbox(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    request_id: int,
    requester: Account,
    requester_keys: AccountKeys,
    now: int,
) -> tuple[BreakGlass, DeviceCredentials]:
    """The device password, for who asked, once. Conflict if it is not approved, or over; NotFound without the
    escrow key; Tampered.
    """
    asked = by_id(session, request_id)
    if asked.requested_by != requester.id:
        raise NotFound("break-glass request")
    if asked.approved_at is None or asked.revoked_at is not None or asked.opened_at is not None:
        raise Conflict("opening")
    if now >= asked.lapses_at():
        raise Conflict("opening")
    account = accounts.by_id(session, asked.account_id)
    ends_at = min(now + asked.hours * HOUR, _right_ends_at(session, requester, account.domain_id, now))
    keys = escrow.open_account(session, shred, requester, requester_keys, account)
    made = devices.add(
        session,
        server_keys,
        shred,
        account,
        keys,
        f"break-glass {asked.id}",
        SCOPES,
        now,
        ends_at,
        origin=Origin.BREAK_GLASS,
        actor=f"account:{requester.id}",
    )
    statements.run(
        session,
        "UPDATE break_glass SET opened_at = ?, ends_at = ?, device_id = ? WHERE id = ?",
        (now, ends_at, made.device.id, request_id),
    )
    opened = by_id(session, request_id)
    _note(session, "opened", f"account:{requester.id}", opened, now, device=made.device.id, ends_at=ends_at)
    return opened, made


def use_for_reset(session: Session, account: Account, requester: Account, now: int) -> BreakGlass:
    """Use up an approved access of `requester` for a reset that replaces the second factor: nothing is opened with
    it afterwards. ApprovalNeeded if there is none.
    """
    found = _where(
        session,
        "break_glass.account_id = ? AND requested_by = ? AND approved_at IS NOT NULL AND opened_at IS NULL"
        " AND break_glass.revoked_at IS NULL AND requested_at > ?",
        (account.id, requester.id, now - LIFETIME),
    )
    if not found:
        raise ApprovalNeeded
    statements.run(session, "UPDATE break_glass SET opened_at = ?, ends_at = ? WHERE id = ?", (now, now, found[0].id))
    used = by_id(session, found[0].id)
    _note(session, "used-for-reset", f"account:{requester.id}", used, now)
    return used


def revoke(session: Session, request_id: int, by: Account, now: int) -> BreakGlass:
    """End it now, whatever became of it. Conflict if it is over already; NotFound."""
    asked = by_id(session, request_id)
    if not statements.run(
        session,
        "UPDATE break_glass SET revoked_by = ?, revoked_at = ? WHERE id = ? AND revoked_at IS NULL"
        " AND (ends_at IS NULL OR ends_at > ?)",
        (by.id, now, request_id, now),
    ):
        raise Conflict("break-glass request")
    _end_device(session, asked, f"account:{by.id}", now)
    revoked = by_id(session, request_id)
    _note(session, "revoked", f"account:{by.id}", revoked, now)
    return revoked


def revoke_of(session: Session, requester_id: int, domain_id: int | None, now: int, actor: str) -> int:
    """End all that an admin has asked for in a domain (None: in any), as the right to it is gone; how many."""
    found = _where(
        session,
        "account.domain_id = coalesce(?, account.domain_id) AND requested_by = ? AND break_glass.revoked_at IS NULL"
        " AND (break_glass.ends_at IS NULL OR break_glass.ends_at > ?)",
        (domain_id, requester_id, now),
    )
    for each in found:
        statements.run(session, "UPDATE break_glass SET revoked_at = ? WHERE id = ?", (now, each.id))
        _end_device(session, each, actor, now)
        _note(session, "revoked", actor, each, now)
    return len(found)


def by_id(session: Session, request_id: int) -> BreakGlass:
    """NotFound."""
    found = _where(session, "break_glass.id = ?", (request_id,))
    if not found:
        raise NotFound("break-glass request")
    return found[0]


def listing(
    session: Session, *, domains: frozenset[int] | None, before: int | None = None, limit: int = 50
) -> list[BreakGlass]:
    """Requests on accounts of these domains (None: all), newest first, with numbers below `before`."""
    confined = "" if domains is None else f" AND account.domain_id IN ({','.join('?' * len(domains))})"
    condition = f"break_glass.id < ?{confined} ORDER BY break_glass.id DESC LIMIT ?"
    return _where(session, condition, (2**62 if before is None else before, *sorted(domains or ()), limit))


def due(session: Session, now: int) -> list[BreakGlass]:
    """Approved ones whose recipient may be told at last, for `told`."""
    return _where(
        session, "approved_at IS NOT NULL AND told_at IS NULL AND (bar_until IS NULL OR bar_until <= ?)", (now,)
    )


def told(session: Session, request_id: int, now: int) -> bool:
    """Note that the recipient is told, in the transaction of the notice; False if that was done already."""
    if not statements.run(
        session, "UPDATE break_glass SET told_at = ? WHERE id = ? AND told_at IS NULL", (now, request_id)
    ):
        return False
    _note(session, "told", "system", by_id(session, request_id), now)
    return True


def hidden_devices(session: Session, account_id: int, now: int) -> frozenset[int]:
    """Devices that the account may not learn of yet."""
    found = statements.rows(
        session,
        "SELECT device_id FROM break_glass WHERE account_id = ? AND device_id IS NOT NULL AND bar_until > ?",
        (account_id, now),
    )
    return frozenset(device_id for (device_id,) in found)


def note_sign_in(session: Session, device_id: int, now: int) -> None:
    """Somebody signs in with a device of origin break-glass: to be kept before anything is shown. NotFound."""
    found = _where(session, "device_id = ?", (device_id,))
    if not found:
        raise NotFound("break-glass request")
    _note(session, "signed-in", f"account:{found[0].requested_by}", found[0], now, device=device_id)


def _check(requester: Account, account: Account, reason: str, hours: int, now: int, bar: Bar | None) -> None:
    if requester.id == account.id:
        raise Invalid("account: not one's own")
    if not reason.strip() or len(reason) > MAX_REASON or not reason.isprintable():
        raise Invalid(f"reason: 1 to {MAX_REASON} printable characters")
    if not 1 <= hours <= MOST_HOURS:
        raise Invalid(f"hours: 1 to {MOST_HOURS}")
    if bar is None:
        return
    if not bar.basis.strip() or len(bar.basis) > MAX_BASIS or not bar.basis.isprintable():
        raise Invalid(f"basis: 1 to {MAX_BASIS} printable characters")
    if not now < bar.until <= now + LONGEST_BAR:
        raise Invalid("bar: ends within a year")


def _right_ends_at(session: Session, requester: Account, domain_id: int, now: int) -> int:
    """When the requester's role in the domain ends by itself; far away, if it does not."""
    held = grants.effective(session, requester, now)
    ends = [each.ends_at for each in held if each.role is Role.DOMAIN_ADMIN and each.domain_id == domain_id]
    return max((2**53 if end is None else end for end in ends), default=2**53)


def _end_device(session: Session, asked: BreakGlass, actor: str, now: int) -> None:
    """The owner, or a new account key, may have ended it before."""
    if asked.device_id is None:
        return
    held = {device.id: device for device in devices.listing(session, asked.account_id)}
    if asked.device_id in held and held[asked.device_id].revoked_at is None:
        devices.revoke(session, asked.account_id, asked.device_id, now, actor)


def _note(session: Session, step: str, actor: str, asked: BreakGlass, now: int, **more: object) -> None:
    detail = {"break_glass": asked.id, **more}
    audit.append(session, f"break-glass.{step}", actor, f"account:{asked.account_id}", detail, now)


def _where(session: Session, condition: str, values: tuple[statements.Value, ...]) -> list[BreakGlass]:
    found = statements.rows(
        session,
        f"SELECT {_COLUMNS} FROM break_glass JOIN account ON account.id = break_glass.account_id WHERE {condition}",  # noqa: S608
        values,
    )
    return [BreakGlass(*row) for row in found]
