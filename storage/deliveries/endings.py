"""What ends with a ladder: the outbox jobs that nobody has begun, the server's own way to the document, a line in the
transcript. For few deliveries among many: those `at_stake`, which an index of their own finds.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlmodel import Session

from storage.deliveries import outbox_keys, transcript
from storage.deliveries.terms import DeliveryState
from storage.engine import statements

DROP_LADDER_JOBS = (
    "DELETE FROM job WHERE delivery_id IN (?*) AND state = 'waiting' AND step IS NULL AND key LIKE '%:ladder:%'"
)
DROP_REMINDERS = f"{DROP_LADDER_JOBS.replace('?*', '?')} AND kind = 'notice'"
DROP_REPLACED = DROP_LADDER_JOBS.replace("?*", "?").replace(
    "step IS NULL", "(step IS NULL OR kind = 'email' AND attempts > 0)"
)
"""Of one delivery, with an e-mail that was put off. One under way all the same is noted, and ends the rest."""
_DROP_DEAD_RUNGS = "DELETE FROM job WHERE delivery_id IN (?*) AND state = 'dead' AND key LIKE '%:ladder:%'"
"""Nobody is to try a rung again whose reader was quicker."""
STAYS = (
    "UPDATE delivery SET needs_key = 0, state = CASE WHEN opened_at IS NULL THEN ? ELSE 'opened' END"
    " WHERE id IN (?*) AND state = 'leaving' AND NOT EXISTS (SELECT 1 FROM job WHERE job.delivery_id = delivery.id"
    " AND job.state IN ('waiting', 'uncertain') AND kind <> 'notice')"
)
"""Nothing of it is left in the outbox."""
_SELECT = (
    "SELECT id, document_id, state, ladder IS NOT NULL, ladder_due_at IS NOT NULL FROM delivery"
    " WHERE account_id = ? AND (ladder_due_at IS NOT NULL OR needs_key)"
)
"""Its last condition is that of the index `ix_delivery_stake`."""


class Stake(NamedTuple):
    """A delivery that something was still to happen to."""

    id: int
    document_id: int | None
    state: str
    has_ladder: bool
    is_due: bool


def at_stake(session: Session, account_id: int, document_ids: Sequence[int] | None = None) -> list[Stake]:
    """Of these documents (at most `statements.CHUNK`), or all of the account, in the order of their numbers."""
    if document_ids is None:
        found = statements.rows(session, _SELECT, (account_id,))
    else:
        # The plus keeps the planner at the small index: few deliveries are at stake, many documents may be asked for.
        marks = ",".join("?" * len(document_ids))
        found = statements.rows(session, f"{_SELECT} AND +document_id IN ({marks})", (account_id, *document_ids))
    return [Stake(*row) for row in sorted(found)]


def stop(
    session: Session,
    account_id: int,
    staked: Sequence[Stake],
    now: int,
    detail: str,
    unopened: DeliveryState = DeliveryState.REMOVED,
) -> None:
    """After their rows were changed. `unopened`: the state of what was on its way and never read."""
    for start in range(0, len(staked), statements.CHUNK):
        part = staked[start : start + statements.CHUNK]
        ids, marks = [each.id for each in part], ",".join("?" * len(part))
        statements.run(session, DROP_LADDER_JOBS.replace("?*", marks), ids)
        statements.run(session, _DROP_DEAD_RUNGS.replace("?*", marks), ids)
        statements.run(session, STAYS.replace("?*", marks), (unopened, *ids))
        outbox_keys.destroy_needless(session, [each.document_id for each in part if each.document_id is not None])
    for each in staked:
        if each.has_ladder and (each.is_due or each.state == DeliveryState.LEAVING):
            transcript.note(session, account_id, each.id, "ladder.stopped", now, detail=detail)
