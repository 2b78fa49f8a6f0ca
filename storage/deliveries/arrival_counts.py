"""How many documents came, by minute, domain and channel: counted from where an earlier count ended.

Contract. Deliveries are numbered as they come, so that what is new since a count lies behind its last number, and a
count costs what came since. Where no count went before, the first number of the span is found by halves. A clock
that was set back while it counted makes the first count as much too small or too large, never an error.
"""

from dataclasses import dataclass

from sqlmodel import Session

from storage.deliveries.terms import Channel
from storage.engine import statements

MINUTE = 60


@dataclass(frozen=True, slots=True)
class Counted:
    """Documents of one minute, in one domain, by one channel."""

    minute: int
    """Since the epoch."""
    domain_id: int
    channel: Channel
    count: int


def after(session: Session, last: int | None, since: int) -> tuple[int, list[Counted]]:
    """What came behind delivery `last` (None: any) and not before `since`; the number of the last one now."""
    begin = _first(session, since) - 1 if last is None else last
    found = statements.rows(
        session,
        "SELECT max(delivery.id), decided_at / 60, account.domain_id, channel, count(*) FROM delivery"
        " JOIN account ON account.id = delivery.account_id WHERE delivery.id > ? AND decided_at >= ?"
        " GROUP BY decided_at / 60, account.domain_id, channel",
        (begin, since),
    )
    counted = [Counted(row[1], row[2], Channel(row[3]), row[4]) for row in found]
    return max((row[0] for row in found), default=begin), counted


def _first(session: Session, since: int) -> int:
    """The lowest number whose delivery was decided at `since` or later, if they are in the order of time."""
    ((newest,),) = statements.rows(session, "SELECT coalesce(max(id), 0) FROM delivery")
    low, high = 1, int(newest) + 1
    while low < high:
        middle = (low + high) // 2
        found = statements.row(
            session, "SELECT id, decided_at FROM delivery WHERE id >= ? ORDER BY id LIMIT 1", (middle,)
        )
        if found is None or found[1] >= since:
            high = middle
        else:
            low = int(found[0]) + 1
    return low
