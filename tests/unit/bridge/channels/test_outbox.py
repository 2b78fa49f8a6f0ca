"""The outbox worker under a clock that the test turns: order, fairness, back-off, and what comes of each outcome."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from sqlmodel import Session

from bridge.channels import outbox
from bridge.channels.outbox import Done, Failed, Later, Limits, Outbox, Outcome, Task, Uncertain
from storage.database import Store
from storage.deliveries import jobs
from storage.deliveries.terms import DAY, JobKind, JobState, NewJob
from storage.engine import statements
from storage.errors import NotFound, Tampered, WriterUnavailable
from storage.keys.outbox import OutboxKey
from storage.people import accounts, domains
from storage.people.accounts import AccountDraft
from storage.records import Account, DomainMode, Role
from tests import stores
from tests.control import Clock

NOW = 1_760_000_000
Act = Callable[[Task], Awaitable[Outcome]]
QUICK = Limits(attempt_seconds=0.05, drain_seconds=0.05, again_seconds=0.0)


@dataclass
class Scripted:
    """Carries out what the test says, and remembers which jobs it was given."""

    kind: JobKind
    act: Act
    seen: list[str] = field(default_factory=list)

    async def carry(self, task: Task) -> Outcome:
        self.seen.append(task.job.key)
        return await self.act(task)


def always(outcome: Outcome) -> Act:
    async def act(task: Task) -> Outcome:
        return outcome

    return act


@dataclass
class Desk:
    store: Store
    data: Path
    clock: Clock
    people: list[Account]

    def queue(
        self,
        key: str,
        kind: JobKind = JobKind.EMAIL,
        due_at: int = NOW,
        who: int | None = 0,
        payload: bytes | None = None,
    ) -> int:
        public = OutboxKey.of(self.store.server_keys.outbox).public_key
        account_id = None if who is None else self.people[who].id
        new = NewJob(kind, key, due_at, payload)
        assert self.store.write_now(jobs.queue, public, new, NOW, account_id=account_id)
        ((job_id,),) = self.store.read_now(statements.rows, "SELECT id FROM job WHERE key = ?", (key,))
        return int(job_id)

    def worker(self, *carriers: Scripted, limits: Limits = QUICK) -> Outbox:
        return Outbox(self.store, self.clock, carriers, lambda: 1.0, limits)

    def job(self, job_id: int) -> jobs.Job:
        return self.store.read_now(jobs.get, job_id)

    def count(self) -> int:
        ((found,),) = self.store.read_now(statements.rows, "SELECT count(*) FROM job")
        return int(found)

    async def reopen(self) -> None:
        await self.store.aclose()
        self.store = stores.opened(self.data)


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    store = stores.new(tmp_path / "data")
    domain = store.write_now(domains.create, "example.test", DomainMode.MANAGED, "NL", NOW)
    people = []
    for name in ("anna", "bram", "carla"):
        draft = AccountDraft(f"{name}@example.test", name, Role.RECIPIENT)
        people.append(store.write_now(accounts.create, store.shred, draft, domain, NOW)[0])
    made = Desk(store, tmp_path / "data", Clock(NOW), people)
    yield made
    await made.store.aclose()


# --- what is taken, and in which order ---


async def test_the_longest_due_goes_first_and_what_is_not_due_waits(desk: Desk) -> None:
    desk.queue("later", due_at=NOW + 1, who=None)
    desk.queue("second", due_at=NOW - 5, who=None)
    desk.queue("first", due_at=NOW - 9, who=None)
    carrier = Scripted(JobKind.EMAIL, always(Done()))
    assert await desk.worker(carrier).turn() == 2
    assert carrier.seen == ["first", "second"]
    desk.clock.turn(1)
    assert await desk.worker(carrier).turn() == 1
    assert desk.count() == 0


async def test_an_account_has_one_place_of_a_kind_at_a_time(desk: Desk) -> None:
    for number in range(20):
        desk.queue(f"anna-{number}", due_at=NOW - 100, who=0)
    desk.queue("bram", due_at=NOW - 1, who=1)
    desk.queue("paper", JobKind.PAPER, due_at=NOW - 1, who=0)
    mail, paper = Scripted(JobKind.EMAIL, always(Done())), Scripted(JobKind.PAPER, always(Done()))
    assert await desk.worker(mail, paper).turn() == 3
    assert mail.seen == ["anna-0", "bram"]
    assert paper.seen == ["paper"]


async def test_a_kind_that_hangs_leaves_the_places_of_the_others(desk: Desk) -> None:
    for number in range(10):
        desk.queue(f"paper-{number}", JobKind.PAPER, who=None)
        desk.queue(f"mail-{number}", JobKind.EMAIL, who=None)
    forever, all_sent = asyncio.Event(), asyncio.Event()

    async def hang(task: Task) -> Outcome:
        await forever.wait()
        return Done()

    async def send(task: Task) -> Outcome:
        if len(mail.seen) == 10:
            all_sent.set()
        return Done()

    paper, mail = Scripted(JobKind.PAPER, hang), Scripted(JobKind.EMAIL, send)
    async with running(desk.worker(paper, mail, limits=Limits(drain_seconds=0.01))):
        async with asyncio.timeout(20):
            await all_sent.wait()
    assert len(paper.seen) == outbox.PLACES[JobKind.PAPER]


async def test_a_job_whose_carrier_is_missing_waits_and_is_not_looked_at_again_and_again(desk: Desk) -> None:
    job_id = desk.queue("paper", JobKind.PAPER, due_at=NOW - DAY)
    worker = desk.worker(Scripted(JobKind.EMAIL, always(Done())))
    assert await worker.turn() == 0
    assert desk.job(job_id).state is JobState.WAITING
    assert desk.store.read_now(jobs.due, NOW, [jobs.Room(JobKind.EMAIL, 4, {})]).next_at is None


async def test_the_same_key_is_queued_once(desk: Desk) -> None:
    desk.queue("once")
    public = OutboxKey.of(desk.store.server_keys.outbox).public_key
    assert not desk.store.write_now(jobs.queue, public, NewJob(JobKind.EMAIL, "once", NOW), NOW)
    assert desk.count() == 1


# --- what comes of it ---


async def test_done_removes_the_row_with_what_the_carrier_settles(desk: Desk) -> None:
    desk.queue("gone", payload=b"CANARY-PAYLOAD")
    settled = []
    carrier = Scripted(JobKind.EMAIL, always(Done(lambda session, now: settled.append(now))))
    await desk.worker(carrier).turn()
    assert desk.count() == 0
    assert settled == [NOW]


async def test_a_payload_is_opened_for_the_carrier_alone(desk: Desk) -> None:
    job_id = desk.queue("sealed", payload=b"CANARY-PAYLOAD")
    found = []

    async def act(task: Task) -> Outcome:
        found.append(task.payload())
        assert b"CANARY" not in repr(task).encode()
        return Later("busy")

    await desk.worker(Scripted(JobKind.EMAIL, act)).turn()
    assert found == [b"CANARY-PAYLOAD"]
    assert b"CANARY" not in (desk.job(job_id).sealed_payload or b"")


async def test_back_off_doubles_up_to_six_hours_and_jitter_takes_at_most_half(desk: Desk) -> None:
    job_id = desk.queue("busy")
    carrier = Scripted(JobKind.EMAIL, always(Later("busy")))
    waits = []
    for _ in range(12):
        await desk.worker(carrier).turn()
        waits.append(desk.job(job_id).due_at - int(desk.clock()))
        desk.clock.at = desk.job(job_id).due_at
    assert waits[:9] == [60, 120, 240, 480, 960, 1920, 3840, 7680, 15360]
    assert waits[9:] == [outbox.LONGEST_DELAY] * 3
    low = Outbox(desk.store, desk.clock, (carrier,), lambda: 0.0, QUICK)
    await low.turn()
    assert desk.job(job_id).due_at - int(desk.clock()) == outbox.LONGEST_DELAY // 2


@pytest.mark.parametrize(("after", "waits"), [(0, 0), (7, 7), (-5, 0), (10**9, outbox.LONGEST_AFTER)])
async def test_what_the_other_side_asks_for_counts_within_bounds(desk: Desk, after: int, waits: int) -> None:
    job_id = desk.queue("asked")
    await desk.worker(Scripted(JobKind.EMAIL, always(Later("asked", after)))).turn()
    assert desk.job(job_id).due_at == NOW + waits
    assert desk.job(job_id).attempts == 1


async def test_too_early_is_no_attempt_and_never_ends(desk: Desk) -> None:
    job_id = desk.queue("early")
    desk.clock.turn(100 * DAY)
    for _ in range(outbox.LEAST_ATTEMPTS + 2):
        await desk.worker(Scripted(JobKind.EMAIL, always(Later("quiet", 60, counts=False)))).turn()
        desk.clock.turn(60)
    assert (desk.job(job_id).attempts, desk.job(job_id).state) == (0, JobState.WAITING)


async def test_patience_ends_after_five_days_of_attempts(desk: Desk) -> None:
    job_id = desk.queue("never")
    carrier = Scripted(JobKind.EMAIL, always(Later("refused")))
    while desk.job(job_id).state is JobState.WAITING:
        desk.clock.at = max(desk.clock.at, desk.job(job_id).due_at)
        await desk.worker(carrier).turn()
        assert desk.clock.at - NOW <= outbox.PATIENCE + outbox.LONGEST_DELAY
    assert desk.clock.at - NOW >= outbox.PATIENCE
    assert (desk.job(job_id).state, desk.job(job_id).problem) == (JobState.DEAD, "refused")
    desk.clock.turn(DAY)
    assert await desk.worker(carrier).turn() == 0


async def test_a_bridge_that_was_down_for_a_week_still_tries(desk: Desk) -> None:
    """So does one whose clock was a year ahead."""
    job_id = desk.queue("patient")
    desk.clock.turn(365 * DAY)
    for _ in range(outbox.LEAST_ATTEMPTS - 1):
        await desk.worker(Scripted(JobKind.EMAIL, always(Later("refused")))).turn()
        assert desk.job(job_id).state is JobState.WAITING
        desk.clock.at = desk.job(job_id).due_at
    await desk.worker(Scripted(JobKind.EMAIL, always(Later("refused")))).turn()
    assert desk.job(job_id).state is JobState.DEAD


async def test_failed_is_a_dead_letter_and_settles_once(desk: Desk) -> None:
    job_id = desk.queue("no")
    told = []
    carrier = Scripted(JobKind.EMAIL, always(Failed("no-such-user", lambda session, now: told.append(now))))
    for _ in range(2):
        await desk.worker(carrier).turn()
        desk.clock.turn(DAY)
    assert told == [NOW]
    assert (desk.job(job_id).state, desk.job(job_id).problem) == (JobState.DEAD, "no-such-user")


async def test_what_is_uncertain_is_never_tried_again(desk: Desk) -> None:
    job_id = desk.queue("perhaps")
    carrier = Scripted(JobKind.EMAIL, always(Uncertain("printer-silent")))
    for _ in range(3):
        await desk.worker(carrier).turn()
        desk.clock.turn(30 * DAY)
    assert carrier.seen == ["perhaps"]
    assert desk.job(job_id).state is JobState.UNCERTAIN


@pytest.mark.parametrize("error", [ValueError("x"), OSError("y"), TimeoutError(), ExceptionGroup("g", [OSError()])])
async def test_a_carrier_that_raises_is_tried_again(desk: Desk, error: Exception) -> None:
    job_id = desk.queue("fault")

    async def act(task: Task) -> Outcome:
        raise error

    await desk.worker(Scripted(JobKind.EMAIL, act)).turn()
    assert desk.job(job_id).state is JobState.WAITING
    assert desk.job(job_id).problem == ("timeout" if isinstance(error, TimeoutError) else "fault")


async def test_a_carrier_that_hangs_is_cut_off(desk: Desk) -> None:
    job_id = desk.queue("hangs")
    cut = []

    async def act(task: Task) -> Outcome:
        await task.note("sent", "handle-1")
        try:
            await asyncio.Event().wait()
        finally:
            cut.append(task.job.id)
        return Done()

    await desk.worker(Scripted(JobKind.EMAIL, act)).turn()
    found = desk.job(job_id)
    assert cut == [job_id]
    assert (found.problem, found.step, found.handle, found.attempts) == ("timeout", "sent", "handle-1", 1)


async def test_a_seal_that_does_not_open_is_a_dead_letter_at_once(desk: Desk) -> None:
    job_id = desk.queue("sealed", payload=b"payload")
    desk.store.write_now(statements.run, "UPDATE job SET sealed_payload = ? WHERE id = ?", (b"\x01" * 90, job_id))

    async def act(task: Task) -> Outcome:
        with pytest.raises(Tampered):
            task.payload()
        task.payload()
        return Done()

    await desk.worker(Scripted(JobKind.EMAIL, act)).turn()
    assert (desk.job(job_id).state, desk.job(job_id).problem) == (JobState.DEAD, "tampered")


async def test_what_is_gone_needs_no_further_attempt(desk: Desk) -> None:
    desk.queue("gone")

    async def act(task: Task) -> Outcome:
        raise NotFound("delivery")

    await desk.worker(Scripted(JobKind.EMAIL, act)).turn()
    assert desk.count() == 0


async def test_a_job_cancelled_during_its_attempt_stops_before_the_act(desk: Desk) -> None:
    job_id = desk.queue("cancelled")
    acted = []

    async def act(task: Task) -> Outcome:
        await desk.store.write(jobs.done, job_id)
        await task.note("sending")
        acted.append(task.job.key)
        return Done()

    await desk.worker(Scripted(JobKind.EMAIL, act)).turn()
    assert (acted, desk.count()) == ([], 0)


# --- when the database does not take it ---


async def test_the_outcome_is_written_when_the_disk_has_room_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Full while settling: the act is not done twice, and the row goes in the end."""
    desk.queue("sent")
    refusals = iter([True, True, False])
    settled = []

    def settle(session: Session, now: int) -> None:
        if next(refusals):
            raise WriterUnavailable("full")
        settled.append(now)

    carrier = Scripted(JobKind.EMAIL, always(Done(settle)))
    await desk.worker(carrier).turn()
    assert (carrier.seen, len(settled), desk.count()) == (["sent"], 1, 0)


