"""What the bridge does by itself from time to time: chores, each at its own interval.

    async with TaskGroup() as tasks:
        tasks.create_task(housekeeping.keep(store, clock, CHORES))

Contract. `keep` runs until it is cancelled. A chore that fails is written to the log and tried again after
`RETRY_SECONDS`, or at its interval if that is shorter; it never ends the bridge, and never delays another's turn
beyond its own run. At the first turn, daily, and at the very end the
head of the audit log goes into the log.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import structlog

from bridge.clock import Clock
from storage.database import Store
from storage.errors import Busy, StorageError
from storage.oversight import audit_heads

log = structlog.get_logger(__name__)

HOUR = 3600
DAY = 86_400
RETRY_SECONDS = 300
LONGEST_SLEEP = 60.0
"""A clock that jumps is noticed after this."""
Sleep = Callable[[float], Awaitable[None]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to do every `every_seconds`."""

    name: str
    """Short, for the log."""
    every_seconds: int
    run: Callable[[Store, int], Awaitable[int]]
    """Called with the store and the time; returns how many things it did: 0 stays out of the log."""


@dataclass(slots=True)
class _Turn:
    """When a chore was last tried, and whether that went well."""

    chore: Chore
    tried_at: int | None = None
    failed: bool = False

    def due(self, now: int) -> bool:
        """A clock that went back makes it due: nobody knows how long ago the last time was."""
        if self.tried_at is None or now < self.tried_at:
            return True
        wait = min(RETRY_SECONDS, self.chore.every_seconds) if self.failed else self.chore.every_seconds
        return now - self.tried_at >= wait


class Housekeeping:
    """Chores and when they were last done."""

    def __init__(self, store: Store, chores: Sequence[Chore]) -> None:
        self._store = store
        self._turns = [_Turn(chore) for chore in chores]

    async def turn(self, now: int) -> list[str]:
        """Run what is due, one after the other; the names of what was tried."""
        due = [turn for turn in self._turns if turn.due(now)]
        for turn in due:
            turn.tried_at = now
            turn.failed = not await self._run(turn.chore, now)
        return [turn.chore.name for turn in due]

    async def _run(self, chore: Chore, now: int) -> bool:
        try:
            done = await chore.run(self._store, now)
        except Exception as error:  # whatever it is, the bridge goes on
            log.error("chore.failed", chore=chore.name, kind=type(error).__name__, exc_info=error)
            return False
        if done:
            log.info("chore.done", chore=chore.name, count=done)
        return True


async def keep(store: Store, clock: Clock, chores: Sequence[Chore], sleep: Sleep = asyncio.sleep) -> None:
    """Do `chores`, and the one of the log's head, until cancelled."""
    housekeeping = Housekeeping(store, (HEAD, *chores))
    try:
        while True:
            await housekeeping.turn(int(clock()))
            await sleep(LONGEST_SLEEP)
    finally:
        write_head(store, int(clock()))


async def apart(chore: str, items: Iterable[T], act: Callable[[T], Awaitable[int]]) -> int:
    """`act(item)` for each, for use in the chore of this name; the sum of what they return.

    One that raises holds up no other: it is written to the log, and is due again. Busy: nothing can be done now.
    """
    done = 0
    for item in items:
        try:
            done += await act(item)
        except Busy:
            raise
        except Exception as error:  # whatever it is, the others go on
            log.error("chore.item_failed", chore=chore, kind=type(error).__name__, exc_info=error)
    return done


async def _note_head(store: Store, now: int) -> int:
    write_head(store, now)
    return 0


HEAD = Chore("audit-head", DAY, _note_head)


def write_head(store: Store, now: int) -> None:
    """Put the signed head of the audit log into the log, from where the journal carries it off the machine."""
    try:
        head = store.read_now(audit_heads.signed_head, store.server_keys, now)
    except StorageError as error:
        log.error("audit.no_head", kind=type(error).__name__)
        return
    log.info("audit.head", **head.members())
