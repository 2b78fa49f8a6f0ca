"""Ladders carried on: what is due, and one rung done in one transaction with the outbox job that it makes (D3).

Contract. `due` gives what may be due, `advance` does it: it takes effect only if the delivery stands where `due` saw
it, unopened, so that two runs, a crash in between or a reader who was quicker never make a rung twice. A job's key is
`<delivery>:ladder:<number>:<rung>`: exactly once, whatever happens. What an earlier rung has left in the outbox that
nobody has begun, or the relay did not take, is dropped where the next one takes its place: a reminder for a reminder,
an e-mail or a letter for all. A reminder takes the place of no e-mail or letter: that stays due, with the server's
way to the document, and is tried on. How long to wait is `bridge.routing.ladder`'s.
"""

from collections.abc import Callable
from typing import NamedTuple

from sqlmodel import Session

from storage.deliveries import deliveries, endings, jobs, outbox_keys, transcript
from storage.deliveries.deliveries import Delivery
from storage.deliveries.terms import DAY, Channel, DeliveryState, JobKind, Ladder, NewJob, Rung
from storage.engine import statements
from storage.errors import NotFound

JOBS = {Rung.REMIND: JobKind.NOTICE, Rung.EMAIL: JobKind.EMAIL, Rung.PAPER: JobKind.PAPER}
CHANNELS = {Rung.REMIND: Channel.MAILBOX, Rung.EMAIL: Channel.EMAIL, Rung.PAPER: Channel.PAPER}
_DUE = (
    "SELECT ladder_due_at, delivery.id FROM delivery JOIN account ON account.id = delivery.account_id"
    " WHERE ladder_due_at <= ? AND opened_at IS NULL AND delivery.state IN ('waiting', 'leaving')"
    " AND (ladder_due_at, delivery.id) > (?, ?)"
    " AND account.state NOT IN ('closed', 'erased') ORDER BY ladder_due_at, delivery.id LIMIT ?"
)
_STEP = (
    "UPDATE delivery SET ladder_step = ladder_step + 1, ladder_due_at = ?, state = ?"
    " WHERE id = ? AND ladder_step = ? AND ladder_due_at <= ? AND opened_at IS NULL"
    " AND state IN ('waiting', 'leaving')"
)
_HASTEN = "UPDATE delivery SET ladder_due_at = min(ladder_due_at, ?) WHERE id = ? AND ladder_step = ?"


class Due(NamedTuple):
    """A delivery whose next rung is due, and since when."""

    at: int
    delivery_id: int


FIRST = Due(0, 0)
"""Before all of them."""


def due(session: Session, now: int, limit: int, after: Due = FIRST) -> list[Due]:
    """Longest due first, those `after` this one. Closed accounts wait: their documents go nowhere."""
    return [Due(*row) for row in statements.rows(session, _DUE, (now, *after, limit))]


def job_of(found: Delivery, rung: Rung, now: int, payload: bytes | None = None) -> NewJob:
    """The outbox job of the next rung of `found`."""
    return NewJob(JOBS[rung], f"ladder:{found.ladder_step + 1}:{rung}", now, payload)


def advance(
    session: Session,
    found: Delivery,
    rung: Rung,
    next_due_at: int | None,
    now: int,
    job: NewJob | None,
    outbox_public: bytes,
) -> bool:
    """Do `rung` of `found`: `job` goes into the outbox; None: the caller does it in this transaction. False, and
    nothing done, if the delivery stands there no more.
    """
    number, remind = found.ladder_step + 1, rung is Rung.REMIND
    on_its_way = remind and deliveries.is_under_way(session, found.id)
    state = DeliveryState.LEAVING if on_its_way else _state(rung, next_due_at)
    if not statements.run(session, _STEP, (next_due_at, state, found.id, found.ladder_step, now)):
        return False
    statements.run(session, endings.DROP_REMINDERS if remind else endings.DROP_REPLACED, (found.id,))
    if job is not None:
        owner = {"account_id": found.account_id, "delivery_id": found.id}
        jobs.queue(session, outbox_public, job, now, prefix=f"{found.public_id}:", **owner)
    transcript.note(session, found.account_id, found.id, f"ladder.{rung}", now, CHANNELS[rung], str(number))
    if remind and not on_its_way and not Ladder(found.ladder.rungs[number:]).leaves():
        outbox_keys.give_up(session, found.id)
    return True


