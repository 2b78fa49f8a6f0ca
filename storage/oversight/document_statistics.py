"""Documents of a domain by day, channel, type and opening, that tell nothing of one person (S27, S63).

Contract. A figure comes from `K` people at least. Days are whole and over (UTC): watching the figures shows no single
document. What is told of a month is of its told days alone, months do not overlap, and where cells of a table are not
told, these together stand for `K` people at least: no sum and no difference of figures is about fewer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session

from storage.engine import statements

K = 5
DAY = 86_400
DAYS = 30
_COUNTED = (
    " FROM delivery JOIN account ON account.id = delivery.account_id"
    " WHERE account.domain_id = ? AND account.role <> 'system' AND delivery.state <> 'held'"
    " AND decided_at >= ? AND decided_at < ?"
)
_OPENING = "CASE WHEN NOT receipts THEN 'untold' WHEN opened_at < {0} THEN 'opened' ELSE 'unopened' END"
"""Before a time; only of those who let their senders know (S14)."""
Cells = Mapping[str, tuple[int, int]]
"""Documents and different people of each."""


@dataclass(frozen=True, slots=True)
class DocumentStatistics:
    """None: too few people to say, or nobody."""

    by_day: Mapping[int, int | None]
    """By the start of the day, epoch seconds: each of the last `DAYS` that are over."""
    month: tuple[int, int]
    """Start and end of the last month that is over."""
    by_channel: Mapping[str, int | None]
    by_type: Mapping[str, int | None]
    by_opening: Mapping[str, int | None]
    """opened, unopened, untold: of those who do not let senders know. As it was at the end of the month: what is
    opened later changes no figure, or the difference would be about one person.
    """

    @property
    def documents(self) -> int | None:
        """On the days that are told."""
        told = [count for count in self.by_day.values() if count is not None]
        return sum(told) if told else None


def of_domain(session: Session, domain_id: int, now: int) -> DocumentStatistics:
    """One look at the deliveries of the domain's accounts for each table."""
    today = now - now % DAY
    first = today - DAYS * DAY
    days = _told_days(session, domain_id, first, today)
    month = last_month(now)
    told = [day for day, count in _told_days(session, domain_id, *month).items() if count is not None]
    return DocumentStatistics(
        {day: days.get(day) for day in range(first, today, DAY)},
        month,
        _table(session, domain_id, month, told, "channel"),
        _table(session, domain_id, month, told, "document_type"),
        _table(session, domain_id, month, told, _OPENING.format(month[1])),
    )


def last_month(now: int) -> tuple[int, int]:
    """Start and end, epoch seconds, of the month before the one of `now`."""
    end = datetime.fromtimestamp(now, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    begin = end.replace(year=end.year - 1, month=12) if end.month == 1 else end.replace(month=end.month - 1)
    return int(begin.timestamp()), int(end.timestamp())


def told(cells: Cells) -> dict[str, int | None]:
    """Documents of a table whose sum is known elsewhere, without what would tell of few people."""
    shown = {name: documents if people >= K else None for name, (documents, people) in cells.items()}
    if any(cells[name][0] for name, documents in shown.items() if documents is None):
        # The rest is known by subtraction: it must be of many as well.
        for name in sorted((name for name, count in shown.items() if count is not None), key=lambda n: cells[n][1])[
            :1
        ]:
            shown[name] = None
    return shown


def _told_days(session: Session, domain_id: int, since: int, until: int) -> dict[int, int | None]:
    """Days on their own: their sum is told of told days alone."""
    found = statements.rows(
        session,
        f"SELECT decided_at / {DAY}, count(*), count(DISTINCT account.id){_COUNTED} GROUP BY 1",
        (domain_id, since, until),
    )
    return {day * DAY: documents if people >= K else None for day, documents, people in found}


def _table(
    session: Session, domain_id: int, month: tuple[int, int], days: list[int], what: str
) -> dict[str, int | None]:
    """By `what`, on these days."""
    marks = ", ".join("?" * len(days)) or "NULL"
    found = statements.rows(
        session,
        f"SELECT {what}, count(*), count(DISTINCT account.id){_COUNTED}"
        f" AND decided_at / {DAY} IN ({marks}) GROUP BY 1 ORDER BY 1",
        (domain_id, *month, *(day // DAY for day in days)),
    )
    return told({str(name): (documents, people) for name, documents, people in found})
