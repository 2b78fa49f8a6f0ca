"""Rows of the outbox: steps and handles, waiting and parking, what is told of them."""

from collections.abc import Sequence

import pytest
from sqlmodel import Session

from storage.deliveries import jobs, overviews
from storage.deliveries.jobs import Job
from storage.deliveries.terms import DAY, JobKind, JobState, NewJob
from storage.engine import statements
from storage.errors import NotFound
from storage.records import Change, OutboxChanged
from tests.unit.storage.conftest import NOW, Office, Person


def queued(office: Office, person: Person, key: str = "paper", due_at: int = NOW) -> Job:
    job = NewJob(JobKind.PAPER, key, due_at)
    assert office.store.write_now(jobs.queue, b"", job, NOW, account_id=person.account.id, prefix="d:")
    ((number,),) = office.rows("SELECT max(id) FROM job")
    return office.store.read_now(jobs.get, number)


def test_what_the_other_side_calls_it_is_kept_through_later_steps(office: Office, anna: Person) -> None:
    job = queued(office, anna)
    office.store.write_now(jobs.note_step, job.id, "sent", "printer:7")
    office.store.write_now(jobs.note_step, job.id, "asked")
    found = office.store.read_now(jobs.get, job.id)
    assert (found.step, found.handle) == ("asked", "printer:7")


def test_who_does_not_want_to_wait_brings_it_forward_and_never_back(office: Office, anna: Person) -> None:
    job = queued(office, anna, due_at=NOW + 60)
    assert office.store.write_now(jobs.soon, job.id, NOW + 5).due_at == NOW + 5
    assert office.store.write_now(jobs.soon, job.id, NOW + 9).due_at == NOW + 5
    office.store.write_now(jobs.park, job.id, JobState.DEAD, "jam", NOW)
    with pytest.raises(NotFound):
        office.store.write_now(jobs.soon, job.id, NOW)


def test_old_dead_letters_are_found_and_nothing_that_is_uncertain(office: Office, anna: Person) -> None:
    dead, uncertain, waiting = (queued(office, anna, key) for key in ("a", "b", "c"))
    office.store.write_now(jobs.park, dead.id, JobState.DEAD, "jam", NOW)
    office.store.write_now(jobs.park, uncertain.id, JobState.UNCERTAIN, "jam", NOW)
    assert office.store.read_now(jobs.dead_since, NOW, 9) == []
    found = office.store.read_now(jobs.dead_since, NOW + 1, 9)
    assert [each.id for each in found] == [dead.id]
    assert waiting.id not in [each.id for each in found]


def test_only_what_waits_is_recalled_from_a_time_that_no_right_clock_sets(office: Office, anna: Person) -> None:
    near, far, dead = (queued(office, anna, key) for key in ("a", "b", "c"))
    office.store.write_now(jobs.later, near.id, "busy", NOW + 8 * DAY)
    office.store.write_now(jobs.later, far.id, "busy", NOW + 8 * DAY + 1)
    office.store.write_now(jobs.park, dead.id, JobState.DEAD, "jam", NOW + 365 * DAY)
    assert office.store.write_now(jobs.recall, NOW) == 1
    due = [office.store.read_now(jobs.get, each.id).due_at for each in (near, far, dead)]
    assert due == [NOW + 8 * DAY, NOW, NOW + 365 * DAY]


def test_of_a_rung_nobody_is_told_whose_it_is(office: Office, anna: Person) -> None:
    """It would say who has not read a document (D9)."""
    heard: list[Change] = []
    office.store.listen(heard.append)
    plain, rung = queued(office, anna), queued(office, anna, "ladder:1:paper")
    office.store.write_now(jobs.park, rung.id, JobState.DEAD, "jam", NOW)
    office.store.write_now(jobs.done, rung.id)
    told = [(each.job_id, each.account_id, each.state) for each in heard if isinstance(each, OutboxChanged)]
    assert told == [
        (plain.id, anna.account.id, "waiting"),
        (rung.id, None, "waiting"),
        (rung.id, None, "dead"),
        (rung.id, None, None),
    ]
    assert office.store.read_now(jobs.get, plain.id).named_account_id == anna.account.id


def test_a_page_of_jobs_is_read_without_reading_all_that_wait(
    office: Office, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, asked, rows = queued(office, anna), [], statements.rows

    def noted(session: Session, sql: str, values: Sequence[statements.Value] = ()) -> list[statements.Row]:
        asked.append((sql, values))
        return rows(session, sql, values)

    with monkeypatch.context() as patched:
        patched.setattr(statements, "rows", noted)
        (listed,) = office.store.read_now(overviews.jobs, frozenset({anna.account.domain_id}))
    assert listed.id == job.id
    ((sql, values),) = asked
    assert not [how for *_, how in office.rows(f"EXPLAIN QUERY PLAN {sql}", *values) if "TEMP B-TREE" in how]
