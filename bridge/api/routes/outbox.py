"""The outbox: what waits to be handed off, what was given up, and what nobody knows of."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from sqlmodel import Session

from bridge.api import masking, pages
from bridge.api.access import Access, gate
from bridge.api.pages import After, Limit, Page
from bridge.api.policy import Action
from bridge.api.problems import Problem, not_found
from bridge.api.schemas.outbox import (
    JobCountOut,
    JobOut,
    PausedAddressOut,
    RetriesIn,
    RetriesOut,
    SettlementIn,
)
from bridge.channels import letters
from bridge.i18n import N_
from storage.deliveries import jobs, overviews
from storage.deliveries.jobs import Job
from storage.deliveries.overviews import JobLine
from storage.deliveries.terms import JobKind, JobState
from storage.errors import Conflict
from storage.people import accounts, notice_urls

router = APIRouter(prefix="/v1", tags=["outbox"])
AT_ONCE = 200
"""Jobs of one write: the writer has others waiting."""
Number = Annotated[int, Path(ge=1, lt=2**62)]
Listing = Annotated[Access, Depends(gate(Action.OUTBOX_LIST))]
Changing = Annotated[Access, Depends(gate(Action.OUTBOX_CHANGE))]
_PROBLEMS = {
    "uncertain": N_("Nobody knows whether this has happened: say whether it has, so that it does not happen twice."),
    "not-uncertain": N_("There is nothing to settle: this waits or was given up. Try it again, or cancel it."),
    "gone": N_(
        "The document is not there any more, or the server cannot open it any more. Cancel this, so that it leaves"
        " the list."
    ),
}


@router.get("/outbox")
async def listing(
    access: Listing,
    state: Annotated[JobState | None, Query()] = None,
    kind: Annotated[JobKind | None, Query()] = None,
    after: After = None,
    limit: Limit = 50,
) -> Page[JobOut]:
    """Jobs of the domains in reach, newest first; for the whole bridge also those that are nobody's."""
    key = pages.decode(after, [int])
    before = None if key is None else int(key[0])
    found = await access.control.store.read(
        overviews.jobs, access.domains, state=state, kind=kind, before=before, limit=limit + 1
    )
    items = await access.control.store.read(shown, access, found[:limit])
    return Page(items=items, next=pages.encode((found[limit - 1].id,)) if len(found) > limit else None)


@router.get("/outbox/counts")
async def counts(access: Listing) -> list[JobCountOut]:
    """How many there are of each kind and state in reach."""
    found = await access.control.store.read(overviews.standing, access.domains)
    return [JobCountOut(kind=kind, state=state, count=count) for kind, state, count in found]


@router.get("/outbox/paused-addresses")
async def paused(access: Listing, after: After = None, limit: Limit = 50) -> Page[PausedAddressOut]:
    """Recipients whose notices go nowhere any more, as their URL took none for a day; by account."""
    key = pages.decode(after, [int])
    found = await access.control.store.read(
        notice_urls.paused, access.domains, 0 if key is None else int(key[0]), limit + 1
    )
    items = await access.control.store.read(_paused, access, found[:limit])
    return Page(items=items, next=pages.encode((found[limit - 1][0],)) if len(found) > limit else None)


@router.post("/outbox/retries")
async def retry_all(body: RetriesIn, access: Changing) -> RetriesOut:
    """Try all dead letters of a kind again that are in reach."""
    store, before, retried, left = access.control.store, None, 0, 0
    while True:
        found = await store.read(
            overviews.jobs, access.domains, state=JobState.DEAD, kind=body.kind, before=before, limit=AT_ONCE
        )
        if not found:
            return RetriesOut(retried=retried, left=left)
        numbers, before = [line.id for line in found], found[-1].id
        done = await store.write(letters.retry_several, numbers, access.control.now(), access.actor)
        retried, left = retried + done, left + len(numbers) - done


@router.post("/outbox/{job}/retry")
async def retry(job: Number, access: Changing) -> JobOut:
    """Try it now: a dead letter again, or what waits without waiting on."""
    await _reached(access, job)
    try:
        made = await access.control.store.write(letters.retry, job, access.control.now(), access.actor)
    except Conflict as conflict:
        raise _refused(conflict) from None
    return await _out(access, made)


@router.post("/outbox/{job}/settlement")
async def settle(job: Number, body: SettlementIn, access: Changing) -> JobOut:
    """Say of an uncertain one whether it has happened: then it is over; else it is tried again. As it was before."""
    await _reached(access, job)
    now, actor = access.control.now(), access.actor
    try:
        settled = await access.control.store.write(letters.settle, job, done=body.done, now=now, actor=actor)
    except Conflict as conflict:
        raise _refused(conflict) from None
    return await _out(access, settled)


@router.delete("/outbox/{job}")
async def cancel(job: Number, access: Changing) -> JobOut:
    """It is not tried again; the document stays in the mailbox, and a ladder goes on. As it was before."""
    await _reached(access, job)
    return await _out(
        access, await access.control.store.write(letters.cancel, job, access.control.now(), access.actor)
    )


def _refused(conflict: Conflict) -> Problem:
    code = str(conflict)
    return Problem(code, 409, _PROBLEMS[code])


async def _reached(access: Access, number: int) -> None:
    """What is nobody's is for those who reach the whole bridge; what is not listed for nobody."""
    found = await access.control.store.read(jobs.get, number)
    if not found.is_listed:
        raise not_found()
    if found.account_id is not None:
        account = await access.control.store.read(accounts.by_id, found.account_id)
        access.view(account.id, account.domain_id)
    elif access.domains is not None:
        raise not_found()


async def _out(access: Access, job: Job) -> JobOut:
    (out,) = await access.control.store.read(shown, access, [overviews.line(job)])
    return out


def _paused(session: Session, access: Access, found: list[tuple[int, str, int]]) -> list[PausedAddressOut]:
    made = []
    for account_id, service, paused_at in found:
        account = accounts.by_id(session, account_id)
        view = access.view(account.id, account.domain_id)
        reference = masking.reference(view, account, access.control.store.server_keys)
        email = masking.address(view, account.email)
        made.append(PausedAddressOut(account=reference, email=email, service=service, paused_at=paused_at))
    return made


def shown(session: Session, access: Access, lines: list[JobLine]) -> list[JobOut]:
    """Jobs as this reader may see them."""
    return [_line(session, access, line) for line in lines]


def _line(session: Session, access: Access, line: JobLine) -> JobOut:
    reference = email = None
    if line.account_id is not None:
        account = accounts.by_id(session, line.account_id)
        view = access.view(account.id, account.domain_id)
        reference = masking.reference(view, account, access.control.store.server_keys)
        email = masking.address(view, account.email)
    waits = line.state is JobState.WAITING
    return JobOut(
        id=line.id,
        kind=line.kind,
        state=line.state,
        account=reference,
        email=email,
        delivery=line.delivery,
        due_at=line.due_at if waits else None,
        since=None if waits else line.due_at,
        attempts=line.attempts,
        problem=line.problem,
        step=line.step,
        created_at=line.created_at,
    )
