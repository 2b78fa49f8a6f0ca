"""Roles: granted for a domain and a time, taken away, looked over every quarter (S61, S62, S77)."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from sqlmodel import Session

from bridge import notices
from bridge.api import pages, portraits
from bridge.api.access import Access, gate
from bridge.api.pages import After, Limit, Page
from bridge.api.policy import Action, View
from bridge.api.problems import Problem, not_found
from bridge.api.schemas.grants import GrantIn, GrantOut, RevokedOut
from bridge.channels import notice
from bridge.i18n import N_
from storage.access import escrow
from storage.errors import Conflict, NotFound
from storage.people import accounts, admin_ends, domains, grants
from storage.people.grants import HELPERS, LONGEST_HELP, WHOLE_BRIDGE, Grant
from storage.records import GRANTED_ROLES, Account, Domain, DomainMode, Role

router = APIRouter(prefix="/v1", tags=["grants"])
Number = Annotated[int, Path(ge=1, lt=2**63)]


@router.get("/grants")
async def listing(
    access: Annotated[Access, Depends(gate(Action.GRANT_LIST))],
    after: After = None,
    limit: Limit = 50,
    account: str | None = None,
) -> Page[GrantOut]:
    """What holds now, in reach; of one `account`, if it is named."""
    store, now = access.control.store, access.control.now()
    if account is not None:
        person = await access.find(account)
        held = await store.read(grants.effective, person, now)
        mine = [grant for grant in held if access.domains is None or grant.domain_id in access.domains]
        return Page(items=[await _out(access, grant) for grant in mine])
    found = await store.read(grants.listing, now, domains=access.domains, after=_after(after), limit=limit + 1)
    return await _page(access, found, limit)


@router.get("/grants/review")
async def due(
    access: Annotated[Access, Depends(gate(Action.GRANT_REVIEW))], after: After = None, limit: Limit = 50
) -> Page[GrantOut]:
    """What nobody has looked at for 90 days: confirm each, or take it away."""
    store, now = access.control.store, access.control.now()
    found = await store.read(grants.due_for_review, now, domains=access.domains, after=_after(after), limit=limit + 1)
    return await _page(access, found, limit)


@router.post("/grants", status_code=201)
async def add(body: GrantIn, access: Annotated[Access, Depends(gate(Action.GRANT_ADD))]) -> GrantOut:
    """Give a role. Support and reseller need a ticket and an end within 30 days. The account is told.

    An admin of a managed domain gets its spare key with the role, if who gives the role holds it.
    """
    store, now = access.control.store, access.control.now()
    account = access.require(await store.read(accounts.find, body.account))
    if account == access.principal.account:
        message = N_(
            "Nobody gives a role to themselves. Ask another owner or admin; alone, do it on the machine itself while"
            " the bridge is down."
        )
        raise Problem("own-role", 409, message)
    if body.role in WHOLE_BRIDGE and access.domains is not None:
        message = N_("An admin of a domain cannot give rights over the whole bridge. Ask an owner.")
        raise Problem("role-not-yours", 403, message)
    _check(body, now)
    domain = None if body.domain is None else await _domain(access, body.domain)
    if body.role is Role.DOMAIN_ADMIN and domain is not None:
        _refuse_longer(access, domain, body.ends_at)
    by = None if access.principal.account is None else access.principal.account.id
    try:
        made = await store.write(_add, account, body, domain, now, access, by)
    except Conflict:
        message = N_("The account has this role already.")
        raise Problem("conflict", 409, message) from None
    return await _out(access, made)


@router.delete("/grants/{grant}")
async def revoke(grant: Number, access: Annotated[Access, Depends(gate(Action.GRANT_REVOKE))]) -> RevokedOut:
    """Take the role away, from the next request on; of an admin the escrow key too."""
    found = await _in_reach(access, grant)
    now = access.control.now()
    revoked, left = await access.control.store.write(_revoke, found, now, access.actor)
    return RevokedOut(grant=await _out(access, revoked), escrow_holders_left=left)


@router.post("/grants/{grant}/review")
async def review(grant: Number, access: Annotated[Access, Depends(gate(Action.GRANT_REVIEW))]) -> GrantOut:
    """It is still needed: asked again in 90 days."""
    found = await _in_reach(access, grant)
    if found.account_id == access.signed_in.id:
        message = N_("This is your own role: somebody else has to look whether it is still needed.")
        raise Problem("own-role", 409, message)
    now = access.control.now()
    return await _out(access, await access.control.store.write(grants.review, found.id, now, access.actor))


def _check(body: GrantIn, now: int) -> None:
    if body.role not in GRANTED_ROLES:
        message = N_("This is a kind of account, not a role to be given. Make an account of that kind.")
        raise Problem("role-not-granted", 422, message)
    if (body.role in WHOLE_BRIDGE) is not (body.domain is None):
        message = N_("Owner and auditor are roles for the whole bridge; the others are given for one domain.")
        raise Problem("role-domain", 422, message)
    late = body.ends_at is None or body.ends_at > now + LONGEST_HELP
    if body.role in HELPERS and (late or not (body.ticket or "").strip()):
        message = N_("Support and reseller are given for a ticket, with an end within 30 days. Name both.")
        raise Problem("time-box-needed", 422, message)
    if body.ends_at is not None and body.ends_at <= now:
        raise Problem("end-past", 422, N_("The end lies in the past. Give one in the future."))


def _refuse_longer(access: Access, domain: Domain, ends_at: int | None) -> None:
    """A role for a time would be one for good, if it could be given on for longer."""
    ends = [
        None if held.grant is None else held.grant.ends_at
        for held in access.held
        if held.domain_id in (None, domain.id)
    ]
    known = [end for end in ends if end is not None]
    if len(known) < len(ends):
        return
    latest = max(known)
    if ends_at is None or ends_at > latest:
        until = datetime.fromtimestamp(latest, UTC).isoformat(" ", "minutes")[:16]
        message = N_(
            "Your own role ends before that. You can give it on until {until} at the latest. For longer, ask an"
            " owner."
        )
        raise Problem("role-ends-before", 403, message, extra={"latest": latest}, until=f"{until} UTC")


def _add(
    session: Session, account: Account, body: GrantIn, domain: Domain | None, now: int, access: Access, by: int | None
) -> Grant:
    made = grants.grant(
        session,
        account,
        body.role,
        None if domain is None else domain.id,
        now,
        actor=access.actor,
        granted_by=by,
        ends_at=body.ends_at,
        ticket=body.ticket,
    )
    if made.role is Role.DOMAIN_ADMIN and domain is not None:
        _hand_on(session, access, domain, account, now)
    name = "" if domain is None else domain.name
    notice.tell(session, account, notices.RolesGranted(made.role, name, now, made.ends_at), now)
    return made


def _hand_on(session: Session, access: Access, domain: Domain, account: Account, now: int) -> None:
    """The domain's spare key, if who gives the role has it; else a holder does so later (`escrow-holders`)."""
    giver, keys = access.principal.account, access.principal.keys
    if giver is not None and keys is not None and domain.id in escrow.held_domains(session, giver.id):
        escrow.hand_on(session, domain.id, giver, keys, account, now, access.actor)


