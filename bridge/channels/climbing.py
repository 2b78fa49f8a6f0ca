"""Ladders carried on as time passes: the chore that does what is due, a rung at a time, and the one that looks after
the clock. What is due is `bridge.routing.ladder`'s to say, what is done of it `storage.deliveries.ladder_runs`'.

Contract. Each rung is one transaction with its outbox job: a stop or a crash between two rungs loses none and repeats
none. Whoever has read the document meanwhile is left alone. A reminder goes outside, in the hours that the recipient
chose; whom nothing reaches there finds it in the mailbox (`reminding`).
"""

from collections.abc import Sequence
from functools import partial

import structlog
from sqlmodel import Session

from bridge.channels import reminding
from bridge.housekeeping import DAY, Chore, apart
from bridge.routing import ladder
from bridge.routing.decision import Places
from storage.database import Store
from storage.deliveries import deliveries, ladder_runs
from storage.deliveries.deliveries import Delivery
from storage.deliveries.ladder_runs import Due
from storage.deliveries.terms import Rung
from storage.errors import Busy, NotFound
from storage.keys.outbox import OutboxKey

log = structlog.get_logger(__name__)

MINUTE = 60
SLICE = 50
"""Rungs in one write: arrivals come in between."""


def chores(places: Places) -> tuple[Chore, ...]:
    return (
        Chore("ladder", MINUTE, partial(climb, places)),
        Chore("ladder-clock", DAY, correct),
    )


async def climb(places: Places, store: Store, now: int) -> int:
    """Do what is due, each once; how many rungs. What cannot be done stays due and holds up no other."""
    public, done = OutboxKey.of(store.server_keys.outbox).public_key, 0

    async def climbed(found: Sequence[Due]) -> int:
        return await store.write(_climb_some, [each.delivery_id for each in found], places, public, now)

    last = ladder_runs.FIRST
    while found := await store.read(ladder_runs.due, now, SLICE, last):
        last = found[-1]
        try:
            done += await climbed(found)
        except Busy:
            raise
        except Exception:  # noqa: BLE001 - of one of them, which then says so alone
            done += await apart("ladder", [[each] for each in found], climbed)
    return done


async def correct(store: Store, now: int) -> int:
    """After the clock was ahead: bring back what waits for a time that is too far away; how many."""
    ids = await store.read(ladder_runs.later_than, now + ladder.GAP)
    changed = 0
    for start in range(0, len(ids), SLICE):
        changed += await store.write(_correct_some, ids[start : start + SLICE], now)
    return changed


def _climb_some(session: Session, ids: Sequence[int], places: Places, outbox_public: bytes, now: int) -> int:
    return sum(_climb_one(session, delivery_id, places, outbox_public, now) for delivery_id in ids)


def _climb_one(session: Session, delivery_id: int, places: Places, outbox_public: bytes, now: int) -> bool:
    try:
        found = deliveries.get(session, delivery_id)
    except NotFound:  # erased meanwhile
        return False
    step = ladder.step(found.ladder, found.ladder_step, found.decided_at, found.ladder_due_at, now)
    if step is None:
        return False
    remind = step.rung is Rung.REMIND
    order = reminding.order(session, found, places) if remind else None
    told_inside = remind and order is None
    job = None if told_inside else ladder_runs.job_of(found, step.rung, now, order)
    if not ladder_runs.advance(session, found, step.rung, step.next_due_at, now, job, outbox_public):
        return False
    if told_inside:
        reminding.inside(session, found, step.next_due_at, now)
    log.info("ladder.rung", rung=step.rung, number=found.ladder_step + 1)  # of which: its reader's to know (D9)
    return True


def _correct_some(session: Session, ids: list[int], now: int) -> int:
    def right(found: Delivery, due_at: int) -> int:
        return ladder.corrected(found.ladder, found.ladder_step, found.decided_at, due_at, now)

    return ladder_runs.correct(session, ids, right)
