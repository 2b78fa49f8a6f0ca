"""Counts per domain. A figure that comes from fewer than `threshold` people is null."""

from pydantic import Field

from bridge.api.schemas import Schema


class DomainStatisticsOut(Schema):
    domain: str
    accounts: int | None
    by_state: dict[str, int | None]
    connected: int | None = Field(description="Accounts with a device used in the last `days` days.")
    clients: dict[str, int] = Field(description="Accounts per mail program, of those who let it be noted.")
    documents: int | None = Field(description="Copies delivered in the last `days` days.")
    stored_bytes: int | None


class StatisticsOut(Schema):
    threshold: int
    days: int
    domains: list[DomainStatisticsOut]
