"""What goes by itself: copies on the day that was chosen, reasons after 90 days, counted usage by the settings.

Contract. Each document is begun in a write of its own, and finished as every erasure is (`bridge.erasures`). A clock
that jumps ahead erases nothing for `DISTRUST` seconds: `Watch` sees that more time went by on the wall than on the
machine, and an admin has that long to set it right (R7). A restart takes the clock as it is.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from bridge.housekeeping import DAY, HOUR, Chore
from bridge.settings import Settings
from storage.database import Store
from storage.erasures import retention
from storage.oversight import usage
from storage.people import tickets

log = structlog.get_logger(__name__)

SLICE = 100
MOST = 2000
"""Documents of one turn: what is left comes with the next."""
JUMP = HOUR
DISTRUST = DAY


@dataclass(slots=True)
class Watch:
    """Whether the wall clock goes as the machine's own does."""

    monotonic: Callable[[], float] = time.monotonic
    _wall: int | None = None
    _machine: float = 0.0
    _doubted_at: float | None = None

    def trusts(self, now: int) -> bool:
        """Ask at each turn. After a jump of more than `JUMP` seconds: no, for `DISTRUST` seconds."""
        machine = self.monotonic()
        if self._wall is not None and abs((now - self._wall) - (machine - self._machine)) > JUMP:
            log.warning("retention.clock_jumped", seconds=now - self._wall)
            self._doubted_at = machine
        self._wall, self._machine = now, machine
        if self._doubted_at is not None and machine - self._doubted_at < DISTRUST:
            return False
        self._doubted_at = None
        return True


def chores(settings: Settings, watch: Watch | None = None) -> tuple[Chore, ...]:
    """See above."""
    trusted = watch or Watch()

    async def erase(store: Store, now: int) -> int:
        return await erase_due(store, now) if trusted.trusts(now) else 0

    async def purge_usage(store: Store, now: int) -> int:
        return await store.write(usage.purge, now - settings.usage.keep_days * DAY)

    async def purge_tickets(store: Store, now: int) -> int:
        return await store.write(tickets.purge, now) if trusted.trusts(now) else 0

    return (
        Chore("retention", HOUR, erase),
        Chore("old-decisions", DAY, forget),
        Chore("old-usage", DAY, purge_usage),
        Chore("old-tickets", DAY, purge_tickets),
    )


async def erase_due(store: Store, now: int) -> int:
    """Begin to erase what has had its time; how many documents. The chore of erasures finishes them."""
    begun, seen, after = 0, 0, (0, 0)
    while seen < MOST and (due := await store.read(retention.due, now, after, SLICE)):
        for at, delivery_id in due:
            begun += await store.write(retention.begin_one, delivery_id, now)
            after = (at, delivery_id)
        seen += len(due)
    return begun


async def forget(store: Store, now: int) -> int:
    """Reasons of decisions, and rows of what is gone, after 90 days; how many."""
    done, after = await store.write(retention.forget_events, now), 0
    while ids := await store.read(retention.old_decisions, now, after, SLICE * 5):
        await store.write(retention.forget_decisions, ids)
        done, after = done + len(ids), ids[-1]
    return done
