"""Accounts: listed, made, read, changed, suspended, closed, invited again (S9, S61–S65)."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlmodel import Session

from bridge import newcomers, notices
from bridge.api import identity, pages, portraits
from bridge.api.access import Access, gate
from bridge.api.pages import After, Limit, Page
from bridge.api.policy import Action, View
from bridge.api.problems import Problem, not_found
from bridge.api.routes.senders import refuse_foreign
from bridge.api.schemas.accounts import (
    AccountChangeIn,
    AccountDetailOut,
    AccountIn,
    AccountOut,
    FirstDeviceOut,
    InvitationOut,
    NewAccountOut,
)
from bridge.api.schemas.identity import ChangedOut
from bridge.channels import notice
from bridge.i18n import N_
from bridge.newcomers import IdentityTaken, NewAccount
from storage.errors import Conflict, NotFound
from storage.people import accounts, addresses, admin_ends, domains, grants
from storage.people.accounts import AccountDraft, Sort
from storage.records import Account, AccountState, Domain, Role

router = APIRouter(prefix="/v1", tags=["accounts"])

WRONG_STATE = {
    AccountState.INVITED: N_("The account still waits for its owner to enrol. Nothing was changed."),
    AccountState.REGISTERED: N_("The account is in use as it is. Nothing was changed."),
    AccountState.SUSPENDED: N_("The account is suspended. Nothing was changed."),
    AccountState.CLOSED: N_("The account is closed. Nothing was changed."),
    AccountState.ERASED: N_("The account was erased. Nothing was changed."),
}


@router.get("/accounts")
async def listing(
    access: Annotated[Access, Depends(gate(Action.ACCOUNT_LIST))],
    after: After = None,
    limit: Limit = 50,
    state: AccountState | None = None,
    role: Role | None = None,
    domain: Annotated[str | None, Query(min_length=1, max_length=255)] = None,
    text: Annotated[str | None, Query(min_length=1, max_length=320)] = None,
    sort: Sort = "email",
) -> Page[AccountOut]:
    """Those in reach, or in one `domain` of it. `text`: part of the address or name.

    Who sees people masked must give the whole address, and gets the list by age: another order would tell names.
    """
    store, domains_known = access.control.store, await _names(access)
    sort = sort if access.sees_all else "-created"
    asked: dict[str, object] = {"state": state, "role": role, "text": text, "sort": sort}
    reach = access.domains if domain is None else frozenset({_in_reach(access, domain)})
    found = await store.read(_page, reach, access.sees_all, pages.decode(after, (int,)), limit + 1, asked)
    items = [
        portraits.account_out(
            access.view(account.id, account.domain_id), account, domains_known[account.domain_id], store.server_keys
        )
        for account in found[:limit]
    ]
    return Page(items=items, next=pages.encode((found[limit - 1].id,)) if len(found) > limit else None)


@router.post("/accounts", status_code=201)
async def add(body: AccountIn, access: Annotated[Access, Depends(gate(Action.ACCOUNT_ADD))]) -> NewAccountOut:
    """An account with an enrolment code (72 hours, once) and, if `device` names one, a device that works at once."""
    store, domain = access.control.store, await _domain_of(access, body.email)
    draft = AccountDraft(
        body.email,
        body.name or body.email.partition("@")[0],
        body.role,
        locale=body.locale,
        quota_bytes=accounts.DEFAULT_QUOTA if body.quota_bytes is None else body.quota_bytes,
        aliases=body.aliases,
        state=AccountState.INVITED,
        legal_name=body.legal_name,
        phone=body.phone,
        contact_email=body.contact_email,
    )
    if body.role is Role.OWNER and access.domains is not None:
        message = N_("An admin of a domain cannot make owners of the bridge. Ask an owner.")
        raise Problem("role-not-yours", 403, message)
    if body.role is Role.OWNER or body.device is not None:  # as for a role given, and for a device added
        access.require_step_up()
    refuse_foreign(access, *body.identities)
    arguments = (store.server_keys, store.shred, draft, domain, body.device, body.identities)
    try:
        made = await store.write(newcomers.add_account, *arguments, access.control.now(), access.actor)
    except IdentityTaken as error:
        message = N_("{address} belongs to another account of this bridge: nobody else can write as it.")
        raise Problem("conflict", 409, message, address=error) from None
    except Conflict:
        message = N_("{address} is taken: an account receives or writes as it. Choose another.")
        raise Problem("conflict", 409, message, address=body.email) from None
    return await _made(access, made)


@router.get("/accounts/{account}")
async def read(access: Annotated[Access, Depends(gate(Action.ACCOUNT_READ))]) -> AccountDetailOut:
    """What is known of it, as far as the reader's role needs it. Its owner can see who looked."""
    return await portraits.detail(access, access.target.id)