def _revoke(session: Session, grant: Grant, now: int, actor: str) -> tuple[Grant, int | None]:
    if grant.role is Role.OWNER and _owns_alone(session, grant, now):
        message = N_("This is the only owner of the bridge. Make another owner first.")
        raise Problem("last-owner", 409, message)
    revoked = grants.revoke(session, grant.id, now, actor)
    if grant.role is not Role.DOMAIN_ADMIN or grant.domain_id is None:
        return revoked, None
    if domains.by_id(session, grant.domain_id).mode is DomainMode.PRIVATE:
        return revoked, None
    return revoked, admin_ends.end(session, grant.domain_id, grant.account_id, now, actor)


def _owns_alone(session: Session, grant: Grant, now: int) -> bool:
    account = accounts.by_id(session, grant.account_id)
    return account.role is not Role.OWNER and grants.owners(session, now) == [account.id]


async def _in_reach(access: Access, grant_id: int) -> Grant:
    found = await access.control.store.read(grants.by_id, grant_id)
    if found.domain_id is not None:
        access.require_domain(found.domain_id)
    elif access.domains is not None:
        raise not_found()
    return found


async def _domain(access: Access, name: str) -> Domain:
    try:
        domain = await access.control.store.read(domains.by_name, name)
        access.require_domain(domain.id)
    except (NotFound, Problem):
        message = N_("{domain} is no domain of this bridge, or not one of yours.")
        raise Problem(not_found().code, 404, message, domain=name) from None
    return domain


def _after(cursor: str | None) -> int:
    key = pages.decode(cursor, (int,))
    return 0 if key is None else int(key[0])


async def _page(access: Access, found: list[Grant], limit: int) -> Page[GrantOut]:
    more = pages.encode((found[limit - 1].id,)) if len(found) > limit else None
    return Page(items=[await _out(access, grant) for grant in found[:limit]], next=more)


async def _out(access: Access, grant: Grant) -> GrantOut:
    """People of other domains, who work in this one, are shown to its admin by pseudonym."""
    store = access.control.store
    account = await store.read(accounts.by_id, grant.account_id)
    domain = None if grant.domain_id is None else (await store.read(domains.by_id, grant.domain_id)).name
    now = access.control.now()
    shown = portraits.grant_out(_view(access, account), grant, account, domain, store.server_keys, now)
    blind = all(held.right.view is View.PSEUDONYMS for held in access.held)  # a ticket may name people
    return shown.model_copy(update={"ticket": None}) if blind else shown


def _view(access: Access, account: Account) -> View:
    try:
        return access.view(account.id, account.domain_id)
    except Problem:
        return View.PSEUDONYMS
