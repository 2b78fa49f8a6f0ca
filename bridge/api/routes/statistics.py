"""Counts per domain, of no fewer than five people (S27, S63)."""

from typing import Annotated

from fastapi import APIRouter, Depends

from bridge.api.access import Access, gate
from bridge.api.policy import Action
from bridge.api.schemas.statistics import DayOut, DomainStatisticsOut, MonthOut, StatisticsOut
from storage.oversight import document_statistics, statistics

router = APIRouter(prefix="/v1", tags=["statistics"])


@router.get("/statistics")
async def domains(access: Annotated[Access, Depends(gate(Action.STATISTICS_READ))]) -> StatisticsOut:
    """Of the domains in reach."""
    control = access.control
    found = await control.store.read(statistics.of_domains, access.domains, control.now())
    return StatisticsOut(
        threshold=document_statistics.K,
        days=document_statistics.DAYS,
        domains=[
            DomainStatisticsOut(
                domain=each.domain,
                accounts=each.accounts,
                by_state=dict(each.by_state),
                connected=each.connected,
                clients=dict(each.clients),
                documents=each.documents.documents,
                by_day=[DayOut(at=at, documents=count) for at, count in each.documents.by_day.items()],
                month=MonthOut(
                    since=each.documents.month[0],
                    until=each.documents.month[1],
                    by_channel=dict(each.documents.by_channel),
                    by_type=dict(each.documents.by_type),
                    by_opening=dict(each.documents.by_opening),
                ),
                stored_bytes=each.stored_bytes,
            )
            for each in found
        ],
    )
