"""A sender's batches: held until it says how many documents there are."""

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlmodel import Session

from bridge.api import pages
from bridge.api.access import Access, gate
from bridge.api.pages import After, Limit, Page
from bridge.api.policy import Action
from bridge.api.problems import Problem
from bridge.api.schemas.sent import BatchCountIn, BatchOut
from bridge.channels import batches as releasing
from bridge.i18n import N_
from bridge.routing import places
from storage.deliveries import batches
from storage.deliveries.batches import Batch
from storage.errors import Conflict, Invalid

router = APIRouter(prefix="/v1", tags=["batches"])
Changing = Annotated[Access, Depends(gate(Action.BATCH_CHANGE))]


@router.get("/accounts/{account}/batches")
async def listing(
    access: Annotated[Access, Depends(gate(Action.BATCH_READ))], after: After = None, limit: Limit = 50
) -> Page[BatchOut]:
    """Own batches, newest first."""
    position = pages.decode(after, [int])
    below = int(position[0]) if position else None
    found = await access.control.store.read(_counted, access.target.id, below, limit + 1)
    end = pages.encode((found[limit - 1][0].id,)) if len(found) > limit else None
    return Page(items=[_out(batch, count) for batch, count in found[:limit]], next=end)


@router.post("/accounts/{account}/batches/{name}/commit")
async def commit(name: str, body: BatchCountIn, access: Changing) -> BatchOut:
    """Hand over all that is held under this name, if the count agrees; else nothing."""
    store, now = access.control.store, access.control.now()
    batch = await store.read(batches.named, access.target.id, name)
    try:
        await store.write(batches.begin, batch.id, body.count, now, access.actor)
    except Invalid:
        held = await store.read(batches.count, batch.id)
        message = N_("The count does not agree: {held} are held, you gave {count}. Nothing was committed.")
        raise Problem("count-differs", 409, message, extra={"held": held}, held=held, count=body.count) from None
    except Conflict:
        raise _over() from None
    return await _settled(access, batch.id)


@router.post("/accounts/{account}/batches/{name}/cancel")
async def cancel(name: str, access: Changing) -> BatchOut:
    """Drop all that is held under this name."""
    store, now = access.control.store, access.control.now()
    batch = await store.read(batches.named, access.target.id, name)
    try:
        await store.write(batches.cancel, batch.id, now, access.actor)
    except Conflict:
        raise _over() from None
    return await _settled(access, batch.id)


async def _settled(access: Access, batch_id: int) -> BatchOut:
    store, where = access.control.store, places.of(access.control.settings)
    await releasing.settle(store, where, batch_id, access.control.now())
    return _out(await store.read(batches.get, batch_id), await store.read(batches.count, batch_id))


def _over() -> Problem:
    message = N_("The batch is committed or cancelled already. Nothing was changed.")
    return Problem("wrong-state", 409, message)


def _counted(session: Session, account_id: int, below: int | None, limit: int) -> list[tuple[Batch, int]]:
    found = batches.listing(session, account_id, below, limit)
    return [(batch, batches.count(session, batch.id)) for batch in found]


def _out(batch: Batch, count: int) -> BatchOut:
    return BatchOut(
        name=batch.name,
        state=batch.state,
        count=count,
        declared=batch.declared,
        opened_at=batch.opened_at,
        ended_at=batch.ended_at,
    )
