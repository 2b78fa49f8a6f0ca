"""What becomes of one's own documents by itself, and how often one did what: for their owner alone (S13, S14)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from bridge.api import pages
from bridge.api.access import Access, gate
from bridge.api.pages import After, Limit, Page
from bridge.api.policy import Action
from bridge.api.schemas.copies import CopyOut, UsageDayOut, UsageOut, UsageSwitchIn
from storage.deliveries import own_copies
from storage.deliveries.own_copies import OwnCopy
from storage.oversight import usage
from storage.oversight.usage import Category

router = APIRouter(prefix="/v1", tags=["copies"])
Reading = Annotated[Access, Depends(gate(Action.SELF_READ))]
Changing = Annotated[Access, Depends(gate(Action.SELF_CHANGE))]


@router.get("/me/copies")
async def listing(
    access: Reading,
    open_to_server: Annotated[bool, Query(description="Only what the server can still open by itself.")] = False,
    after: After = None,
    limit: Limit = 50,
) -> Page[CopyOut]:
    """Newest first: when each was first downloaded and opened, what happens next, when it is erased."""
    key = pages.decode(after, [int])
    before = own_copies.NEWEST if key is None else int(key[0])
    found = await access.control.store.read(
        own_copies.listing, access.signed_in.id, open_to_server=open_to_server, before=before, limit=limit + 1
    )
    rest = pages.encode((found[limit - 1].id,)) if len(found) > limit else None
    return Page(items=[_out(copy) for copy in found[:limit]], next=rest)


@router.get("/me/usage")
async def counted(access: Reading) -> UsageOut:
    """How often, by class of act and day; never which document."""
    return await _usage(access)


@router.put("/me/usage/{category}")
async def switch(category: Category, body: UsageSwitchIn, access: Changing) -> UsageOut:
    """Have a class of acts counted or not; what was counted of one that is switched off is deleted."""
    await access.control.store.write(usage.switch, access.signed_in.id, category, counted=body.counted)
    return await _usage(access)


async def _usage(access: Access) -> UsageOut:
    store, account_id = access.control.store, access.signed_in.id
    days = await store.read(usage.of_account, account_id)
    off = await store.read(usage.switched_off, account_id)
    return UsageOut(
        off=sorted(off),
        days=[UsageDayOut(day=each.day, category=each.category, times=each.times) for each in days],
        keep_days=access.control.settings.usage.keep_days,
    )


def _out(copy: OwnCopy) -> CopyOut:
    return CopyOut(
        document=copy.document,
        sender=copy.sender,
        type=copy.document_type,
        arrived_at=copy.decided_at,
        channel=copy.channel,
        state=copy.state,
        first_downloaded_at=copy.downloaded_at,
        first_opened_at=copy.opened_at,
        next_step=copy.next_rung,
        next_step_at=copy.next_at,
        reply_by=copy.reply_by,
        expires_at=copy.expires_at,
        erase_at=copy.erase_at,
        is_here=copy.is_here,
        server_can_open=copy.server_can_open,
        server_can_open_for_others=copy.for_others,
    )
