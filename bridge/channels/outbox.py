"""The outbox worker: takes what is due and hands it to the carrier of its kind, again and again until it is settled.

Contract. A `Carrier` does one kind of job and says what came of it:

    Done        handed off: the job is gone in one transaction with `Done.settle`, its note for the delivery
    Later       not now: again after a back-off that doubles, with jitter, up to six hours apart; `PATIENCE` in all,
                but at least `LEAST_ATTEMPTS`, as the bridge may have been down, or its clock wrong. Then as Failed
    Failed      never by this road: dead letter, and `Failed.settle`, such as the next rung of the ladder
    Uncertain   it may have happened: never again by itself; a person decides

Before an act that cannot be taken back the carrier awaits `task.note(step, handle)`: what it finds in `task.job.step`
tells a later attempt, after a crash too, how far an earlier one came. A carrier that raises is put off like Later,
and so is one that takes longer than `Limits.attempt_seconds`, which is cancelled. NotFound means that the document,
or the job, went meanwhile, so that nothing is left to do; Tampered that no attempt will ever open it.

Each kind has its own places, so that a printer that hangs holds up no mail, and an account has one of them at a time,
so that one dead mailbox does not take them all. What came of an attempt is written until the database takes it: till
then the job is not touched again, and after a crash in between it is the carrier that finds out by its step.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import structlog
from sqlmodel import Session

from bridge.channels import handoff
from bridge.clock import Clock
from storage.database import Store
from storage.deliveries import jobs, opening
from storage.deliveries.jobs import Job, Room
from storage.deliveries.terms import DAY, JobKind, JobState
from storage.errors import Busy, NotFound, StorageError, Tampered
from storage.keys.outbox import OutboxKey
from storage.records import Change, OutboxChanged

log = structlog.get_logger(__name__)

PLACES: Mapping[JobKind, int] = {JobKind.EXTERNAL: 8, JobKind.EMAIL: 8, JobKind.PAPER: 2, JobKind.NOTICE: 8}
"""Jobs of one kind at a time."""
FIRST_DELAY = 60
LONGEST_DELAY = DAY // 4
LONGEST_AFTER = DAY
"""However long the other side asks us to wait."""
PATIENCE = 5 * DAY
"""A job is given up after this (RFC 5321 section 4.5.4.1: at least 4 to 5 days)."""
LEAST_ATTEMPTS = 10
LONGEST_SLEEP = 60.0
"""A clock that jumps is noticed after this."""
BACKWARDS = 60
"""Seconds that a clock may go back without anything having been wrong."""
Settle = Callable[[Session, int], object]
"""`settle(session, now)`, in the transaction that ends the job."""


@dataclass(frozen=True, slots=True)
class Limits:
    """In seconds."""

    attempt_seconds: float = 15 * 60.0
    drain_seconds: float = 5.0
    """For attempts under way when the bridge ends."""
    again_seconds: float = 5.0
    """Between two tries to write down what came of an attempt."""


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
        read = partial(opening.message, unread_only=self.job.is_rung)
        return await self.store.read(read, self.store.bodies, self.outbox, self.job.delivery_id)


class Carrier(Protocol):
    """Does one kind of job."""

    kind: JobKind

    async def carry(self, task: Task) -> Outcome: ...


class Outbox:
    """The worker. One per process."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        carriers: Sequence[Carrier],
        jitter: Callable[[], float],
        limits: Limits | None = None,
    ) -> None:
        """`jitter` gives 0 to 1, such as `random.random`."""
        self._store = store
        self._clock = clock
        self._carriers: Mapping[JobKind, Carrier] = {carrier.kind: carrier for carrier in carriers}
        self._jitter = jitter
        self._limits = limits or Limits()
        self._key = OutboxKey.of(store.server_keys.outbox)
        self._running: dict[JobKind, dict[int, int | None]] = {kind: {} for kind in self._carriers}
        self._attempts: set[asyncio.Task[None]] = set()
        self._latest = 0
        """The latest time that the clock has said."""
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled. Attempts under way get a few seconds to end, and are found again at the next start."""
        unlisten = self._store.listen(self._heard)
        try:
            async with asyncio.TaskGroup() as tasks:
                try:
                    while True:
                        self._wake.clear()
                        await self._rest((await self._begun(tasks)).next_at)
                except asyncio.CancelledError:
                    await self._let_end()
                    raise
        finally:
            unlisten()

    async def turn(self) -> int:
        """Carry out what is due now, and wait for it; how many jobs. For tests and for a drain."""
        async with asyncio.TaskGroup() as tasks:
            return len((await self._begun(tasks)).jobs)

    def _heard(self, change: Change) -> None:
        if isinstance(change, OutboxChanged):
            self._wake.set()

    async def _rest(self, next_at: int | None) -> None:
        seconds = LONGEST_SLEEP if next_at is None else min(max(next_at - self._clock(), 1.0), LONGEST_SLEEP)
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _let_end(self) -> None:
        if self._attempts and not self._store.failed.is_set():
            await asyncio.wait(self._attempts, timeout=self._limits.drain_seconds)

    # --- taking ---

    async def _begun(self, tasks: asyncio.TaskGroup) -> jobs.Due:
        """Attempts at what is due, as far as there is room."""
        now = int(self._clock())
        try:
            await self._look_at_clock(now)
            due = await self._store.read(jobs.due, now, self._rooms())
        except StorageError as error:
            log.error("outbox.unread", kind=type(error).__name__)
            return jobs.Due((), None)
        for job in due.jobs:
            self._running[job.kind][job.id] = job.account_id
            task = tasks.create_task(self._attempt(self._carriers[job.kind], job))
            self._attempts.add(task)
            task.add_done_callback(self._attempts.discard)
        return due

    def _rooms(self) -> list[Room]:
        """As it is now: an attempt that ends while the database is read must not be found waiting there."""
        return [Room(kind, PLACES[kind], dict(running)) for kind, running in self._running.items()]

    async def _look_at_clock(self, now: int) -> None:
        """At the start, and when the clock went back: nothing must wait for a time that a wrong clock set."""
        if self._latest == 0 or now < self._latest - BACKWARDS:
            recalled = await self._store.write(jobs.recall, now)
            if recalled:
                log.warning("outbox.recalled", jobs=recalled)
            self._latest = now
        self._latest = max(self._latest, now)

    # --- an attempt ---

    async def _attempt(self, carrier: Carrier, job: Job) -> None:
        try:
            outcome = await self._carried(carrier, job)
            await self._noted(job, outcome)
        finally:
            self._running[job.kind].pop(job.id, None)
            self._wake.set()

    async def _carried(self, carrier: Carrier, job: Job) -> Outcome | None:
        """What came of it; None: there is nothing to do any more."""
        try:
            async with asyncio.timeout(self._limits.attempt_seconds):
                return await carrier.carry(Task(job, self._store, self._key, int(self._clock())))
        except TimeoutError:
            return Later("timeout")
        except NotFound:
            return None
        except Tampered:
            log.error("outbox.tampered", job=job.id, job_kind=job.kind)
            return Failed("tampered", partial(handoff.given_up, job=job, problem="tampered"))
        except Exception as error:  # noqa: BLE001 - whatever it is, the outbox goes on
            log.error("outbox.fault", job=job.id, job_kind=job.kind, kind=type(error).__name__)
            return Later("fault")

    # --- writing down what came of it ---

    async def _noted(self, job: Job, outcome: Outcome | None) -> None:
        """Written when it returns, however long the database takes no writes."""
        while True:
            try:
                return await self._settled(job, outcome, int(self._clock()))
            except Busy:
                log.error("outbox.not_noted", job=job.id, job_kind=job.kind)
            except Exception as error:  # noqa: BLE001 - a settle of a carrier: what happened must not happen twice
                log.error("outbox.settle_fault", job=job.id, job_kind=job.kind, kind=type(error).__name__)
                outcome = Uncertain("settle-fault")
            await asyncio.sleep(self._limits.again_seconds)

    async def _settled(self, job: Job, outcome: Outcome | None, now: int) -> None:
        match outcome:
            case None:
                await self._store.write(_drop, job, now)
                log.info("outbox.dropped", job=job.id, job_kind=job.kind)
            case Done(settle):
                await self._store.write(_end, job, settle, now)
                log.info("outbox.done", job=job.id, job_kind=job.kind, attempts=job.attempts + 1)
            case Later(problem, after, counts):
                await self._put_off(job, problem, after, counts, now)
            case Failed(problem, settle):
                await self._give_up(job, problem, settle, now)
            case Uncertain(problem):
                await self._store.write(jobs.park, job.id, JobState.UNCERTAIN, problem, now)
                log.error("outbox.uncertain", job=job.id, job_kind=job.kind, problem=problem)

    async def _put_off(self, job: Job, problem: str, after: int | None, counts: bool, now: int) -> None:
        if counts and now - job.created_at >= PATIENCE and job.attempts + 1 >= LEAST_ATTEMPTS:
            await self._give_up(job, problem, partial(handoff.given_up, job=job, problem=problem), now)
            return
        delay = self._delay(job.attempts) if after is None else max(0, min(after, LONGEST_AFTER))
        await self._store.write(partial(jobs.later, counts=counts), job.id, problem, now + delay)
        log.info("outbox.later", job=job.id, job_kind=job.kind, problem=problem, seconds=delay)

    async def _give_up(self, job: Job, problem: str, settle: Settle, now: int) -> None:
        await self._store.write(_bury, job, problem, settle, now)
        log.warning("outbox.dead", job=job.id, job_kind=job.kind, problem=problem)

    def _delay(self, attempts: int) -> int:
        """Doubling, half of it by chance: many that failed together do not come back together."""
        full = min(FIRST_DELAY * 2 ** min(attempts, 20), LONGEST_DELAY)
        return int(full / 2 + full / 2 * self._jitter())


def _end(session: Session, job: Job, settle: Settle, now: int) -> None:
    """Also where a person cancelled it meanwhile: it has happened, and the delivery says so."""
    try:
        settle(session, now)
    except NotFound:
        if jobs.exists(session, job.id):
            raise
    jobs.done(session, job.id)


def _bury(session: Session, job: Job, problem: str, settle: Settle, now: int) -> None:
    """Nothing where the job is gone: whoever removed it has told the delivery."""
    if jobs.park(session, job.id, JobState.DEAD, problem, now):
        settle(session, now)


def _drop(session: Session, job: Job, now: int) -> None:
    """What it was about is gone; the delivery, if that is there, must not wait for it."""
    if jobs.done(session, job.id):
        handoff.lost(session, now, job=job)
