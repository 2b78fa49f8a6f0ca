"""The chores of the bridge, one line each: what must happen without anybody asking for it."""

from contextlib import suppress

from sqlmodel import Session

from bridge import kept_log, notices
from bridge.channels import choosing, delays, disposition, letters, notice
from bridge.housekeeping import DAY, HOUR, Chore, apart
from storage.access import break_glass, devices, lapsed, sessions
from storage.access.break_glass import BreakGlass
from storage.database import Store
from storage.errors import NotFound, StorageError
from storage.mail import standing
from storage.oversight import usage
from storage.people import accounts, admin_ends, grants, identity_changes
from storage.people.grants import Grant
from storage.records import Role

MINUTE = 60


async def _sessions(store: Store, now: int) -> int:
    return await store.write(sessions.remove_expired, now)


async def _codes(store: Store, now: int) -> int:
    return await store.write(lapsed.remove_codes, now)


async def _hand_ins(store: Store, now: int) -> int:
    return await store.write(lapsed.remove_hand_ins, now)


async def _grants(store: Store, now: int) -> int:
    return len(await store.write(_sweep_grants, now))


def _sweep_grants(session: Session, now: int) -> list[Grant]:
    """With an admin's role go the domain's spare key and what that admin had open."""
    fallen = grants.sweep(session, now)
    for each in fallen:
        if each.role is Role.DOMAIN_ADMIN and each.domain_id is not None:
            admin_ends.end(session, each.domain_id, each.account_id, now, "system")
    return fallen


async def _bars(store: Store, now: int) -> int:
    """Tell the recipients of break-glass accesses which a law forbade to tell until now."""
    due = await store.read(break_glass.due, now)
    return await apart("bars", due, lambda asked: store.write(_tell, asked, now))


def _tell(session: Session, asked: BreakGlass, now: int) -> bool:
    if asked.bar_until is None or asked.approved_at is None or asked.approved_by is None:
        return False
    if not break_glass.told(session, asked.id, now):
        return False
    ended = asked.ends_at if asked.revoked_at is None else asked.revoked_at
    told = notices.BreakGlassTold(
        asker=accounts.by_id(session, asked.requested_by).name,
        approver=accounts.by_id(session, asked.approved_by).name,
        reason=asked.reason,
        basis=asked.bar_basis or "",
        at=asked.approved_at,
        until=asked.bar_until,
        opened_at=asked.opened_at,
        ended_at=ended,
    )
    with suppress(NotFound):  # erased meanwhile: there is nobody to tell
        notice.tell(session, accounts.by_id(session, asked.account_id), told, now)
    return True


async def _identity_changes(store: Store, now: int) -> int:
    return await store.write(identity_changes.sweep, now)


async def _dead_letters(store: Store, now: int) -> int:
    removed = 0
    while some := await store.write(letters.expire, now):
        removed += some
    return removed


async def _clients(store: Store, now: int) -> int:
    return await store.write(devices.forget_clients, now)


async def _usage(store: Store, now: int) -> int:
    """What the doors counted goes into the database; nothing to log."""
    counted = store.usage.take()
    if counted:
        try:
            await store.write(usage.keep, counted, now)
        except StorageError:
            store.usage.give_back(counted)
            raise
    return 0


async def _choices(store: Store, now: int) -> int:
    """What confirms choices made in mail programs, once it is quiet there."""
    found, key = await store.read(standing.to_write, now), store.server_keys.message_tag
    if found:
        await store.write(standing.forget, standing.CONFIRMATION, now - choosing.KEPT)
    return await apart("choices", found, lambda each: store.write(choosing.rewrite, key, each, now))


CHORES: tuple[Chore, ...] = (
    Chore("sessions", HOUR, _sessions),
    Chore("codes", HOUR, _codes),
    Chore("hand-ins", DAY, _hand_ins),
    Chore("grants", DAY, _grants),
    Chore("identity-changes", DAY, _identity_changes),
    Chore("clients", DAY, _clients),
    Chore("dead-letters", DAY, _dead_letters),
    Chore("bars", MINUTE, _bars),
    Chore("choices", MINUTE, _choices),
    Chore("dispositions", MINUTE, disposition.send),
    Chore("delays", 15 * MINUTE, delays.tell),
    Chore("usage", MINUTE, _usage),
    Chore("log", HOUR, kept_log.keep_short),
)
