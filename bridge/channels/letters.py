"""What a person does with a job of the outbox: have it tried again, settle what is uncertain, cancel it.

Each runs in one transaction with its audit event, and the delivery is told (`handoff`). A document that has come to
its reader by another way meanwhile, or that the server can open no more, is not sent again.
"""

from collections.abc import Sequence

from sqlmodel import Session

from bridge.channels import handoff
from storage.deliveries import deliveries, jobs, outbox_keys
from storage.deliveries.jobs import Job
from storage.deliveries.terms import DAY, DeliveryState, JobKind, JobState
from storage.engine import statements
from storage.errors import Conflict, NotFound
from storage.oversight import audit

DEAD_KEPT = 30 * DAY
"""A dead letter that nobody cared for goes after this, and with it the server's way to its document."""
_PART = 200
CANCELLED = "cancelled"


def retry(session: Session, job_id: int, now: int, actor: str) -> Job:
    """Now, whether it waited or was given up. NotFound; Conflict `uncertain` or `gone`."""
    job = jobs.get(session, job_id)
    if job.state is JobState.UNCERTAIN:
        raise Conflict("uncertain")
    if job.state is JobState.WAITING:
        made = jobs.soon(session, job_id, now)
    else:
        _reopen(session, job)
        made = jobs.again(session, job_id, now, afresh=False)
    _note(session, "outbox.retried", job, now, actor)
    return made


def retry_several(session: Session, job_ids: Sequence[int], now: int, actor: str) -> int:
    """Each as `retry`; how many are tried. Those that cannot be stay as they are."""
    return sum(_could_retry(session, job_id, now, actor) for job_id in job_ids)


def _could_retry(session: Session, job_id: int, now: int, actor: str) -> bool:
    try:
        retry(session, job_id, now, actor)
    except (Conflict, NotFound):
        return False
    return True


def settle(session: Session, job_id: int, *, done: bool, now: int, actor: str) -> Job:
    """Of an uncertain one a person knows whether it happened. `done`: that is noted; else it is tried again.

    The job as it was. NotFound; Conflict `not-uncertain`, or `gone`.
    """
    job = jobs.get(session, job_id)
    if job.state is not JobState.UNCERTAIN:
        raise Conflict("not-uncertain")
    if done:
        jobs.done(session, job_id)
        handoff.carried_out(session, now, job=job)
    else:
        _reopen(session, job)
        jobs.again(session, job_id, now, afresh=True)
    _note(session, "outbox.done" if done else "outbox.not-done", job, now, actor)
    return job


def cancel(session: Session, job_id: int, now: int, actor: str) -> Job:
    """It is not tried again; the ladder goes on, or the document stays in the mailbox. The job as it was. NotFound.

    An attempt under way stops before the act that cannot be taken back; what has happened all the same is noted.
    """
    job = jobs.get(session, job_id)
    jobs.done(session, job_id)
    handoff.given_up(session, now, job=job, problem=CANCELLED)
    _forget(session, job)
    _note(session, "outbox.cancelled", job, now, actor)
    return job


def expire(session: Session, now: int) -> int:
    """Remove old dead letters, some at a time; how many."""
    found = jobs.dead_since(session, now - DEAD_KEPT, _PART)
    for job in found:
        jobs.done(session, job.id)
        _forget(session, job)
    return len(found)


def _reopen(session: Session, job: Job) -> None:
    """The delivery is on its way again. Conflict `gone` if there is nothing to hand over any more."""
    if job.delivery_id is None or job.kind is JobKind.NOTICE:
        return
    delivery = deliveries.get(session, job.delivery_id)
    if not delivery.needs_key or delivery.document_id is None:
        raise Conflict("gone")
    if delivery.state is DeliveryState.FAILED:
        statements.run(
            session, "UPDATE delivery SET state = ? WHERE id = ?", (DeliveryState.LEAVING, job.delivery_id)
        )


def _forget(session: Session, job: Job) -> None:
    """With the last dead letter of a delivery that failed goes the seal to its document."""
    if job.delivery_id is None or deliveries.has_dead_letters(session, job.delivery_id):
        return
    try:
        failed = deliveries.get(session, job.delivery_id).state is DeliveryState.FAILED
    except NotFound:
        return
    if failed:
        outbox_keys.give_up(session, job.delivery_id)


def _note(session: Session, kind: str, job: Job, now: int, actor: str) -> None:
    subject = f"job:{job.id}" if job.named_account_id is None else f"account:{job.named_account_id}"
    audit.append(session, kind, actor, subject, {"job": job.id, "kind": job.kind, "state": job.state}, now)