async def test_an_outcome_that_cannot_be_settled_is_for_a_person(desk: Desk) -> None:
    job_id = desk.queue("sent")

    def settle(session: Session, now: int) -> None:
        raise KeyError("a mistake of ours")

    carrier = Scripted(JobKind.EMAIL, always(Done(settle)))
    for _ in range(2):
        await desk.worker(carrier).turn()
        desk.clock.turn(DAY)
    assert carrier.seen == ["sent"]
    assert (desk.job(job_id).state, desk.job(job_id).problem) == (JobState.UNCERTAIN, "settle-fault")


@pytest.mark.parametrize(("cancelled", "left"), [(True, 0), (False, 1)])
async def test_what_happened_to_a_delivery_that_is_gone_is_settled_only_where_its_job_is_gone_too(
    desk: Desk, cancelled: bool, left: int
) -> None:
    """Else something is wrong here, and the act must not be forgotten."""
    job_id = desk.queue("sent")

    async def act(task: Task) -> Outcome:
        if cancelled:
            await desk.store.write(jobs.done, job_id)
        return Done(gone)

    def gone(session: Session, now: int) -> None:
        raise NotFound("delivery")

    await desk.worker(Scripted(JobKind.EMAIL, act)).turn()
    assert desk.count() == left
    assert not left or desk.job(job_id).state is JobState.UNCERTAIN


