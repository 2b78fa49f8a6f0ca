"""Lists of jobs and of deliveries for people: metadata alone, never a payload, a subject or a reason in words.

They are the same whatever a reader did with a document (S14, D9): states are those of `sent.Seen`, without the steps
of a ladder. That a rung of one is in the outbox tells that a document lies unread: whose it is stays out, but where
somebody has to find the letter to say whether it left.

Pages go by number, newest first: `before` is the number of the last item of the page before. `domains`: accounts of
these alone; None: all, and in the list of jobs those that are nobody's.
"""

from dataclasses import dataclass

from sqlmodel import Session

from storage.deliveries.jobs import Job
from storage.deliveries.sent import SEEN, Seen
from storage.deliveries.terms import DECISIONS_KEPT, Channel, DocumentType, JobKind, JobState
from storage.engine import statements
from storage.engine.statements import Value

# ruff: noqa: S608 - every part of these statements stands in this file

_IS_NAMED = "(job.key NOT LIKE '%:ladder:%' OR job.state = 'uncertain')"
_JOBS = (
    f"SELECT job.id, job.kind, job.state, CASE WHEN {_IS_NAMED} THEN job.account_id END,"
    f" CASE WHEN {_IS_NAMED} THEN delivery.public_id END, job.due_at, job.attempts, job.problem,"
    " job.step, job.created_at FROM job LEFT JOIN delivery ON delivery.id = job.delivery_id"
    " LEFT JOIN account ON account.id = job.account_id WHERE true"
)
_DELIVERIES = (
    "SELECT delivery.id, delivery.public_id, document_public_id, delivery.account_id, document_type,"
    f" delivery.channel, {SEEN}, ladder, decided_at"
    " FROM delivery JOIN account ON account.id = delivery.account_id WHERE true"
)
_PARKED = {JobState.DEAD, JobState.UNCERTAIN}


@dataclass(frozen=True, slots=True)
class JobLine:
    id: int
    kind: JobKind
    state: JobState
    account_id: int | None
    delivery: str | None
    """Public id."""
    due_at: int
    """When it is tried; of one that does not wait: since when."""
    attempts: int
    problem: str | None
    step: str | None
    created_at: int


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    id: int
    public_id: str
    document: str
    account_id: int
    document_type: DocumentType
    channel: Channel
    state: Seen
    ladder: str | None
    """As it was decided."""
    decided_at: int


def jobs(
    session: Session,
    domains: frozenset[int] | None,
    *,
    state: JobState | None = None,
    kind: JobKind | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[JobLine]:
    """Jobs, as the module says."""
    # The plus: by number from the newest on, instead of sorting all of a domain (0.2 ms, not 340, of 100 000).
    sql, values = _confined(_JOBS, "+account.domain_id", domains)
    if state in _PARKED:
        sql += " AND job.state <> 'waiting'"  # few rows, by their own index
    for column, value in (("job.state = ?", state), ("job.kind = ?", kind), ("job.id < ?", before)):
        if value is not None:
            sql, values = f"{sql} AND {column}", [*values, value]
    found = statements.rows(session, f"{sql} ORDER BY job.id DESC LIMIT ?", (*values, limit))
    return [JobLine(row[0], JobKind(row[1]), JobState(row[2]), *row[3:]) for row in found]


def line(job: Job) -> JobLine:
    """Of one at hand, that may be over."""
    rest = (job.due_at, job.attempts, job.problem, job.step, job.created_at)
    return JobLine(job.id, job.kind, job.state, job.named_account_id, None, *rest)


def deliveries(
    session: Session,
    domains: frozenset[int] | None,
    now: int,
    *,
    account_id: int | None = None,
    state: Seen | None = None,
    channel: Channel | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[DeliveryLine]:
    """Deliveries of the last `DECISIONS_KEPT` seconds, as the module says; `account_id`: of one reader."""
    sql, values = _confined(_DELIVERIES, "account.domain_id", domains)
    wanted: tuple[tuple[str, Value], ...] = (
        ("delivery.decided_at > ?", now - DECISIONS_KEPT),
        ("delivery.account_id = ?", account_id),
        (f"{SEEN} = ?", state),
        ("delivery.channel = ?", channel),
        ("delivery.id < ?", before),
    )
    for column, value in wanted:
        if value is not None:
            sql, values = f"{sql} AND {column}", [*values, value]
    if account_id is not None:
        sql += " AND delivery.state <> 'held'"  # its reader is not to know before the sender commits
    found = statements.rows(session, f"{sql} ORDER BY delivery.id DESC LIMIT ?", (*values, limit))
    return [_delivery(row) for row in found]


def _confined(sql: str, column: str, domains: frozenset[int] | None) -> tuple[str, list[Value]]:
    if domains is None:
        return sql, []
    marks = ",".join("?" * len(domains))
    return f"{sql} AND {column} IN ({marks})", [*sorted(domains)]


def _delivery(row: statements.Row) -> DeliveryLine:
    values = list(row)
    values[4:7] = [DocumentType(values[4]), Channel(values[5]), Seen(values[6])]
    return DeliveryLine(*values)
