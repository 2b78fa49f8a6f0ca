"""Deliveries: what was decided for each document and what its channel came to. Metadata alone, never a subject.

Nothing here depends on what a reader did with a document: their own list is `/v1/me/copies`.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlmodel import Session

from bridge.api import masking, pages, portraits
from bridge.api.access import Access, gate
from bridge.api.pages import After, Limit, Page
from bridge.api.policy import Action
from bridge.api.schemas.outbox import DeliveryOut
from storage.deliveries import overviews
from storage.deliveries.overviews import DeliveryLine
from storage.deliveries.sent import Seen
from storage.deliveries.terms import Channel
from storage.people import accounts

router = APIRouter(prefix="/v1", tags=["deliveries"])
Listing = Annotated[Access, Depends(gate(Action.DELIVERY_LIST))]
State = Annotated[Seen | None, Query()]
By = Annotated[Channel | None, Query()]


@router.get("/accounts/{account}/deliveries")
async def of_account(
    access: Listing, state: State = None, channel: By = None, after: After = None, limit: Limit = 50
) -> Page[DeliveryOut]:
    """Of one reader, newest first."""
    await portraits.note_look(access, access.target, "deliveries")
    return await _page(access, None, access.target.id, state, channel, after, limit)


@router.get("/deliveries")
async def of_all(
    access: Listing, state: State = None, channel: By = None, after: After = None, limit: Limit = 50
) -> Page[DeliveryOut]:
    """Of all readers in reach, newest first; who reaches only themselves sees their own."""
    mine = access.signed_in.id if access.domains is not None and not access.domains else None
    return await _page(access, access.domains if mine is None else None, mine, state, channel, after, limit)


async def _page(
    access: Access,
    domains: frozenset[int] | None,
    account_id: int | None,
    state: Seen | None,
    channel: Channel | None,
    after: str | None,
    limit: int,
) -> Page[DeliveryOut]:
    key = pages.decode(after, [int])
    found = await access.control.store.read(
        overviews.deliveries,
        domains,
        access.control.now(),
        account_id=account_id,
        state=state,
        channel=channel,
        before=None if key is None else int(key[0]),
        limit=limit + 1,
    )
    items = await access.control.store.read(_shown, access, found[:limit])
    return Page(items=items, next=pages.encode((found[limit - 1].id,)) if len(found) > limit else None)


def _shown(session: Session, access: Access, lines: list[DeliveryLine]) -> list[DeliveryOut]:
    return [_line(session, access, line) for line in lines]


def _line(session: Session, access: Access, line: DeliveryLine) -> DeliveryOut:
    account = accounts.by_id(session, line.account_id)
    view = access.view(account.id, account.domain_id)
    return DeliveryOut(
        id=line.public_id,
        document=line.document,
        account=masking.reference(view, account, access.control.store.server_keys),
        type=line.document_type,
        channel=line.channel,
        state=line.state,
        ladder=line.ladder,
        decided_at=line.decided_at,
    )