async def test_a_failure_of_what_a_person_cancelled_meanwhile_tells_nobody_again(desk: Desk) -> None:
    job_id = desk.queue("no")
    told: list[int] = []

    async def act(task: Task) -> Outcome:
        await desk.store.write(jobs.done, job_id)
        return Failed("refused", lambda session, now: told.append(now))

    await desk.worker(Scripted(JobKind.EMAIL, act)).turn()
    assert (told, desk.count()) == ([], 0)


# --- clocks ---


async def test_a_clock_that_goes_back_leaves_nothing_waiting_for_years(desk: Desk) -> None:
    job_id = desk.queue("ahead")
    busy = Scripted(JobKind.EMAIL, always(Later("busy")))
    worker = desk.worker(busy)
    desk.clock.turn(3650 * DAY)
    await worker.turn()
    assert desk.job(job_id).due_at > NOW + 3650 * DAY
    desk.clock.at = NOW + 5
    await worker.turn()
    assert len(busy.seen) == 2
    assert desk.job(job_id).due_at < NOW + 3600


async def test_a_start_after_a_wrong_clock_finds_what_waits(desk: Desk) -> None:
    desk.queue("ahead", due_at=NOW + 3650 * DAY)
    near = desk.queue("digest", due_at=NOW + DAY, who=1)
    carrier = Scripted(JobKind.EMAIL, always(Done()))
    assert await desk.worker(carrier).turn() == 1
    assert desk.job(near).due_at == NOW + DAY


