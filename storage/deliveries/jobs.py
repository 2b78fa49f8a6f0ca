"""The outbox: what is still to be handed off, one row each, gone when it is done.

Contract. A job is queued in the transaction that makes it necessary; its `key` is unique, so that the same thing is
queued once however often it is asked for. The carrier writes its `step` before each act that cannot be taken back, so
that after a crash it knows what may have happened. `done` removes the row and everything sealed in it in the
transaction that notes the outcome. Nothing is ever retried that is UNCERTAIN.
"""

from dataclasses import dataclass, field

from sqlmodel import Session

from storage.deliveries.terms import JobKind, JobState, NewJob
from storage.engine import statements
from storage.engine.changes import announce
from storage.errors import NotFound
from storage.keys.outbox import OutboxKey, seal_payload
from storage.records import OutboxChanged

_COLUMNS = (
    "id, key, kind, account_id, delivery_id, sealed_payload, state, due_at, attempts, problem, step, handle,"
    " created_at"
)


@dataclass(frozen=True, slots=True)
class Job:
    id: int
    key: str
    kind: JobKind
    account_id: int | None
    delivery_id: int | None
    sealed_payload: bytes | None = field(repr=False)
    state: JobState
    due_at: int
    attempts: int
    problem: str | None
    step: str | None
    handle: str | None
    created_at: int


def queue(
    session: Session,
    outbox_public: bytes,
    job: NewJob,
    now: int,
    *,
    account_id: int | None = None,
    delivery_id: int | None = None,
    prefix: str = "",
) -> bool:
    """Whether it is new; a job whose key is there already, waiting or dead, is not queued again."""
    key = f"{prefix}{job.key}"
    sealed = None if job.payload is None else seal_payload(outbox_public, job.payload, job=key)
    made = statements.run(
        session,
        "INSERT INTO job (key, kind, account_id, delivery_id, sealed_payload, state, due_at, attempts, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?) ON CONFLICT (key) DO NOTHING",
        (key, job.kind, account_id, delivery_id, sealed, JobState.WAITING, job.due_at, now),
    )
    if made:
        announce(session, OutboxChanged(job.kind, job.due_at))
    return bool(made)


def due(session: Session, now: int, limit: int, kind: JobKind, running: frozenset[int] = frozenset()) -> list[Job]:
    """Waiting jobs of a kind whose time has come, longest due first, without those in `running`."""
    found = statements.rows(
        session,
        f"SELECT {_COLUMNS} FROM job WHERE state = 'waiting' AND due_at <= ? AND kind = ?"  # noqa: S608 - constants
        " ORDER BY due_at, id LIMIT ?",
        (now, kind, limit + len(running)),
    )
    return [job for job in map(_job, found) if job.id not in running][:limit]


def next_due_at(session: Session) -> int | None:
    """When the next waiting job is due; None if nothing waits."""
    found = statements.row(session, "SELECT min(due_at) FROM job WHERE state = 'waiting'")
    return None if found is None else found[0]


def get(session: Session, job_id: int) -> Job:
    """NotFound."""
    found = statements.row(session, f"SELECT {_COLUMNS} FROM job WHERE id = ?", (job_id,))  # noqa: S608
    if found is None:
        raise NotFound("job")
    return _job(found)


def payload(outbox: OutboxKey, job: Job) -> bytes | None:
    """In clear; Tampered."""
    return None if job.sealed_payload is None else outbox.open_payload(job.sealed_payload, job=job.key)


def note_step(session: Session, job_id: int, step: str, handle: str | None = None) -> None:
    """Before an act that cannot be taken back, and with what the other side then calls it. NotFound if it is gone."""
    if not statements.run(
        session, "UPDATE job SET step = ?, handle = coalesce(?, handle) WHERE id = ?", (step, handle, job_id)
    ):
        raise NotFound("job")


def later(session: Session, job_id: int, problem: str, due_at: int) -> None:
    """It failed for now."""
    _settle(session, job_id, JobState.WAITING, problem, due_at)


def park(session: Session, job_id: int, state: JobState, problem: str) -> None:
    """DEAD or UNCERTAIN: only a person moves it from there."""
    _settle(session, job_id, state, problem, None)


def _settle(session: Session, job_id: int, state: JobState, problem: str, due_at: int | None) -> None:
    found = statements.row(
        session,
        "UPDATE job SET state = ?, problem = ?, attempts = attempts + 1, due_at = coalesce(?, due_at) WHERE id = ?"
        " RETURNING kind, due_at",
        (state, problem, due_at, job_id),
    )
    if found is not None:
        announce(session, OutboxChanged(found[0], found[1]))


def done(session: Session, job_id: int) -> None:
    """Handed off: the row goes, and what was sealed in it."""
    found = statements.row(session, "DELETE FROM job WHERE id = ? RETURNING kind, due_at", (job_id,))
    if found is not None:
        announce(session, OutboxChanged(found[0], found[1]))


def _job(row: statements.Row) -> Job:
    number, key, kind, account_id, delivery_id, sealed, state, *rest = row
    return Job(number, key, JobKind(kind), account_id, delivery_id, sealed, JobState(state), *rest)
