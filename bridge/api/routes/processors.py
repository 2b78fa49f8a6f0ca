"""Third parties that carry documents and notices, and what their contracts let them have (S68)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from bridge import countries
from bridge.api.access import Access, gate
from bridge.api.policy import Action
from bridge.api.schemas.outbox import ProcessorIn, ProcessorOut
from bridge.routing import residency
from storage.deliveries import processors
from storage.deliveries.processors import MAX_NAME, Processor

router = APIRouter(prefix="/v1", tags=["processors"])
Name = Annotated[str, Path(max_length=MAX_NAME)]


@router.get("/processors")
async def listing(access: Annotated[Access, Depends(gate(Action.PROCESSOR_LIST))]) -> list[ProcessorOut]:
    """All, by name."""
    return [_out(access, each) for each in await access.control.store.read(processors.listing)]


@router.put("/processors/{processor}")
async def put(
    processor: Name, body: ProcessorIn, access: Annotated[Access, Depends(gate(Action.PROCESSOR_CHANGE))]
) -> ProcessorOut:
    """Add one, or replace what is known of it; carriers obey from their next hand-over on."""
    entry = Processor(
        name=processor,
        kind=body.kind,
        country=countries.code(body.country),
        contract_date=None if body.contract_date is None else body.contract_date.isoformat(),
        allowed=frozenset(body.fields),
        changed_at=access.control.now(),
    )
    return _out(access, await access.control.store.write(processors.put, entry, actor=access.actor))


@router.delete("/processors/{processor}")
async def remove(processor: Name, access: Annotated[Access, Depends(gate(Action.PROCESSOR_CHANGE))]) -> ProcessorOut:
    """It is given nothing from now on."""
    now, actor = access.control.now(), access.actor
    return _out(access, await access.control.store.write(processors.remove, processor, now, actor=actor))


def _out(access: Access, entry: Processor) -> ProcessorOut:
    return ProcessorOut(
        name=entry.name,
        kind=entry.kind,
        country=entry.country,
        in_europe=entry.country in residency.europe(access.control.settings),
        contract_date=entry.contract_date,
        fields=sorted(entry.allowed),
        changed_at=entry.changed_at,
    )
