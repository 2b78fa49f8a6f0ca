"""The chores of the bridge, one line each: what must happen without anybody asking for it."""

from bridge.housekeeping import DAY, HOUR, Chore
from storage import grants, identity_changes, lapsed, sessions
from storage.database import Store


async def _sessions(store: Store, now: int) -> int:
    return await store.write(sessions.remove_expired, now)


async def _codes(store: Store, now: int) -> int:
    return await store.write(lapsed.remove_codes, now)


async def _hand_ins(store: Store, now: int) -> int:
    return await store.write(lapsed.remove_hand_ins, now)


async def _grants(store: Store, now: int) -> int:
    return len(await store.write(grants.sweep, now))


async def _identity_changes(store: Store, now: int) -> int:
    return await store.write(identity_changes.sweep, now)


CHORES: tuple[Chore, ...] = (
    Chore("sessions", HOUR, _sessions),
    Chore("codes", HOUR, _codes),
    Chore("hand-ins", DAY, _hand_ins),
    Chore("grants", DAY, _grants),
    Chore("identity-changes", DAY, _identity_changes),
)
