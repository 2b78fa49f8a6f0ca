"""The outbox: what is still to be handed off, one row each, gone when it is done.

Contract. A job is queued in the transaction that makes it necessary; its `key` is unique, so that the same thing is
queued once however often it is asked for. The carrier writes its `step` before each act that cannot be taken back, so
that after a crash it knows what may have happened. `done` removes the row and everything sealed in it in the
transaction that notes the outcome. Nothing is ever retried that is UNCERTAIN.

No job is queued or put off further than `FARTHEST` ahead: what is due later than that was dated by a clock that was
wrong, and `recall` makes it due.
"""

from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass, field

from sqlmodel import Session

from storage.deliveries.terms import DAY, Decided, JobKind, JobState, NewJob
from storage.engine import statements
from storage.engine.changes import announce
from storage.errors import NotFound
from storage.keys.outbox import OutboxKey, seal_payload
from storage.records import OutboxChanged

_COLUMNS = (
    "id, key, kind, account_id, delivery_id, sealed_payload, state, due_at, attempts, problem, step, handle,"
    " created_at"
)


FARTHEST = 8 * DAY
_RUNG = ":ladder:"
"""In the key of a step of a ladder."""


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
    """Of one that does not wait: since when."""
    attempts: int
    problem: str | None
    step: str | None
    handle: str | None
    created_at: int

    @property
    def is_rung(self) -> bool:
        """Whether it is there because a document lay unread."""
        return _RUNG in self.key

    @property
    def is_listed(self) -> bool:
        """Whether others may know of it: not while it only waits for a document to be read."""
        return not (self.is_rung and self.state is JobState.WAITING)

    @property
    def named_account_id(self) -> int | None:
        """Whose it is, as far as others may know: of a rung only where somebody has to look for the letter."""
        return None if self.is_rung and self.state is not JobState.UNCERTAIN else self.account_id


@dataclass(frozen=True, slots=True)
class Room:
    """What may run of one kind, and what does."""

    kind: JobKind
    places: int
    running: Mapping[int, int | None]
    """Accounts by job."""


@dataclass(frozen=True, slots=True)
class Due:
    jobs: tuple[Job, ...]
    next_at: int | None
    """When the next one will be, of the kinds that have room left; None if none waits."""


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
    made = statements.row(
        session,
        "INSERT INTO job (key, kind, account_id, delivery_id, sealed_payload, state, due_at, attempts, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?) ON CONFLICT (key) DO NOTHING RETURNING id",
        (key, job.kind, account_id, delivery_id, sealed, JobState.WAITING, job.due_at, now),
    )
    if made is not None:
        _announce(session, made[0], (key, job.kind, account_id), JobState.WAITING, job.due_at)
    return made is not None


def queue_decided(
    session: Session, outbox_public: bytes, decided: Decided, delivery_id: int, public_id: str, now: int
) -> None:
    """What a decision makes necessary, for its delivery or for the account."""
    for job in decided.jobs:
        prefix, of = ("", None) if job.of_account else (f"{public_id}:", delivery_id)
        queue(session, outbox_public, job, now, account_id=decided.account_id, delivery_id=of, prefix=prefix)


def due(session: Session, now: int, rooms: Sequence[Room]) -> Due:
    """What may begin now: by kind as many as there is room for, longest due first, of one account one at a time."""
    found: list[Job] = []
    next_at: int | None = None
    for room in rooms:
        taken = dict(room.running)
        while len(taken) < room.places:
            job = _first(session, room.kind, taken)
            if job is None or job.due_at > now:
                if job is not None:
                    next_at = job.due_at if next_at is None else min(next_at, job.due_at)
                break
            taken[job.id] = job.account_id
            found.append(job)
    return Due(tuple(found), next_at)


def _first(session: Session, kind: JobKind, taken: Mapping[int, int | None]) -> Job | None:
    """The longest due of a kind that is not `taken`, nor of an account in it."""
    accounts = [account_id for account_id in taken.values() if account_id is not None]
    others = f" AND id NOT IN ({_marks(taken)})" if taken else ""
    others += f" AND (account_id IS NULL OR account_id NOT IN ({_marks(accounts)}))" if accounts else ""
    found = statements.row(
        session,
        f"SELECT {_COLUMNS} FROM job WHERE state = 'waiting' AND kind = ?{others}"  # noqa: S608 - marks and constants
        " ORDER BY due_at, id LIMIT 1",
        (kind, *taken, *accounts),
    )
    return None if found is None else _job(found)


def _marks(values: Sized) -> str:
    return ",".join("?" * len(values))


def recall(session: Session, now: int) -> int:
    """Make due what waits for a time that only a wrong clock can have set; how many."""
    return statements.run(
        session, "UPDATE job SET due_at = ? WHERE state = 'waiting' AND due_at > ?", (now, now + FARTHEST)
    )


