"""Purges: many accounts at once, by two people (S54)."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from sqlmodel import Session

from bridge.api import pages
from bridge.api.access import Access, gate
from bridge.api.pages import After, Limit, Page
from bridge.api.policy import Action
from bridge.api.problems import Problem
from bridge.api.routes.break_glass import require_independent
from bridge.api.schemas.erasures import PurgeDetailOut, PurgedOut, PurgeIn, PurgeOut
from bridge.i18n import N_
from storage.erasures import erasure, purges
from storage.erasures.erasure import Erasure
from storage.erasures.purges import LIFETIME, MAX_ACCOUNTS, Purge, SamePerson
from storage.erasures.receipts import DAY
from storage.errors import NotFound
from storage.people import accounts, domains, grants
from storage.records import Role

router = APIRouter(prefix="/v1", tags=["purges"])
Number = Annotated[int, Path(ge=1, lt=2**62)]
_NOT_OPEN = N_("This purge is approved, cancelled, or older than 72 hours. Ask for a new one.")


@router.get("/purges")
async def listing(
    access: Annotated[Access, Depends(gate(Action.PURGE_APPROVE))], after: After = None, limit: Limit = 50
) -> Page[PurgeOut]:
    """Of the domains in reach, newest first."""
    key = pages.decode(after, [int])
    before = None if key is None else int(key[0])
    found = await access.control.store.read(_listed, access.domains, before, limit + 1, access.control.now())
    return Page(items=found[:limit], next=pages.encode((found[limit - 1].id,)) if len(found) > limit else None)


@router.get("/purges/{purge}")
async def read(purge: Number, access: Annotated[Access, Depends(gate(Action.PURGE_APPROVE))]) -> PurgeDetailOut:
    """Which accounts, and what became of each."""
    return await _detail(access, await _reached(access, purge))


@router.post("/purges", status_code=201)
async def request(body: PurgeIn, access: Annotated[Access, Depends(gate(Action.PURGE_REQUEST))]) -> PurgeDetailOut:
    """Ask for the erasure of many accounts. Nothing happens before another person approves, within 72 hours."""
    store = access.control.store
    domain = await store.read(domains.by_name, body.domain.lower())
    access.require_domain(domain.id)
    wanted = await store.read(_wanted, domain.id, body)
    if not wanted:
        raise Problem("nothing-found", 422, N_("The filter finds no account. Nothing was asked for."))
    if len(wanted) > MAX_ACCOUNTS:
        message = N_("More than {most} accounts at once. Ask for fewer.")
        raise Problem("too-many", 422, message, most=MAX_ACCOUNTS)
    now = access.control.now()
    if access.domains is not None:
        await store.read(_refuse_outranked, access.domains, wanted, now)
    by = access.signed_in.id
    made = await store.write(purges.request, domain.id, wanted, body.reason, by=by, now=now)
    return await _detail(access, made)


@router.post("/purges/{purge}/approval")
async def approve(purge: Number, access: Annotated[Access, Depends(gate(Action.PURGE_APPROVE))]) -> PurgeDetailOut:
    """As the second person. Each account is closed and waits its trash window; what is held is left and named."""
    store, now = access.control.store, access.control.now()
    found = await _reached(access, purge)
    if found.requested_by != access.signed_in.id:
        await require_independent(access, found.requested_by, found.domain_id)
    if access.domains is not None:  # rights may have grown since it was asked for
        await store.read(_refuse_outranked, access.domains, found.accounts, now)
    try:
        approved = await store.write(purges.approve, found.id, by=access.signed_in.id, now=now)
    except SamePerson:
        message = N_("You asked for this purge yourself: another admin of the domain or an owner must approve it.")
        raise Problem("same-person", 409, message) from None
    except NotFound:
        raise Problem("purge-not-open", 409, _NOT_OPEN) from None
    due_at = now + access.control.settings.erasure.trash_days * DAY
    while await store.write(purges.carry_on, found.id, due_at, now):
        pass
    return await _detail(access, approved)


@router.delete("/purges/{purge}")
async def cancel(purge: Number, access: Annotated[Access, Depends(gate(Action.PURGE_REQUEST))]) -> PurgeDetailOut:
    """Before its approval. After it each erasure can be cancelled by itself."""
    found = await _reached(access, purge)
    try:
        by, now = access.signed_in.id, access.control.now()
        cancelled = await access.control.store.write(purges.cancel, found.id, by=by, now=now)
    except NotFound:
        raise Problem("purge-not-open", 409, _NOT_OPEN) from None
    return await _detail(access, cancelled)


async def _reached(access: Access, number: int) -> Purge:
    found = await access.control.store.read(purges.by_id, number)
    access.require_domain(found.domain_id)
    return found


async def _detail(access: Access, purge: Purge) -> PurgeDetailOut:
    return await access.control.store.read(_detailed, purge, access.control.now())


def _wanted(session: Session, domain_id: int, body: PurgeIn) -> list[int]:
    if body.filter is not None:
        return purges.matching(session, domain_id, state=body.filter.state, before=body.filter.before)
    assert body.accounts is not None
    found = {accounts.find(session, reference) for reference in body.accounts}
    if any(account.domain_id != domain_id for account in found):
        raise NotFound("account of this domain")
    return sorted(account.id for account in found)


def _refuse_outranked(session: Session, reach: frozenset[int], wanted: Sequence[int], now: int) -> None:
    """As everywhere: an admin of a domain has no power over rights that reach further."""
    for account_id in wanted:
        account = accounts.by_id(session, account_id)
        held = grants.effective(session, account, now)
        if account.role is Role.OWNER or any(each.domain_id is None or each.domain_id not in reach for each in held):
            message = N_("One of these accounts has rights that reach further than yours. Leave it out.")
            raise Problem("outranked", 403, message, extra={"account": account.public_id})


def _listed(
    session: Session, reach: frozenset[int] | None, before: int | None, limit: int, now: int
) -> list[PurgeOut]:
    found = purges.listing(session, reach, before, limit)
    return [PurgeOut.model_validate(_outline(session, purge, now)) for purge in found]


def _detailed(session: Session, purge: Purge, now: int) -> PurgeDetailOut:
    known = {each.account_id: each for each in erasure.of_purge(session, purge.id)}
    outcome = [_purged(session, account_id, known.get(account_id)) for account_id in purge.accounts]
    return PurgeDetailOut.model_validate({**_outline(session, purge, now), "outcome": outcome})


def _outline(session: Session, purge: Purge, now: int) -> dict[str, object]:
    return {
        "id": purge.id,
        "domain": domains.by_id(session, purge.domain_id).name,
        "reason": purge.reason,
        "accounts": len(purge.accounts),
        "requested_by": accounts.by_id(session, purge.requested_by).public_id,
        "requested_at": purge.requested_at,
        "expires_at": purge.requested_at + LIFETIME,
        "approved_by": None if purge.approved_by is None else accounts.by_id(session, purge.approved_by).public_id,
        "approved_at": purge.approved_at,
        "cancelled_at": purge.cancelled_at,
        "is_open": purge.is_open(now),
    }


def _purged(session: Session, account_id: int, found: Erasure | None) -> PurgedOut:
    if found is None:
        return PurgedOut(account=accounts.by_id(session, account_id).public_id, state=None, left=None)
    return PurgedOut(account=found.account_public_id, state=found.state, left=found.target)
