"""Deliveries: what was decided for each document and what its channel came to. Metadata alone, never a subject.

Nothing here depends on what a reader did with a document: their own list is `/v1/me/copies`.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlmodel import Session

from bridge.api import masking, pages, portraits
from bridge.api.access import Access, gate
from bridge.api.pages import After, Limit, Page
from bridge.api.policy import Action, View
from bridge.api.problems import Problem, not_found
from bridge.api.routes.outbox import shown as shown_jobs
from bridge.api.schemas.outbox import DeliveryDetailOut, DeliveryOut
from bridge.i18n import N_
from storage.choices import correspondents
from storage.deliveries import overviews, returned_paper
from storage.deliveries.overviews import DeliveryLine, Wanted
from storage.deliveries.sent import Seen
from storage.deliveries.terms import DECISIONS_KEPT, Channel
from storage.errors import NotFound
from storage.people import accounts

router = APIRouter(prefix="/v1", tags=["deliveries"])
Listing = Annotated[Access, Depends(gate(Action.DELIVERY_LIST))]
State = Annotated[Seen | None, Query()]
By = Annotated[Channel | None, Query()]
Since = Annotated[int | None, Query(ge=0, lt=2**53)]
Text = Annotated[str | None, Query(min_length=1, max_length=320)]
SEVERAL = 50
"""People or organisations that a text may mean at once."""


@router.get("/accounts/{account}/deliveries")
async def of_account(
    access: Listing,
    state: State = None,
    channel: By = None,
    since: Since = None,
    after: After = None,
    limit: Limit = 50,
) -> Page[DeliveryOut]:
    """Of one reader, newest first."""
    wanted = Wanted((access.target.id,), None, state, channel, since, held=False)
    return await _page(access, None, wanted, after, limit)


@router.get("/deliveries")
async def of_all(
    access: Listing,
    state: State = None,
    channel: By = None,
    since: Since = None,
    recipient: Text = None,
    sender: Text = None,
    after: After = None,
    limit: Limit = 50,
) -> Page[DeliveryOut]:
    """Of all readers in reach, newest first; who reaches only themselves sees their own.

    `recipient`, `sender`: part of the address or name; the whole address for who sees people masked. A recipient who
    was looked for can see that.
    """
    wanted = Wanted(state=state, channel=channel, since=since)
    if access.domains is not None and not access.domains:
        mine = replace(wanted, account_ids=(access.signed_in.id,), held=False)
        return await _page(access, None, mine, after, limit)
    if recipient is not None:
        wanted = replace(wanted, account_ids=await _meant(access, _recipients, recipient.strip()))
    if sender is not None:
        wanted = replace(wanted, correspondent_ids=await _meant(access, _senders, sender.strip()))
    return await _page(access, access.domains, wanted, after, limit)


@router.get("/deliveries/{delivery}")
async def detail(delivery: str, access: Listing) -> DeliveryDetailOut:
    """One, with what of it is in the outbox."""
    store, now = access.control.store, access.control.now()
    found = await store.read(returned_paper.of_public_id, delivery)
    account = await store.read(accounts.by_id, found.account_id)
    access.view(account.id, account.domain_id)
    line = await store.read(overviews.delivery, found.id)
    is_own = access.principal.account == account
    if line.decided_at <= now - DECISIONS_KEPT or (is_own and line.state is Seen.HELD):
        raise not_found()
    await portraits.note_look(access, account, "deliveries")
    (out,) = await store.read(_shown, access, [line])
    jobs = await store.read(overviews.jobs, None, delivery_id=found.id)
    return DeliveryDetailOut(**dict(out), jobs=await store.read(shown_jobs, access, jobs), now=now)


async def _page(
    access: Access, domains: frozenset[int] | None, wanted: Wanted, after: str | None, limit: int
) -> Page[DeliveryOut]:
    key = pages.decode(after, [int, int])
    found = await access.control.store.read(
        overviews.deliveries,
        domains,
        access.control.now(),
        wanted,
        before=None if key is None else (int(key[0]), int(key[1])),
        limit=limit + 1,
    )
    if wanted.account_ids is not None:
        meant = wanted.account_ids if len(wanted.account_ids) == 1 else {line.account_id for line in found[:limit]}
        await portraits.note_looks(access, meant, "deliveries")
    items = await access.control.store.read(_shown, access, found[:limit])
    last = found[limit - 1] if len(found) > limit else None
    return Page(items=items, next=None if last is None else pages.encode((last.decided_at, last.id)))


async def _meant(access: Access, find: Callable[[Session, Access, str], list[int]], text: str) -> tuple[int, ...]:
    """Whom a text means; Problem 422 if that is a crowd."""
    found = await access.control.store.read(find, access, text)
    if len(found) > SEVERAL:
        message = N_("More than {count} are like «{text}». Write more of the address or name.")
        raise Problem("too-many", 422, message, count=SEVERAL, text=text)
    return tuple(found)


def _recipients(session: Session, access: Access, text: str) -> list[int]:
    if access.sees_all:
        found = accounts.page(session, domains=access.domains, limit=SEVERAL + 1, text=text, sort="email")
        return [account.id for account in found]
    try:
        account = accounts.find(session, text)
        access.view(account.id, account.domain_id)
    except (NotFound, Problem):
        return []
    return [account.id]


def _senders(session: Session, access: Access, text: str) -> list[int]:
    return correspondents.matching(session, text, SEVERAL + 1, whole=not access.sees_all)


def _shown(session: Session, access: Access, lines: list[DeliveryLine]) -> list[DeliveryOut]:
    return [_line(session, access, line) for line in lines]


def _line(session: Session, access: Access, line: DeliveryLine) -> DeliveryOut:
    account = accounts.by_id(session, line.account_id)
    view = access.view(account.id, account.domain_id)
    return DeliveryOut(
        id=line.public_id,
        document=line.document,
        account=masking.reference(view, account, access.control.store.server_keys),
        email=masking.address(view, account.email),
        sender=_sender(session, view, line.correspondent_id),
        type=line.document_type,
        channel=line.channel,
        state=line.state,
        ladder=line.ladder,
        decided_at=line.decided_at,
    )


def _sender(session: Session, view: View, correspondent_id: int | None) -> str | None:
    """Organisations of this bridge by name; an address outside may be a person's."""
    if correspondent_id is None:
        return None
    found = correspondents.get(session, correspondent_id)
    return found.name if found.address is None else masking.address(view, found.address)
