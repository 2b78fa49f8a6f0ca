"""Counts per domain, of no fewer than five people (S27, S63)."""

from typing import Annotated

from fastapi import APIRouter, Depends

from bridge.api.access import Access, gate
from bridge.api.policy import Action
from bridge.api.schemas.statistics import DomainStatisticsOut, StatisticsOut
from storage.oversight import statistics

router = APIRouter(prefix="/v1", tags=["statistics"])


@router.get("/statistics")
async def domains(access: Annotated[Access, Depends(gate(Action.STATISTICS_READ))]) -> StatisticsOut:
    """Of the domains in reach."""
    control = access.control
    found = await control.store.read(statistics.of_domains, access.domains, control.now())
    return StatisticsOut(
        threshold=statistics.K,
        days=statistics.SPAN // statistics.DAY,
        domains=[
            DomainStatisticsOut(
                domain=each.domain,
                accounts=each.accounts,
                by_state=dict(each.by_state),
                connected=each.connected,
                clients=dict(each.clients),
                documents=each.documents,
                stored_bytes=each.stored_bytes,
            )
            for each in found
        ],
    )