@router.patch("/accounts/{account}")
async def change(
    body: AccountChangeIn, access: Annotated[Access, Depends(gate(Action.ACCOUNT_CHANGE))]
) -> ChangedOut:
    """As its admin. The owner is told of what identifies a person, and can undo it for a day."""
    wanted = identity.fields_of(body)
    settings = {name: getattr(body, name) for name in ("locale", "quota_bytes")}
    return await identity.change(access, access.target.id, wanted, settings)


@router.post("/accounts/{account}/suspension")
async def suspend(access: Annotated[Access, Depends(gate(Action.ACCOUNT_SUSPEND))]) -> AccountOut:
    """Refuse sign-in; live sessions end within a second. Mail is still taken and kept."""
    now, store = access.control.now(), access.control.store
    drafts = [await notice.draft(store, access.target, notices.Suspended(now), now)]
    try:
        await store.write(notice.together, drafts, now, _bar, accounts.suspend, access.target.id, now, access.actor)
    except NotFound:
        raise wrong_state(access.target) from None
    return await portraits_of(access)


@router.delete("/accounts/{account}/suspension")
async def resume(access: Annotated[Access, Depends(gate(Action.ACCOUNT_SUSPEND))]) -> AccountOut:
    """End a suspension: the account is what it was before."""
    now, store = access.control.now(), access.control.store
    drafts = [await notice.draft(store, access.target, notices.Resumed(now), now)]
    try:
        await store.write(notice.together, drafts, now, accounts.resume, access.target.id, now, access.actor)
    except NotFound:
        raise wrong_state(access.target) from None
    return await portraits_of(access)


@router.post("/accounts/{account}/closure")
async def close(access: Annotated[Access, Depends(gate(Action.ACCOUNT_CLOSE))]) -> AccountOut:
    """End the account: no sign-in, mail is refused; what it holds stays until its retention time is over."""
    now = access.control.now()
    try:
        await access.control.store.write(_bar, accounts.close, access.target.id, now, access.actor)
    except NotFound:
        raise wrong_state(access.target) from None
    return await portraits_of(access)


@router.delete("/accounts/{account}/closure")
async def reopen(access: Annotated[Access, Depends(gate(Action.ACCOUNT_CLOSE))]) -> AccountOut:
    """Take a closure back: the account is what it was before."""
    now = access.control.now()
    try:
        await access.control.store.write(accounts.reopen, access.target.id, now, access.actor)
    except NotFound:
        raise wrong_state(access.target) from None
    return await portraits_of(access)


@router.post("/accounts/{account}/invitation", status_code=201)
async def invite(access: Annotated[Access, Depends(gate(Action.ACCOUNT_INVITE))]) -> InvitationOut:
    """A new enrolment code for somebody who never came, in the place of the one before."""
    store, now, principal = access.control.store, access.control.now(), access.principal
    admin = None
    if principal.account is not None and principal.keys is not None:
        admin = (principal.account, principal.keys)
    arguments = (store.server_keys, store.shred, access.target, admin, now, access.actor)
    try:
        code = await store.write(newcomers.invite, *arguments)
    except NotFound:
        raise wrong_state(access.target) from None
    except Conflict:
        message = N_(
            "Documents wait for this account under a key that you cannot open: a new code would close them."
            " Ask an admin of the domain who holds its spare key."
        )
        raise Problem("escrow-needed", 409, message) from None
    return InvitationOut(enrolment_code=code.code, enrolment_expires_at=code.expires_at)


