"""The ladder: what happens to a document that stays unread, and when (D3). Pure.

Contract. A ladder has rungs by day after the decision. `step` says what is to be done now, one rung at a time:

- rungs come in their order, each at most once: what is behind is counted by the delivery itself, never by the clock;
- a rung is due on its own day, but no sooner than `GAP` after the one before it was done: neither a clock that jumped
  nor a long downtime sends a reminder, an e-mail and a letter in one go. Otherwise its day is kept, above all the
  last one's, whatever became of those before;
- a channel that failed makes the next rung due at once (`storage.deliveries.failed`);
- a clock that was ahead and was set right leaves no rung waiting for the wrong year: `corrected`.
"""

from dataclasses import dataclass

from storage.deliveries.terms import DAY, Ladder, Rung

GAP = DAY
"""Seconds between a rung done and the next one, at the least. No plan asks for less: days of a ladder are whole."""


@dataclass(frozen=True, slots=True)
class Step:
    rung: Rung
    next_due_at: int | None
    """When the rung after it is due; None: it is the last."""


def step(ladder: Ladder, behind: int, decided_at: int, due_at: int | None, now: int) -> Step | None:
    """The rung to do at `now`, with `behind` rungs done; None if nothing is due. Times are epoch seconds."""
    if due_at is None or due_at > now or behind >= len(ladder.rungs):
        return None
    return Step(ladder.rungs[behind][1], next_due_at(ladder, behind + 1, decided_at, now))


def next_due_at(ladder: Ladder, behind: int, decided_at: int, now: int) -> int | None:
    """When the rung after `behind` others is due, the last of which was done at `now`; None: there is none."""
    planned = _planned(ladder, behind, decided_at, now)
    return None if planned is None else max(planned, now + GAP)


def corrected(ladder: Ladder, behind: int, decided_at: int, due_at: int, now: int) -> int:
    """`due_at`, or what it can be at the latest if the clock is right now: no more than `GAP` beyond its own day."""
    planned = _planned(ladder, behind, decided_at, now)
    return due_at if planned is None else min(due_at, max(planned, now + GAP))


def _planned(ladder: Ladder, behind: int, decided_at: int, now: int) -> int | None:
    """The day of a rung. A decision that lies ahead was made while the clock was: it counts as made now."""
    if behind >= len(ladder.rungs):
        return None
    return min(decided_at, now) + ladder.rungs[behind][0] * DAY
