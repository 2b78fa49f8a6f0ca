"""What was done for one's documents: notices, hand-offs, the ladder (D14)."""

from typing import Annotated

from fastapi import APIRouter, Depends

from bridge.api import pages
from bridge.api.access import Access, gate
from bridge.api.pages import After, Limit, Page
from bridge.api.policy import Action
from bridge.api.schemas.outside import TranscriptLineOut
from storage.deliveries import transcript
from storage.deliveries.transcript import Line

router = APIRouter(prefix="/v1/me/transcript", tags=["notices"])
Reading = Annotated[Access, Depends(gate(Action.SELF_READ))]


@router.get("")
async def listing(access: Reading, after: After = None, limit: Limit = 50) -> Page[TranscriptLineOut]:
    """Newest first. Kept for 90 days; of a document that is still there, as long as that."""
    position = pages.decode(after, [int])
    below = int(position[0]) if position else None
    found, rest = await access.control.store.read(transcript.listing, access.signed_in.id, below, limit)
    return Page(items=[_out(line) for line in found], next=None if rest is None else pages.encode((rest,)))


def _out(line: Line) -> TranscriptLineOut:
    event = line.event
    return TranscriptLineOut(
        id=line.id,
        at=event.at,
        kind=event.kind,
        channel=event.channel,
        detail=event.detail,
        document=line.document_public_id,
    )