def _state(rung: Rung, next_due_at: int | None) -> DeliveryState:
    if rung is not Rung.REMIND:
        return DeliveryState.LEAVING
    return DeliveryState.DELIVERED if next_due_at is None else DeliveryState.WAITING


def hasten(session: Session, found: Delivery, now: int) -> int | None:
    """After a step that came to nothing: the next one at once, if it takes the document to its reader. When the next
    one is due; None: there is none.
    """
    rest = found.ladder.rungs[found.ladder_step :]
    if not rest or found.ladder_due_at is None or rest[0][1] is Rung.REMIND:
        return found.ladder_due_at
    statements.run(session, _HASTEN, (now, found.id, found.ladder_step))
    return min(found.ladder_due_at, now)


def later_than(session: Session, at: int) -> list[int]:
    """Deliveries whose next rung is due after `at`."""
    sql = "SELECT id FROM delivery WHERE ladder_due_at > ? ORDER BY id"
    return [number for (number,) in statements.rows(session, sql, (at,))]


def correct(session: Session, ids: list[int], corrected: Callable[[Delivery, int], int]) -> int:
    """Bring forward what `corrected` (delivery, due) says is due too late; how many."""
    changed = 0
    for delivery_id in ids:
        try:
            found = deliveries.get(session, delivery_id)
        except NotFound:
            continue
        if found.ladder_due_at is not None and (right := corrected(found, found.ladder_due_at)) < found.ladder_due_at:
            statements.run(session, "UPDATE delivery SET ladder_due_at = ? WHERE id = ?", (right, delivery_id))
            changed += 1
    return changed


def doubt(session: Session, now: int) -> int:
    """In a database that is older than what has happened: steps whose day has come may have handed a document over
    already. Each is in the outbox then, as it would be, for a person to settle; its ladder waits for that. How many.
    """
    sql = "SELECT id FROM delivery WHERE ladder_due_at IS NOT NULL AND state IN ('waiting', 'leaving') ORDER BY id"
    return sum(_doubted(session, deliveries.get(session, number), now) for (number,) in statements.rows(session, sql))


def _doubted(session: Session, found: Delivery, now: int) -> bool:
    rungs = list(enumerate(found.ladder.rungs, start=1))[found.ladder_step :]
    past = (
        number for number, (day, rung) in rungs if rung is not Rung.REMIND and found.decided_at + day * DAY <= now
    )
    number = next(past, None)
    if number is None:
        return False
    rung = found.ladder.rungs[number - 1][1]
    job, owner = NewJob(JOBS[rung], f"ladder:{number}:{rung}", now), {"account_id": found.account_id}
    jobs.queue(session, b"", job, now, prefix=f"{found.public_id}:", delivery_id=found.id, **owner)
    statements.run(
        session,
        "UPDATE delivery SET ladder_step = ?, ladder_due_at = NULL, state = 'leaving' WHERE id = ?",
        (number, found.id),
    )
    return True


def release_held(session: Session, account_id: int, now: int) -> None:
    """The recipient has registered: what waited for that is simply in the mailbox (S9)."""
    staked = endings.at_stake(session, account_id)
    statements.run(
        session,
        "UPDATE delivery SET ladder_due_at = NULL, needs_key = CASE WHEN state = 'leaving' THEN needs_key ELSE 0 END,"
        " state = CASE WHEN state = 'leaving' THEN state ELSE 'delivered' END"
        " WHERE account_id = ? AND opened_at IS NULL AND state IN ('waiting', 'leaving')",
        (account_id,),
    )
    endings.stop(session, account_id, staked, now, "registered", DeliveryState.DELIVERED)