def wrong_state(account: Account) -> Problem:
    return Problem("wrong-state", 409, WRONG_STATE[account.state], extra={"state": account.state})


async def portraits_of(access: Access) -> AccountOut:
    """The target as it is now."""
    account, _, domain = await access.control.store.read(portraits.found, access.target.id)
    view = access.view(account.id, account.domain_id)
    return portraits.account_out(view, account, domain.name, access.control.store.server_keys)


def _bar(
    session: Session, function: Callable[[Session, int, int, str], None], account_id: int, now: int, actor: str
) -> None:
    """Suspend or close, unless nobody would be left who owns the bridge."""
    if grants.owners(session, now) == [account_id]:
        message = N_("This is the only owner of the bridge. Make another owner first.")
        raise Problem("last-owner", 409, message)
    function(session, account_id, now, actor)
    admin_ends.bar(session, account_id, now, actor)


def _page(
    session: Session,
    reach: frozenset[int] | None,
    sees_all: bool,
    after: pages.Key | None,
    limit: int,
    asked: dict[str, object],
) -> list[Account]:
    """The cursor is an account's id: its address, by which the list may be sorted, is not everybody's to see."""
    sort: Sort = asked["sort"]  # type: ignore[assignment]
    key = None if after is None else accounts.sort_key(sort)(_last_seen(session, reach, int(after[0])))
    if asked["text"] is not None and not sees_all:
        return _exact(session, reach, str(asked["text"])) if key is None else []
    return accounts.page(session, domains=reach, limit=limit, after=key, **asked)  # type: ignore[arg-type]


def page_of(
    session: Session, domain_id: int, sees_all: bool, after: pages.Key | None, limit: int, text: str | None
) -> list[Account]:
    """Recipients of a domain as `listing` gives them."""
    sort = "email" if sees_all else "-created"
    asked: dict[str, object] = {"state": None, "role": Role.RECIPIENT, "text": text, "sort": sort}
    return _page(session, frozenset({domain_id}), sees_all, after, limit, asked)


def _last_seen(session: Session, reach: frozenset[int] | None, account_id: int) -> Account:
    """NotFound for a cursor that points elsewhere: where the list goes on would tell of what is out of reach."""
    account = accounts.by_id(session, account_id)
    if reach is not None and account.domain_id not in reach:
        raise NotFound("account")
    return account


def _exact(session: Session, reach: frozenset[int] | None, email: str) -> list[Account]:
    try:
        found = accounts.find(session, email) if "@" in email else None
    except NotFound:
        return []
    return [found] if found is not None and (reach is None or found.domain_id in reach) else []


def _in_reach(access: Access, name: str) -> int:
    """The domain of that name; Problem 404 unless the action reaches it."""
    domain = access.control.store.look_up(domains.by_name, name)
    access.require_domain(domain.id)
    return domain.id


async def _names(access: Access) -> dict[int, str]:
    return {domain.id: domain.name for domain in await access.control.store.read(domains.listing)}


async def _domain_of(access: Access, email: str) -> Domain:
    name = addresses.normal(email).rpartition("@")[2]
    try:
        domain = await access.control.store.read(domains.by_name, name)
        access.require_domain(domain.id)
    except (NotFound, Problem):
        message = N_("{domain} is no domain of this bridge, or not one of yours.")
        raise Problem(not_found().code, 404, message, domain=name) from None
    return domain


async def _made(access: Access, made: NewAccount) -> NewAccountOut:
    """Nothing is masked from who just typed it."""
    store, account = access.control.store, made.account
    _, known, domain = await store.read(portraits.found, account.id)
    device = made.device and FirstDeviceOut(
        id=made.device.device.id,
        label=made.device.device.label,
        scopes=sorted(made.device.device.scopes),
        username=made.device.username,
        password=made.device.password,
    )
    return NewAccountOut(
        account=portraits.detail_out(View.FULL, account, known, domain, store.server_keys),
        identities=list(made.identities),
        device=device,
        enrolment_code=made.enrolment.code,
        enrolment_expires_at=made.enrolment.expires_at,
    )