def get(session: Session, job_id: int) -> Job:
    """NotFound."""
    found = statements.row(session, f"SELECT {_COLUMNS} FROM job WHERE id = ?", (job_id,))  # noqa: S608
    if found is None:
        raise NotFound("job")
    return _job(found)


def exists(session: Session, job_id: int) -> bool:
    return statements.row(session, "SELECT 1 FROM job WHERE id = ?", (job_id,)) is not None


def payload(outbox: OutboxKey, job: Job) -> bytes | None:
    """In clear; Tampered."""
    return None if job.sealed_payload is None else outbox.open_payload(job.sealed_payload, job=job.key)


def note_step(session: Session, job_id: int, step: str, handle: str | None = None) -> None:
    """Before an act that cannot be taken back, and with what the other side then calls it. NotFound if it is gone."""
    if not statements.run(
        session, "UPDATE job SET step = ?, handle = coalesce(?, handle) WHERE id = ?", (step, handle, job_id)
    ):
        raise NotFound("job")


def later(session: Session, job_id: int, problem: str, due_at: int, *, counts: bool = True) -> bool:
    """Not now; whether the job is there. `counts`: as an attempt that failed."""
    return _set(session, job_id, JobState.WAITING, problem, due_at, int(counts))


def park(session: Session, job_id: int, state: JobState, problem: str, now: int) -> bool:
    """DEAD or UNCERTAIN from now on: only a person moves it from there. Whether the job is there."""
    return _set(session, job_id, state, problem, now, 1)


def _set(session: Session, job_id: int, state: JobState, problem: str, due_at: int, counted: int) -> bool:
    found = statements.row(
        session,
        "UPDATE job SET state = ?, problem = ?, attempts = attempts + ?, due_at = ? WHERE id = ?"
        " RETURNING key, kind, account_id",
        (state, problem, counted, due_at, job_id),
    )
    if found is not None:
        _announce(session, job_id, found, state, due_at)
    return found is not None


def again(session: Session, job_id: int, now: int, *, afresh: bool) -> Job:
    """A person wants it tried once more, with patience anew. NotFound.

    `afresh`: nothing of it has happened. Else the carrier finds the step of earlier attempts, and asks about it.
    """
    found = statements.row(
        session,
        "UPDATE job SET state = 'waiting', due_at = ?, attempts = 0, step = CASE WHEN ? THEN NULL ELSE step END,"
        " handle = CASE WHEN ? THEN NULL ELSE handle END WHERE id = ? AND state <> 'waiting'"
        " RETURNING key, kind, account_id",
        (now, afresh, afresh, job_id),
    )
    if found is None:
        raise NotFound("job")
    _announce(session, job_id, found, JobState.WAITING, now)
    return get(session, job_id)


def soon(session: Session, job_id: int, now: int) -> Job:
    """A person does not want to wait for the back-off. NotFound."""
    found = statements.row(
        session,
        "UPDATE job SET due_at = min(due_at, ?) WHERE id = ? AND state = 'waiting' RETURNING key, kind, account_id",
        (now, job_id),
    )
    if found is None:
        raise NotFound("job")
    _announce(session, job_id, found, JobState.WAITING, now)
    return get(session, job_id)


def make_uncertain(session: Session, problem: str, now: int) -> int:
    """All that waits, in a database that is older than what has happened; how many."""
    return statements.run(
        session,
        "UPDATE job SET state = 'uncertain', problem = ?, due_at = ? WHERE state = 'waiting'",
        (problem, now),
    )


def done(session: Session, job_id: int) -> bool:
    """Handed off, or not to be: the row goes, and what was sealed in it. Whether it was there."""
    found = statements.row(session, "DELETE FROM job WHERE id = ? RETURNING key, kind, account_id", (job_id,))
    if found is not None:
        _announce(session, job_id, found, None, None)
    return found is not None


def dead_since(session: Session, before: int, limit: int) -> list[Job]:
    """Dead letters that were given up before a time."""
    found = statements.rows(
        session,
        f"SELECT {_COLUMNS} FROM job WHERE state <> 'waiting' AND state = 'dead' AND due_at < ? LIMIT ?",  # noqa: S608
        (before, limit),
    )
    return [_job(row) for row in found]


def _announce(session: Session, job_id: int, row: statements.Row, state: JobState | None, due_at: int | None) -> None:
    """Not whose it is, of a rung: that would tell who has not read a document (D9)."""
    key, kind, account_id = row
    if _RUNG in key:
        account_id = None
    announce(session, OutboxChanged(job_id, kind, account_id, state, due_at))


def _job(row: statements.Row) -> Job:
    number, key, kind, account_id, delivery_id, sealed, state, *rest = row
    return Job(number, key, JobKind(kind), account_id, delivery_id, sealed, JobState(state), *rest)
