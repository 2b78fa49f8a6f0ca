"""Access to somebody's mailbox by two people, for a reason and for hours; the recipient is told (S66)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from sqlmodel import Session

from bridge import notices
from bridge.api import masking, pages
from bridge.api.access import Access, gate
from bridge.api.pages import After, Limit, Page
from bridge.api.policy import Action, View
from bridge.api.problems import Problem, not_found
from bridge.api.routes.resets import no_escrow_key
from bridge.api.schemas.break_glass import BreakGlassIn, BreakGlassOut, BreakGlassState, OpenedOut
from bridge.channels import notice
from bridge.i18n import N_
from storage.access import break_glass, escrow
from storage.access.break_glass import Bar, BreakGlass
from storage.errors import Conflict, NotFound
from storage.keys.keyring import AccountKeys
from storage.keys.master import ServerKeys
from storage.people import accounts, second_person
from storage.records import Account, DeviceCredentials, Role
from storage.shredding import ShredSecrets

router = APIRouter(prefix="/v1/break-glass", tags=["break-glass"])
Number = Annotated[int, Path(ge=1, lt=2**62)]


@router.get("")
async def listing(
    access: Annotated[Access, Depends(gate(Action.BREAK_GLASS_LIST))], after: After = None, limit: Limit = 50
) -> Page[BreakGlassOut]:
    """Newest first, past ones too."""
    store, position = access.control.store, pages.decode(after, [int])
    before = None if position is None else int(position[0])
    found = await store.read(break_glass.listing, domains=access.domains, before=before, limit=limit + 1)
    more = pages.encode((found[limit - 1].id,)) if len(found) > limit else None
    return Page(items=[await _out(access, each) for each in found[:limit] if not _is_secret(access, each)], next=more)


@router.post("", status_code=201)
async def request(
    body: BreakGlassIn, access: Annotated[Access, Depends(gate(Action.BREAK_GLASS_REQUEST))]
) -> BreakGlassOut:
    """Ask. Nothing is opened before a second person has agreed."""
    store, now = access.control.store, access.control.now()
    account = access.require(await store.read(accounts.find, body.account))
    bar = None if body.bar_basis is None or body.bar_until is None else Bar(body.bar_basis, body.bar_until)
    if not await store.read(escrow.has_slot, account.id):
        message = N_("Nobody keeps a spare key to this account: nothing can open it but its owner.")
        raise Problem("no-escrow", 409, message)
    arguments = (access.signed_in, account, body.reason, body.hours, now, bar)
    return await _out(access, await store.write(break_glass.request, *arguments))


@router.post("/{request}/approval")
async def approve(
    request: Number, access: Annotated[Access, Depends(gate(Action.BREAK_GLASS_APPROVE))]
) -> BreakGlassOut:
    """Agree, as the second person. In the same moment the recipient is told, unless a law forbids it."""
    asked, account = await _in_reach(access, request)
    if asked.requested_by == access.signed_in.id:
        message = N_("You asked for this yourself: a second person has to agree.")
        raise Problem("second-person-needed", 409, message)
    await require_independent(access, asked.requested_by, account.domain_id)
    try:
        done = await access.control.store.write(_approve, asked.id, account, access.signed_in, access.control.now())
    except Conflict:
        raise _over() from None
    return await _out(access, done)


@router.post("/{request}/opening", status_code=201)
async def open_mailbox(
    request: Number, access: Annotated[Access, Depends(gate(Action.BREAK_GLASS_OPEN))]
) -> OpenedOut:
    """Open what was agreed to, as who asked: a device password that reads, for the hours that were asked for."""
    asked, account = await _in_reach(access, request)
    if asked.requested_by != access.signed_in.id:
        message = N_("Somebody else asked for this: only they can open it. Ask yourself, with a reason of your own.")
        raise Problem("not-yours-to-open", 409, message)
    store, keys = access.control.store, access.principal.keys
    assert keys is not None, "a session opens keys"
    lock = (store.server_keys, store.shred, asked.id, account, access.signed_in, keys, access.control.now())
    try:
        opened, made = await store.write(_open, *lock)
    except NotFound:
        raise no_escrow_key() from None
    except Conflict:
        raise _not_open(asked) from None
    shown = await _out(access, opened)
    return OpenedOut(**shown.model_dump(), username=made.username, password=made.password)


@router.delete("/{request}")
async def revoke(
    request: Number, access: Annotated[Access, Depends(gate(Action.BREAK_GLASS_REVOKE))]
) -> BreakGlassOut:
    """End it: a request is withdrawn, an open access ends within a second."""
    asked, _ = await _in_reach(access, request)
    try:
        done = await access.control.store.write(break_glass.revoke, asked.id, access.signed_in, access.control.now())
    except Conflict:
        raise _over() from None
    return await _out(access, done)


async def require_independent(access: Access, asker_id: int, domain_id: int) -> None:
    """Problem 409 if who asked gave who asks now all that power: they may be one person."""
    owing = (access.signed_in, asker_id, domain_id, access.control.now())
    if await access.control.store.read(second_person.owes_all_to, *owing):
        message = N_(
            "You have your role from who asked for this. Somebody who does not has to agree: another admin of the"
            " domain, or an owner."
        )
        raise Problem("second-person-needed", 409, message)


def _over() -> Problem:
    message = N_("This request was agreed to, ended or taken back before, or it is older than 72 hours. Ask anew.")
    return Problem("break-glass-over", 409, message)


def _not_open(asked: BreakGlass) -> Problem:
    if asked.approved_at is None and asked.revoked_at is None:
        message = N_("Nobody has agreed to this yet. Ask another admin of the domain, or an owner.")
        return Problem("approval-needed", 409, message)
    return _over()


def _approve(session: Session, request_id: int, account: Account, approver: Account, now: int) -> BreakGlass:
    done = break_glass.approve(session, request_id, approver, now)
    if done.told_at is not None:
        asker = accounts.by_id(session, done.requested_by)
        told = notices.BreakGlassApproved(asker.name, approver.name, done.reason, done.hours, now, done.lapses_at())
        notice.tell(session, account, told, now)
    return done


def _open(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    request_id: int,
    account: Account,
    requester: Account,
    keys: AccountKeys,
    now: int,
) -> tuple[BreakGlass, DeviceCredentials]:
    done, made = break_glass.open_mailbox(session, server_keys, shred, request_id, requester, keys, now)
    if not done.is_barred(now):
        assert done.ends_at is not None
        told = notices.BreakGlassOpened(done.reason, Role.DOMAIN_ADMIN, now, done.ends_at)
        notice.tell(session, account, told, now)
    return done, made


def _is_secret(access: Access, asked: BreakGlass) -> bool:
    """Whether it aims at who asks, and a law forbids to tell them."""
    return asked.account_id == access.signed_in.id and asked.is_barred(access.control.now())


async def _in_reach(access: Access, request_id: int) -> tuple[BreakGlass, Account]:
    store = access.control.store
    asked = await store.read(break_glass.by_id, request_id)
    if _is_secret(access, asked):
        raise not_found()
    return asked, access.require(await store.read(accounts.by_id, asked.account_id))


async def _out(access: Access, asked: BreakGlass) -> BreakGlassOut:
    store, now = access.control.store, access.control.now()
    account = await store.read(accounts.by_id, asked.account_id)
    view, keys = access.view(account.id, account.domain_id), store.server_keys
    people = {
        person: masking.reference(view, await store.read(accounts.by_id, person), keys)
        for person in (asked.requested_by, asked.approved_by)
        if person is not None
    }
    return BreakGlassOut(
        id=asked.id,
        state=state_of(asked, now),
        account=masking.reference(view, account, keys),
        email=masking.address(view, account.email),
        reason=None if view is View.PSEUDONYMS else asked.reason,
        hours=asked.hours,
        requested_by=people[asked.requested_by],
        requested_at=asked.requested_at,
        lapses_at=asked.lapses_at(),
        approved_by=None if asked.approved_by is None else people[asked.approved_by],
        approved_at=asked.approved_at,
        opened_at=asked.opened_at,
        ends_at=asked.ends_at,
        revoked_at=asked.revoked_at,
        bar_basis=asked.bar_basis,
        bar_until=asked.bar_until,
        told_at=asked.told_at,
    )


def state_of(asked: BreakGlass, now: int) -> BreakGlassState:
    """Where it stands at the moment."""
    if asked.revoked_at is not None:
        return BreakGlassState.REVOKED
    if asked.ends_at is not None:
        return BreakGlassState.OPEN if now < asked.ends_at else BreakGlassState.ENDED
    if now >= asked.lapses_at():
        return BreakGlassState.LAPSED
    return BreakGlassState.REQUESTED if asked.approved_at is None else BreakGlassState.APPROVED
