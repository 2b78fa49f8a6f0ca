"""Domains: several in one bridge, each with its mode and the country where its documents are kept."""

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlmodel import Session

from bridge import countries, newcomers
from bridge.api import pages
from bridge.api.access import Access, gate
from bridge.api.pages import After, Limit, Page
from bridge.api.policy import Action
from bridge.api.problems import Problem
from bridge.api.schemas.domains import DomainIn, DomainOut
from bridge.i18n import N_
from bridge.routing import residency
from storage.errors import Conflict
from storage.people import accounts, domains, grants
from storage.records import Domain

router = APIRouter(prefix="/v1", tags=["domains"])


@router.get("/domains")
async def listing(
    access: Annotated[Access, Depends(gate(Action.DOMAIN_LIST))], after: After = None, limit: Limit = 50
) -> Page[DomainOut]:
    """Those in reach, by name."""
    begin = pages.decode(after, (str,))
    name = "" if begin is None else str(begin[0])
    found = await access.control.store.read(domains.page, domains=access.domains, after=name, limit=limit + 1)
    more = pages.encode((found[limit - 1].name,)) if len(found) > limit else None
    return Page(items=[domain_out(domain) for domain in found[:limit]], next=more)


@router.post("/domains", status_code=201)
async def add(body: DomainIn, access: Annotated[Access, Depends(gate(Action.DOMAIN_ADD))]) -> DomainOut:
    """The mode is chosen now and for good; the owners keep a managed domain's escrow key until it has an admin."""
    now = access.control.now()
    if residency.refusal_of(access.control.settings, body.name, countries.code(body.country)) is not None:
        message = N_("Documents are kept in Europe only, and {country} is not among the countries of the settings.")
        raise Problem("outside-europe", 422, message, country=body.country)
    try:
        made = await access.control.store.write(_add, body.name, body, now, access.actor)
    except Conflict:
        message = N_("{domain} is a domain of this bridge already.")
        raise Problem("conflict", 409, message, domain=body.name) from None
    return domain_out(made)


@router.get("/domains/{domain}")
async def read(access: Annotated[Access, Depends(gate(Action.DOMAIN_LIST))]) -> DomainOut:
    assert access.domain is not None
    return domain_out(access.domain)


def domain_out(domain: Domain) -> DomainOut:
    return DomainOut(name=domain.name, mode=domain.mode, country=domain.country)


def _add(session: Session, name: str, body: DomainIn, now: int, actor: str) -> Domain:
    custodians = [accounts.by_id(session, owner) for owner in grants.owners(session, now)]
    return newcomers.add_domain(session, name, body.mode, countries.code(body.country), custodians, now, actor)
