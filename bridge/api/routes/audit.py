"""The audit log: read as one's roles may, verified, and its signed head (D8; security.md, roles).

Contract. Who has several roles reads from the place of one at a time: the widest, or the one that `sight` names.
"""

from collections.abc import Mapping
from typing import Annotated
from weakref import WeakSet

import structlog
from fastapi import APIRouter, Depends, Query
from fastapi import Path as PathParameter

from bridge.api import pages
from bridge.api.access import Access, gate
from bridge.api.pages import After, Limit, Page
from bridge.api.policy import Action
from bridge.api.problems import Problem, not_found
from bridge.api.schemas.audit import (
    AuditEventOut,
    AuditEventWhole,
    HeadOut,
    HeadStanding,
    PartyOut,
    SignedHead,
    VerificationIn,
    VerificationOut,
)
from bridge.i18n import N_
from storage.database import Store
from storage.oversight import audit, audit_heads, audit_views, looks, pseudonyms
from storage.oversight.audit_heads import Standing
from storage.oversight.audit_search import Onlooker, Sight, Wanted
from storage.oversight.audit_views import Entry, Party
from storage.people import accounts, domains
from storage.records import Role

router = APIRouter(prefix="/v1", tags=["audit"])
log = structlog.get_logger(__name__)

_SIGHTS: Mapping[Role, Sight] = {
    Role.AUDITOR: Sight.AUDITOR,
    Role.DOMAIN_ADMIN: Sight.DOMAIN,
    Role.OWNER: Sight.OWNER,
    Role.RESELLER: Sight.REDACTED,
    Role.SUPPORT: Sight.REDACTED,
}
"""The widest first."""
Sighted = Annotated[Sight | None, Query(description="From the place of which of one's roles.")]
_UNDER_WAY: WeakSet[Store] = WeakSet()
"""A verification takes a reader's thread and the processor: one at a time."""
Time = Annotated[int | None, Query(ge=-(2**62), le=2**62)]
Name = Annotated[str | None, Query(max_length=320)]
PLAIN_PARTIES = frozenset({"operator", "system", "outside"})
"""Who does something and is no account."""
MOST_KINDS = 20


@router.get("/audit/events")
async def events(
    access: Annotated[Access, Depends(gate(Action.AUDIT_READ))],
    kind: Annotated[
        str | None, Query(max_length=1000, description="Whole, or what stands before its dot; several with commas.")
    ] = None,
    account: Annotated[str | None, Query(max_length=320, description="By or about; auditors: a pseudonym.")] = None,
    domain: Name = None,
    since: Time = None,
    until: Time = None,
    actor: Annotated[
        str | None, Query(max_length=320, description="By this account, or operator, system or outside.")
    ] = None,
    subject: Annotated[str | None, Query(max_length=320, description="About this account.")] = None,
    position: Annotated[int | None, Query(ge=1, lt=2**62, description="From this event on, to older ones.")] = None,
    sight: Sighted = None,
    after: After = None,
    limit: Limit = 50,
) -> Page[AuditEventOut]:
    """Newest first. A page may be short, or empty, and yet have a `next`: little of a long log matches."""
    control, cursor = access.control, pages.decode(after, [int])
    onlooker = _onlooker(access, sight)
    wanted = Wanted(
        kinds=() if kind is None else tuple(kind.split(",")[:MOST_KINDS]),
        account_id=None if account is None else await _account(access, onlooker, account),
        domain_id=None if domain is None else _domain(access, onlooker, domain),
        since=since,
        until=until,
        actor=None if actor is None else await _party_of(access, onlooker, actor),
        subject=None if subject is None else await _party_of(access, onlooker, subject),
    )
    begin = None if position is None else position + 1
    found, rest = await control.store.read(
        audit_views.page,
        control.store.server_keys,
        onlooker,
        wanted,
        control.now(),
        int(cursor[0]) if cursor else begin,
        limit,
    )
    return Page(items=[_event(entry) for entry in found], next=None if rest is None else pages.encode((rest,)))


@router.get("/audit/events/{position}")
async def event(
    access: Annotated[Access, Depends(gate(Action.AUDIT_READ))],
    position: Annotated[int, PathParameter(ge=1, lt=2**62)],
    sight: Sighted = None,
) -> AuditEventWhole:
    """One event. Its hash stands over names too, so it is for those alone who verify the log."""
    control, onlooker = access.control, _onlooker(access, sight)
    keys, now = control.store.server_keys, control.now()
    found, _ = await control.store.read(audit_views.page, keys, onlooker, Wanted(), now, position + 1, 1)
    if not found or found[0].position != position:
        raise not_found()
    may_verify = any(access.principal.holds(Action.AUDIT_VERIFY))
    link = await control.store.read(audit.link, position) if may_verify else None
    own, previous = (None, None) if link is None else (each.hex() for each in link)
    return AuditEventWhole(**_event(found[0]).model_dump(), hash=own, previous=previous)


