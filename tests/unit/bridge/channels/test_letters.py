"""Dead letters and what is uncertain: a person decides, the delivery is told, and nothing is done twice."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from sqlmodel import Session

from bridge.channels import handoff, letters
from bridge.channels.outbox import Done, Failed, Limits, Outbox, Outcome, Task, Uncertain
from storage.deliveries import deliveries, jobs, transcript
from storage.deliveries.deliveries import Delivery
from storage.deliveries.terms import DAY, Channel, DeliveryState, JobKind, JobState, Ladder
from storage.engine import statements
from storage.erasures import partial_erasure
from storage.errors import Conflict, NotFound
from tests.control import NOW, Desk, Person
from tests.departures import can_open, job_of, leave

ACTOR = "account:1"
QUICK = Limits(again_seconds=0.0)


@dataclass
class Printer:
    """Says what the test says, once it has seen the document."""

    outcome: Outcome
    kind: JobKind = JobKind.PAPER
    printed: int = 0

    async def carry(self, task: Task) -> Outcome:
        assert b"CANARY-BODY" in await task.message()
        await task.note("printing", "7")
        self.printed += isinstance(self.outcome, Done)
        return self.outcome


@dataclass
class Case:
    desk: Desk
    anna: Person

    def leave(self, ladder: Ladder | None = None) -> Delivery:
        return leave(self.desk.store, self.anna.account, NOW, Channel.PAPER, ladder=ladder)

    async def turn(self, outcome: Outcome) -> Printer:
        printer = Printer(outcome)
        await Outbox(self.desk.store, self.desk.clock, (printer,), lambda: 1.0, QUICK).turn()
        return printer

    def state(self, delivery: Delivery) -> DeliveryState:
        return self.desk.store.read_now(deliveries.get, delivery.id).state

    def events(self, delivery: Delivery) -> list[str]:
        return [event.kind for event in self.desk.store.read_now(transcript.of_delivery, delivery.id)]


@pytest_asyncio.fixture
async def case(tmp_path: Path) -> AsyncIterator[Case]:
    async with Desk.open(tmp_path / "data") as desk:
        yield Case(desk, desk.person("anna"))


def failing(delivery: Delivery) -> Failed:
    """As a carrier that follows the rules."""
    told = partial(handoff.failed, delivery_id=delivery.id, channel=Channel.PAPER, problem="no-paper")
    return Failed("no-paper", told)


async def test_a_dead_letter_can_be_tried_again_and_then_nothing_of_it_stays(case: Case) -> None:
    delivery = case.leave()
    await case.turn(failing(delivery))
    assert case.state(delivery) is DeliveryState.FAILED
    assert can_open(case.desk.store) == 1
    job_id = job_of(case.desk.store, delivery)
    again = await case.desk.store.write(letters.retry, job_id, NOW, ACTOR)
    assert (again.state, again.step, again.handle, again.attempts) == (JobState.WAITING, "printing", "7", 0)
    assert case.state(delivery) is DeliveryState.LEAVING
    printer = await case.turn(Done(partial(handoff.done, delivery_id=delivery.id, channel=Channel.PAPER)))
    assert printer.printed == 1
    assert case.state(delivery) is DeliveryState.HANDED_OFF
    assert can_open(case.desk.store) == 0
    with pytest.raises(NotFound):
        case.desk.store.read_now(jobs.get, job_id)


async def test_what_the_server_can_open_no_more_is_not_tried_again(case: Case) -> None:
    delivery = case.leave()
    await case.turn(failing(delivery))
    case.desk.store.write_now(statements.run, "UPDATE delivery SET needs_key = 0 WHERE id = ?", (delivery.id,))
    with pytest.raises(Conflict, match="gone"):
        await case.desk.store.write(letters.retry, job_of(case.desk.store, delivery), NOW, ACTOR)
    assert case.state(delivery) is DeliveryState.FAILED


async def test_hand_overs_that_fail_are_told_once_a_day(case: Case) -> None:
    for told in (1, 1, 2):
        await case.turn(failing(case.leave()))
        rows = "SELECT count(*) FROM delivery_event WHERE kind = 'hand-over.told'"
        assert case.desk.store.read_now(statements.rows, rows) == [(told,)]
        case.desk.clock.turn(DAY / 2 + 1)


async def test_a_dead_letter_lets_the_ladder_go_on(case: Case) -> None:
    delivery = case.leave(Ladder.parse("3:email 7:paper"))
    await case.turn(failing(delivery))
    found = case.desk.store.read_now(deliveries.get, delivery.id)
    assert (found.state, found.ladder_due_at) == (DeliveryState.WAITING, NOW)


async def test_cancelling_tells_the_delivery_and_closes_the_document(case: Case) -> None:
    delivery = case.leave()
    cancelled = await case.desk.store.write(letters.cancel, job_of(case.desk.store, delivery), NOW, ACTOR)
    assert cancelled.state is JobState.WAITING
    assert case.state(delivery) is DeliveryState.FAILED
    assert "paper.failed" in case.events(delivery)
    assert can_open(case.desk.store) == 0
    assert (await case.turn(Done())).printed == 0


async def test_cancelling_a_dead_letter_closes_the_document_too(case: Case) -> None:
    delivery = case.leave()
    await case.turn(failing(delivery))
    await case.desk.store.write(letters.cancel, job_of(case.desk.store, delivery), NOW, ACTOR)
    assert can_open(case.desk.store) == 0
    assert case.events(delivery).count("paper.failed") == 1


@pytest.mark.parametrize("again", [False, True])
async def test_a_letter_that_was_read_meanwhile_is_retried_as_if_it_was_not(case: Case, again: bool) -> None:
    """Its reader chose paper for the document, read or not; the answer must not tell an admin which (D9)."""
    delivery = case.leave()
    await case.turn(failing(delivery))
    assert delivery.document_id is not None
    await case.desk.store.write(deliveries.opened, case.anna.account.id, [delivery.document_id], NOW)
    job_id = job_of(case.desk.store, delivery)
    await case.desk.store.write(letters.retry, job_id, NOW, ACTOR)
    if again:
        await case.turn(failing(delivery))
        assert (case.state(delivery), can_open(case.desk.store)) == (DeliveryState.FAILED, 1)
        await case.desk.store.write(letters.retry, job_id, NOW, ACTOR)
    printer = await case.turn(Done(partial(handoff.done, delivery_id=delivery.id, channel=Channel.PAPER)))
    assert (printer.printed, case.state(delivery)) == (1, DeliveryState.HANDED_OFF)
    assert can_open(case.desk.store) == 0


async def test_a_dead_rung_goes_with_the_reading_of_its_document(case: Case) -> None:
    delivery = case.leave()
    await case.turn(failing(delivery))
    store, rung = case.desk.store, "UPDATE job SET key = 'x:ladder:1:paper'"
    store.write_now(statements.run, "UPDATE delivery SET channel = 'mailbox'")
    store.write_now(statements.run, rung)
    assert delivery.document_id is not None
    await store.write(deliveries.opened, case.anna.account.id, [delivery.document_id], NOW)
    assert (case.state(delivery), can_open(store)) == (DeliveryState.OPENED, 0)
    with pytest.raises(NotFound):
        await store.read(jobs.get, 1)


@pytest.mark.parametrize("done", [True, False])
async def test_a_person_says_what_became_of_the_uncertain(case: Case, done: bool) -> None:
    delivery = case.leave()
    await case.turn(Uncertain("printer-silent"))
    job_id = job_of(case.desk.store, delivery)
    with pytest.raises(Conflict, match="uncertain"):
        await case.desk.store.write(letters.retry, job_id, NOW, ACTOR)
    await case.desk.store.write(letters.settle, job_id, done=done, now=NOW, actor=ACTOR)
    if done:
        assert case.state(delivery) is DeliveryState.HANDED_OFF
        assert can_open(case.desk.store) == 0
        return
    again = case.desk.store.read_now(jobs.get, job_id)
    assert (again.state, again.step, again.handle) == (JobState.WAITING, None, None)
    with pytest.raises(Conflict, match="not-uncertain"):
        await case.desk.store.write(letters.settle, job_id, done=True, now=NOW, actor=ACTOR)
    assert (await case.turn(Done())).printed == 1


async def test_an_old_dead_letter_goes_with_the_seal_to_its_document(case: Case) -> None:
    delivery = case.leave()
    await case.turn(failing(delivery))
    assert await case.desk.store.write(letters.expire, NOW + letters.DEAD_KEPT) == 0
    assert await case.desk.store.write(letters.expire, NOW + letters.DEAD_KEPT + 1) == 1
    assert can_open(case.desk.store) == 0
    assert case.state(delivery) is DeliveryState.FAILED


async def test_with_an_erased_document_goes_what_waits_for_it(case: Case) -> None:
    delivery = case.leave()
    store, account = case.desk.store, case.anna.account
    await store.write(partial_erasure.begin_document, account.id, delivery.document_public_id, by=account.id, now=NOW)
    with pytest.raises(NotFound):
        await store.read(jobs.get, 1)
    assert can_open(store) == 0


async def test_done_leaves_no_byte_on_the_disk(case: Case) -> None:
    """Sealed all the time, and gone afterwards: not in the database, its log, nor any other file."""
    delivery = case.leave()
    store = case.desk.store
    seals = [row[0] for row in await store.read(_seals)]
    assert len(seals) == 2
    await case.turn(Done())
    await store.write(deliveries.handed_off, delivery.id, Channel.PAPER, NOW)
    assert await store.read(_seals) == []
    await store.aclose()
    files = b"".join(path.read_bytes() for path in case.desk.data.rglob("*") if path.is_file())
    for canary in (b"CANARY-PAYLOAD", b"CANARY-BODY", b"CANARY-SUBJECT", *seals):
        assert canary not in files


def _seals(session: Session) -> list[statements.Row]:
    sql = "SELECT sealed_wrap FROM outbox_key UNION ALL SELECT sealed_payload FROM job"
    return statements.rows(session, sql)
