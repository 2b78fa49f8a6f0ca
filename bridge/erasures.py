"""Erasures go on by themselves: what a stop cut off at the next start, what has waited its time when that is over."""

import asyncio

from bridge.housekeeping import Chore
from bridge.settings import Settings
from storage.database import Store
from storage.erasures import erasing, purges
from storage.erasures.receipts import DAY, Retention

EVERY_SECONDS = 300


async def resume(store: Store, settings: Settings, now: int) -> int:
    """Finish what is begun, before anybody is served; how many were."""
    return await asyncio.to_thread(erasing.resume_all, store, now, retention(settings))


def chore(settings: Settings) -> Chore:
    """Ask for what approved purges still lack, begin what is due, finish what is begun."""

    async def turn(store: Store, now: int) -> int:
        due_at = now + settings.erasure.trash_days * DAY
        for purge_id in await store.read(purges.unfinished):
            while await store.write(purges.carry_on, purge_id, due_at, now):
                pass
        return await asyncio.to_thread(erasing.carry_out_due, store, now, retention(settings))

    return Chore("erasures", EVERY_SECONDS, turn)


def retention(settings: Settings) -> Retention:
    """How long a backup may tell of what is erased."""
    return Retention(settings.backup.keep_days)