@router.get("/audit/head")
async def head(access: Annotated[Access, Depends(gate(Action.AUDIT_VERIFY))]) -> HeadOut:
    """Where the log ends now, signed: to be kept outside."""
    store = access.control.store
    made = await store.read(audit_heads.signed_head, store.server_keys, access.control.now())
    public = audit_heads.public_key(store.server_keys).hex()
    return HeadOut(**made.members(), public_key=public)


@router.post("/audit/verification")
async def verification(
    access: Annotated[Access, Depends(gate(Action.AUDIT_VERIFY))], wanted: VerificationIn
) -> VerificationOut:
    """Check every event, the index, and a head that was kept outside. About 1.5 s per 100 000 events."""
    store = access.control.store
    if store in _UNDER_WAY:
        raise Problem("verification-under-way", 503, N_("The log is being verified already. Wait for its end."))
    _UNDER_WAY.add(store)
    try:
        found = await store.read(audit.examine, store.server_keys)
        standing = None if wanted.head is None else await _standing(store, wanted.head)
    finally:
        _UNDER_WAY.discard(store)
    holds = found.first_bad is None and (standing is None or standing.standing == Standing.HOLDS)
    if not holds:
        log.error("audit.broken", position=found.first_bad, head=standing and standing.standing)
    store.post(audit_heads.note_verification, holds=found.first_bad is None, now=access.control.now())
    return VerificationOut(
        holds=holds,
        position=found.position,
        hash=found.hash.hex(),
        first_bad=found.first_bad,
        broken_at=found.broken_at,
        misindexed_at=found.misindexed_at,
        head=standing,
    )


@router.post("/audit/index", status_code=204)
async def index(access: Annotated[Access, Depends(gate(Action.AUDIT_VERIFY))]) -> None:
    """Make the index of accounts and domains anew, out of the events: where a verification found it wrong."""
    await access.control.store.write(audit.reindex, access.actor, access.control.now())


async def _standing(store: Store, given: SignedHead) -> HeadStanding:
    parsed = audit_heads.parse(given.model_dump_json())
    found = await store.read(audit_heads.check, store.server_keys, parsed)
    return HeadStanding(position=given.position, at=given.at, standing=found)


# --- from whose place ---


def _onlooker(access: Access, wanted: Sight | None) -> Onlooker:
    """The widest that the asker has, or the one asked for. Problem 403 if it is not theirs."""
    account = access.principal.account
    if account is None:
        return Onlooker(Sight.ALL, None)
    roles = access.principal.roles
    held = [*dict.fromkeys(sight for role, sight in _SIGHTS.items() if role in roles), Sight.SELF]
    if wanted is not None and wanted not in held:
        raise Problem("forbidden", 403, N_("Your roles do not allow this. Ask an owner of the bridge for the role."))
    sight = wanted or held[0]
    return Onlooker(sight, account.id, _domains_of(access, sight))


def _domains_of(access: Access, sight: Sight) -> frozenset[int] | None:
    """For which the role of this sight was granted; None: for all."""
    granted = [grant for grant in access.principal.grants if _SIGHTS.get(grant.role) is sight]
    if sight in (Sight.DOMAIN, Sight.REDACTED) and any(grant.domain_id is None for grant in granted):
        return None
    return frozenset(grant.domain_id for grant in granted if grant.domain_id is not None)


async def _account(access: Access, onlooker: Onlooker, reference: str) -> int:
    """The account to filter by. Problem 404 if it is out of reach, 403 where the role may not look for one."""
    store, sight = access.control.store, onlooker.sight
    if sight in (Sight.OWNER, Sight.REDACTED):
        raise Problem("no-such-filter", 403, N_("With this role the log cannot be searched by account."))
    if sight is Sight.AUDITOR:
        return await store.read(pseudonyms.account_of, store.server_keys, reference)
    found = store.look_up(accounts.find, reference)
    own = found.id == onlooker.account_id
    if sight is Sight.SELF and not own:
        raise not_found()
    if sight is Sight.DOMAIN and onlooker.domains is not None and found.domain_id not in onlooker.domains:
        raise not_found()
    if not own:
        await store.write(looks.note, onlooker.account_id, [found.id], "log", access.control.now(), access.actor)
    return found.id


async def _party_of(access: Access, onlooker: Onlooker, reference: str) -> str:
    """As it stands in the log."""
    if reference in PLAIN_PARTIES:
        return reference
    return f"account:{await _account(access, onlooker, reference)}"


def _domain(access: Access, onlooker: Onlooker, name: str) -> int:
    found = access.control.store.look_up(domains.by_name, name)
    confined = onlooker.sight in (Sight.DOMAIN, Sight.REDACTED) and onlooker.domains is not None
    if confined and found.id not in (onlooker.domains or ()):
        raise not_found()
    if onlooker.sight is Sight.SELF and found.id != access.signed_in.domain_id:
        raise not_found()
    return found.id


def _event(entry: Entry) -> AuditEventOut:
    return AuditEventOut(
        position=entry.position,
        at=entry.at,
        kind=entry.kind,
        actor=_party(entry.actor),
        subject=_party(entry.subject),
        detail=None if entry.detail is None else dict(entry.detail),
    )


def _party(party: Party) -> PartyOut:
    return PartyOut(noun=party.noun, id=party.id, name=party.name, role=party.role)
