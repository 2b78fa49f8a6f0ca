"""Counts per domain. A figure that comes from fewer than `threshold` people is null."""

from pydantic import Field

from bridge.api.schemas import Schema


class DayOut(Schema):
    at: int = Field(description="Its start, epoch seconds UTC.")
    documents: int | None


class MonthOut(Schema):
    """The last month that is over; on days with too few people nothing is counted."""

    since: int
    until: int
    by_channel: dict[str, int | None]
    by_type: dict[str, int | None]
    by_opening: dict[str, int | None] = Field(
        description="opened, unopened at the month's end; untold: of people who do not let senders know."
    )


class DomainStatisticsOut(Schema):
    domain: str
    accounts: int | None
    by_state: dict[str, int | None]
    connected: int | None = Field(description="Accounts with a device used in the last `days` days.")
    clients: dict[str, int] = Field(description="Accounts per mail program, of those who let it be noted.")
    documents: int | None = Field(description="On the days that `by_day` tells of.")
    by_day: list[DayOut] = Field(description="The last `days` whole days.")
    month: MonthOut
    stored_bytes: int | None = Field(description="Rounded up to 10 MB.")


class StatisticsOut(Schema):
    threshold: int
    days: int
    domains: list[DomainStatisticsOut]