# --- the end of the bridge ---


class running:  # noqa: N801 - reads as a phrase
    """A worker while it is entered; cancelled at the end, which must come within seconds."""

    def __init__(self, worker: Outbox) -> None:
        self._worker = worker

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._worker.run())

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        async with asyncio.timeout(10):
            with pytest.raises(asyncio.CancelledError):
                await self._task


async def test_an_attempt_under_way_may_end_when_the_bridge_ends(desk: Desk) -> None:
    desk.queue("last")
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def act(task: Task) -> Outcome:
        begun.set()
        await go_on.wait()
        return Done()

    async with running(desk.worker(Scripted(JobKind.EMAIL, act), limits=Limits(drain_seconds=10))):
        await begun.wait()
        asyncio.get_running_loop().call_later(0.02, go_on.set)
    assert desk.count() == 0


async def test_a_new_job_wakes_the_worker(desk: Desk) -> None:
    sent = asyncio.Event()

    async def act(task: Task) -> Outcome:
        sent.set()
        return Done()

    async with running(desk.worker(Scripted(JobKind.EMAIL, act))):
        public = OutboxKey.of(desk.store.server_keys.outbox).public_key
        await desk.store.write(
            partial(jobs.queue, account_id=desk.people[0].id), public, NewJob(JobKind.EMAIL, "new", NOW), NOW
        )
        async with asyncio.timeout(20):
            await sent.wait()


