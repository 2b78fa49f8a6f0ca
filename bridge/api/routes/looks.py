"""Who looked at one's data: listed, or as a message in one's own mailbox (D7, S57)."""

from typing import Annotated

from fastapi import APIRouter, Depends

from bridge import notices
from bridge.api import pages
from bridge.api.access import Access, gate
from bridge.api.pages import After, Limit, Page
from bridge.api.policy import Action
from bridge.api.problems import keep_pace
from bridge.api.schemas.looks import LookOut, LooksSentOut
from bridge.channels import notice
from bridge.notices.looks import MOST, Seen
from storage.oversight import looks
from storage.oversight.looks import Look

router = APIRouter(prefix="/v1", tags=["looks"])
Reading = Annotated[Access, Depends(gate(Action.LOOKS_READ))]


@router.get("/accounts/{account}/looks")
async def listing(access: Reading, after: After = None, limit: Limit = 50) -> Page[LookOut]:
    """Newest first. Steps of a break-glass access stay out while a law forbids to tell."""
    control, position = access.control, pages.decode(after, [int])
    below = int(position[0]) if position else None
    found, rest = await control.store.read(looks.listing, access.target.id, control.now(), below, limit)
    return Page(items=[_out(look) for look in found], next=None if rest is None else pages.encode((rest,)))


@router.post("/accounts/{account}/looks/mail", status_code=201)
async def mail(access: Reading) -> LooksSentOut:
    """Put the list into the INBOX."""
    control, now = access.control, access.control.now()
    keep_pace(control.mailed, access.target.id, now)
    found, rest = await control.store.read(looks.listing, access.target.id, now, None, MOST)
    seen = tuple(Seen(look.at, look.what, look.viewer.role, look.viewer.name) for look in found)
    told = notices.WhoLooked(now, seen, rest is not None)
    drafts = [await notice.draft(control.store, access.target, told, now)]
    await control.store.write(notice.deliver_with, drafts, now)
    return LooksSentOut(looks=len(found))


def _out(look: Look) -> LookOut:
    return LookOut(
        position=look.position,
        at=look.at,
        what=look.what,
        viewer_role=look.viewer.role,
        viewer_name=look.viewer.name,
    )
