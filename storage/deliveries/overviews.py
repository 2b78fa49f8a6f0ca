"""Lists of jobs and of deliveries for people: metadata alone, never a payload, a subject or a reason in words.

They are the same whatever a reader did with a document (S14, D9): states are those of `sent.Seen`, without the steps
of a ladder. That a rung of one is in the outbox tells that a document lies unread, and its time tells which: one that
waits is not listed, and goes with the reading of its document. Of one that a person has to deal with it stays out
whose it is, but where somebody has to find the letter to say whether it left.

Pages go newest first: `before` names the last item of the page before. `domains`: accounts of these alone; None: all,
and in the list of jobs those that are nobody's.
"""

from dataclasses import dataclass
from heapq import merge
from itertools import islice

from sqlmodel import Session

from storage.deliveries.jobs import Job
from storage.deliveries.sent import SEEN, Seen, seen
from storage.deliveries.terms import DECISIONS_KEPT, Channel, DeliveryState, DocumentType, JobKind, JobState
from storage.engine import statements
from storage.engine.statements import Value

# ruff: noqa: S608 - every part of these statements stands in this file

_IS_NAMED = "(job.key NOT LIKE '%:ladder:%' OR job.state = 'uncertain')"
_IS_SHOWN = "(job.state <> 'waiting' OR job.key NOT LIKE '%:ladder:%')"
_JOBS = (
    f"SELECT job.id, job.kind, job.state, CASE WHEN {_IS_NAMED} THEN job.account_id END,"
    f" CASE WHEN {_IS_NAMED} THEN delivery.public_id END, job.due_at, job.attempts, job.problem,"
    " job.step, job.created_at FROM job LEFT JOIN delivery ON delivery.id = job.delivery_id"
    " LEFT JOIN account ON account.id = job.account_id"
    f" WHERE {_IS_SHOWN}"
)
_DELIVERIES = (
    "SELECT delivery.id, delivery.public_id, document_public_id, delivery.account_id, document_type,"
    f" delivery.channel, {SEEN}, ladder, decided_at, correspondent_id"
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
    correspondent_id: int | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries; None leaves it open. `account_ids` and `correspondent_ids`: of these readers and senders."""

    account_ids: tuple[int, ...] | None = None
    correspondent_ids: tuple[int, ...] | None = None
    state: Seen | None = None
    channel: Channel | None = None
    since: int | None = None
    held: bool = True
    """Whether those of batches that are not committed are among them: their readers are not to know."""


def jobs(
    session: Session,
    domains: frozenset[int] | None,
    *,
    state: JobState | None = None,
    kind: JobKind | None = None,
    delivery_id: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[JobLine]:
    """Jobs, as the module says. Of one delivery: those that may be named."""
    # The plus: by number from the newest on, instead of sorting all of a domain (0.2 ms, not 340, of 100 000).
    sql, values = _confined(_JOBS, "+account.domain_id", domains)
    if state in _PARKED:
        sql += " AND job.state <> 'waiting'"  # few rows, by their own index
    if delivery_id is not None:
        sql, values = f"{sql} AND {_IS_NAMED} AND job.delivery_id = ?", [*values, delivery_id]
    for column, value in (("job.state = ?", state), ("job.kind = ?", kind), ("job.id < ?", before)):
        if value is not None:
            sql, values = f"{sql} AND {column}", [*values, value]
    found = statements.rows(session, f"{sql} ORDER BY job.id DESC LIMIT ?", (*values, limit))
    return [JobLine(row[0], JobKind(row[1]), JobState(row[2]), *row[3:]) for row in found]


def standing(session: Session, domains: frozenset[int] | None) -> list[tuple[JobKind, JobState, int]]:
    """How many jobs there are of each kind and state, of those that are listed."""
    sql, values = f"SELECT kind, state, count(*) FROM job WHERE {_IS_SHOWN}", list[Value]()
    if domains is not None:
        joined = sql.replace(" WHERE", " JOIN account ON account.id = job.account_id WHERE")
        sql, values = _confined(joined.replace(" state,", " job.state,"), "account.domain_id", domains)
    found = statements.rows(session, f"{sql} GROUP BY 1, 2 ORDER BY 1, 2", values)
    return [(JobKind(kind), JobState(state), int(count)) for kind, state, count in found]


def line(job: Job) -> JobLine:
    """Of one at hand, that may be over."""
    rest = (job.due_at, job.attempts, job.problem, job.step, job.created_at)
    return JobLine(job.id, job.kind, job.state, job.named_account_id, None, *rest)


def deliveries(
    session: Session,
    domains: frozenset[int] | None,
    now: int,
    wanted: Wanted,
    *,
    before: tuple[int, int] | None = None,
    limit: int = 50,
) -> list[DeliveryLine]:
    """Deliveries of the last `DECISIONS_KEPT` seconds, as the module says; `before`: (decided at, number).

    Of some readers or senders, or of a state or channel however rare, each part is read from the newest on by its own
    index and these are put in order: no list is sorted or searched whole.
    """
    sql, values = _filtered(domains, now, wanted)
    column, numbers = _parts(wanted)
    if column is not None:
        if before is not None:
            sql, values = f"{sql} AND (decided_at, delivery.id) < (?, ?)", [*values, *before]
        sql = f"{sql} AND delivery.{column} = ? ORDER BY decided_at DESC, delivery.id DESC LIMIT ?"
        found = (_listed(session, sql, [*values, number, limit]) for number in numbers)
        return list(islice(merge(*found, key=lambda each: (each.decided_at, each.id), reverse=True), limit))
    if before is not None:
        sql, values = f"{sql} AND delivery.id < ?", [*values, before[1]]
    order = "ORDER BY delivery.id DESC LIMIT ?"
    if wanted.state is None and wanted.channel is None:
        return _listed(session, f"{sql} {order}", [*values, limit])
    sql = f"{sql} AND delivery.channel = ? AND delivery.state = ? {order}"
    found = (_listed(session, sql, [*values, *pair, limit]) for pair in _pairs(wanted))
    return list(islice(merge(*found, key=lambda each: each.id, reverse=True), limit))


def delivery(session: Session, delivery_id: int) -> DeliveryLine:
    """One that there is, whatever its age."""
    (found,) = _listed(session, f"{_DELIVERIES} AND delivery.id = ?", [delivery_id])
    return found


def _filtered(domains: frozenset[int] | None, now: int, wanted: Wanted) -> tuple[str, list[Value]]:
    # The plus: from the newest on, instead of sorting all of a domain.
    sql, values = _confined(_DELIVERIES, "+account.domain_id", domains)
    since = now - DECISIONS_KEPT if wanted.since is None else max(wanted.since - 1, now - DECISIONS_KEPT)
    sql, values = f"{sql} AND delivery.decided_at > ?", [*values, since]
    for column, value in ((f"{SEEN} = ?", wanted.state), ("delivery.channel = ?", wanted.channel)):
        if value is not None:
            sql, values = f"{sql} AND {column}", [*values, value]
    if not wanted.held:
        sql += " AND delivery.state <> 'held'"
    if wanted.account_ids is not None and wanted.correspondent_ids is not None:
        sql += f" AND +correspondent_id IN ({','.join('?' * len(wanted.correspondent_ids))})"
        values = [*values, *wanted.correspondent_ids]
    return sql, values


def _pairs(wanted: Wanted) -> list[tuple[Channel, DeliveryState]]:
    """What is kept of those that look like this."""
    return [
        (channel, state)
        for channel in Channel
        for state in DeliveryState
        if wanted.channel in (None, channel) and wanted.state in (None, seen(channel, state))
    ]


def _parts(wanted: Wanted) -> tuple[str | None, tuple[int, ...]]:
    """The column by whose index the deliveries are found, and its values; None: by none."""
    if wanted.account_ids is not None:
        return "account_id", wanted.account_ids
    return ("correspondent_id", wanted.correspondent_ids) if wanted.correspondent_ids is not None else (None, ())


def _confined(sql: str, column: str, domains: frozenset[int] | None) -> tuple[str, list[Value]]:
    if domains is None:
        return sql, []
    marks = ",".join("?" * len(domains))
    return f"{sql} AND {column} IN ({marks})", [*sorted(domains)]


def _listed(session: Session, sql: str, values: list[Value]) -> list[DeliveryLine]:
    return [_delivery(row) for row in statements.rows(session, sql, values)]


def _delivery(row: statements.Row) -> DeliveryLine:
    values = list(row)
    values[4:7] = [DocumentType(values[4]), Channel(values[5]), Seen(values[6])]
    return DeliveryLine(*values)