STEPS = ("before", "noted", "acted", "returned")


@pytest.mark.parametrize("step", STEPS)
async def test_cut_off_at_each_step_nothing_is_lost_or_doubled(desk: Desk, step: str) -> None:
    """A carrier as it should be: it notes before it acts, and asks the other side before it acts again."""
    desk.queue("once")
    printed: list[str] = []
    cut = {"at": step}

    async def stop(here: str) -> None:
        if cut["at"] == here:
            cut["at"] = ""
            reached.set()
            await asyncio.Event().wait()

    async def act(task: Task) -> Outcome:
        await stop("before")
        if task.job.step == "printing" and task.job.key in printed:
            return Done()
        await task.note("printing")
        await stop("noted")
        printed.append(task.job.key)
        await stop("acted")
        return Done()

    if step == "returned":
        refused = asyncio.Event()
        cut["at"] = ""

        def settle(session: Session, now: int) -> None:
            if not refused.is_set():
                desk.store._in_loop(reached.set)
                raise WriterUnavailable("full")

        inner = act

        async def act_and_fail(task: Task) -> Outcome:
            await inner(task)
            return Done(settle)

        carrier_act: Act = act_and_fail
    else:
        carrier_act = act
    reached = asyncio.Event()
    limits = Limits(attempt_seconds=60, drain_seconds=0.01, again_seconds=60)
    async with running(desk.worker(Scripted(JobKind.EMAIL, carrier_act), limits=limits)):
        async with asyncio.timeout(20):
            await reached.wait()
    assert desk.count() == 1
    await desk.reopen()
    desk.clock.turn(DAY)
    await desk.worker(Scripted(JobKind.EMAIL, act)).turn()
    assert printed == ["once"]
    assert desk.count() == 0
