"""The outbox worker: takes what is due and hands it to the carrier of its kind, again and again until it is settled.

Contract. A `Carrier` does one kind of job and says what came of it:

    Done        handed off: the job is gone in one transaction with `Done.settle`, its note for the delivery
    Later       not now: again after a back-off that doubles, with jitter, up to a day apart and `PATIENCE` in all
    Failed      never by this road: dead letter, and `Failed.settle`, such as the next rung of the ladder
    Uncertain   it may have happened: never again by itself; a person decides

Before an act that cannot be taken back the carrier awaits `task.note(step, handle)`: what it finds in `task.job.step`
tells a later attempt, after a crash too, how far an earlier one came. A carrier that raises is put off like Later.
Each kind has its own places, so that a printer that hangs holds up no mail.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from sqlmodel import Session

from bridge.clock import Clock
from storage.database import Store
from storage.deliveries import jobs, opening
from storage.deliveries.jobs import Job
from storage.deliveries.terms import DAY, JobKind, JobState
from storage.errors import NotFound
from storage.keys.outbox import OutboxKey
from storage.records import Change, OutboxChanged

log = structlog.get_logger(__name__)

PLACES = 4
"""Jobs of one kind at a time."""
FIRST_DELAY = 60
LONGEST_DELAY = DAY // 4
PATIENCE = 5 * DAY
"""A job is given up after this (RFC 5321 section 4.5.4.1: at least 4 to 5 days)."""
LONGEST_SLEEP = 60.0
"""A clock that jumps is noticed after this."""
Settle = Callable[[Session, int], object]
"""`settle(session, now)`, in the transaction that ends the job."""


def _nothing(session: Session, now: int) -> None:
    return


@dataclass(frozen=True, slots=True)
class Done:
    settle: Settle = _nothing


@dataclass(frozen=True, slots=True)
class Later:
    problem: str
    """A code, shown to admins."""
    after: int | None = None
    """Seconds, where the other side or the hour says; else the back-off."""
    counts: bool = True
    """Whether it was an attempt that failed; no: it was only too early."""


@dataclass(frozen=True, slots=True)
class Failed:
    problem: str
    settle: Settle = _nothing


@dataclass(frozen=True, slots=True)
class Uncertain:
    problem: str


Outcome = Done | Later | Failed | Uncertain


@dataclass(frozen=True, slots=True)
class Task:
    """One attempt at one job."""

    job: Job
    store: Store = field(repr=False)
    outbox: OutboxKey = field(repr=False)
    now: int

    async def note(self, step: str, handle: str | None = None) -> None:
        """Durable on return."""
        await self.store.write(jobs.note_step, self.job.id, step, handle)

    def payload(self) -> bytes | None:
        """Tampered."""
        return jobs.payload(self.outbox, self.job)

    async def message(self) -> bytes:
        """The document, opened by the outbox key. NotFound: erased, or opened by its reader meanwhile; Tampered."""
        if self.job.delivery_id is None:
            raise NotFound("delivery")
        return await self.store.read(opening.message, self.store.bodies, self.outbox, self.job.delivery_id)


class Carrier(Protocol):
    """Does one kind of job."""

    kind: JobKind

    async def carry(self, task: Task) -> Outcome: ...


class Outbox:
    """The worker. One per process."""

    def __init__(self, store: Store, clock: Clock, carriers: Sequence[Carrier], jitter: Callable[[], float]) -> None:
        """`jitter` gives 0 to 1, such as `random.random`."""
        self._store = store
        self._clock = clock
        self._carriers: Mapping[JobKind, Carrier] = {carrier.kind: carrier for carrier in carriers}
        self._jitter = jitter
        self._key = OutboxKey.of(store.server_keys.outbox)
        self._running: dict[JobKind, set[int]] = {kind: set() for kind in self._carriers}
        self._wake = asyncio.Event()

    async def run(self, sleep: Callable[[float], Awaitable[None]] | None = None) -> None:
        """Until cancelled; jobs under way are cancelled too, and found again at the next start."""
        unlisten = self._store.listen(self._heard)
        try:
            async with asyncio.TaskGroup() as tasks:
                while True:
                    self._wake.clear()
                    await self._start_due(tasks)
                    await self._rest()
        finally:
            unlisten()

    async def turn(self) -> int:
        """Carry out what is due now, and wait for it; how many jobs. For tests and for a drain."""
        async with asyncio.TaskGroup() as tasks:
            return await self._start_due(tasks)

    def _heard(self, change: Change) -> None:
        if isinstance(change, OutboxChanged):
            self._wake.set()

    async def _rest(self) -> None:
        at = await self._store.read(jobs.next_due_at)
        now = self._clock()
        seconds = LONGEST_SLEEP if at is None else min(max(at - now, 1.0), LONGEST_SLEEP)
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _start_due(self, tasks: asyncio.TaskGroup) -> int:
        now, started = int(self._clock()), 0
        for kind, carrier in self._carriers.items():
            running = self._running[kind]
            room = PLACES - len(running)
            if room <= 0:
                continue
            for job in await self._store.read(jobs.due, now, room, kind, frozenset(running)):
                running.add(job.id)
                tasks.create_task(self._attempt(carrier, job))
                started += 1
        return started

    async def _attempt(self, carrier: Carrier, job: Job) -> None:
        now = int(self._clock())
        try:
            try:
                outcome = await carrier.carry(Task(job, self._store, self._key, now))
            except Exception as error:  # noqa: BLE001 - whatever it is, the outbox goes on
                log.error("outbox.fault", job=job.id, job_kind=job.kind, kind=type(error).__name__)
                outcome = Later("fault")
            await self._settled(job, outcome, int(self._clock()))
        finally:
            self._running[job.kind].discard(job.id)
            self._wake.set()

    async def _settled(self, job: Job, outcome: Outcome, now: int) -> None:
        match outcome:
            case Done(settle):
                await self._store.write(_end, job.id, settle, now)
                log.info("outbox.done", job=job.id, job_kind=job.kind, attempts=job.attempts + 1)
            case Later(problem, after, counts):
                await self._put_off(job, problem, after, counts, now)
            case Failed(problem, settle):
                await self._store.write(_give_up, job.id, problem, settle, now)
                log.warning("outbox.dead", job=job.id, job_kind=job.kind, problem=problem)
            case Uncertain(problem):
                await self._store.write(jobs.park, job.id, JobState.UNCERTAIN, problem)
                log.error("outbox.uncertain", job=job.id, job_kind=job.kind, problem=problem)

    async def _put_off(self, job: Job, problem: str, after: int | None, counts: bool, now: int) -> None:
        if counts and now - job.created_at >= PATIENCE:
            await self._store.write(jobs.park, job.id, JobState.DEAD, problem)
            log.warning("outbox.dead", job=job.id, job_kind=job.kind, problem=problem)
            return
        delay = self._delay(job.attempts) if after is None else after
        await self._store.write(jobs.later, job.id, problem, now + delay)
        log.info("outbox.later", job=job.id, job_kind=job.kind, problem=problem, seconds=delay)

    def _delay(self, attempts: int) -> int:
        """Doubling, half of it by chance: many that failed together do not come back together."""
        full = min(FIRST_DELAY * 2 ** min(attempts, 20), LONGEST_DELAY)
        return int(full / 2 + full / 2 * self._jitter())


def _end(session: Session, job_id: int, settle: Settle, now: int) -> None:
    settle(session, now)
    jobs.done(session, job_id)


def _give_up(session: Session, job_id: int, problem: str, settle: Settle, now: int) -> None:
    jobs.park(session, job_id, JobState.DEAD, problem)
    settle(session, now)
