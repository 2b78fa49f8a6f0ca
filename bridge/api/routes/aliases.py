"""Aliases of an account; addresses for one sender alone (D11)."""

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlmodel import Session

from bridge.api import portraits
from bridge.api.access import Access, gate
from bridge.api.policy import Action
from bridge.api.problems import Problem
from bridge.api.schemas.aliases import AliasesOut, AliasIn, AliasOut
from bridge.i18n import N_
from storage.errors import Conflict
from storage.people import aliases, domains
from storage.people.aliases import Alias

router = APIRouter(prefix="/v1", tags=["aliases"])


@router.get("/accounts/{account}/aliases")
async def listing(access: Annotated[Access, Depends(gate(Action.ALIAS_READ))]) -> AliasesOut:
    """All but the primary address."""
    await portraits.note_look(access, access.target, "addresses")
    found = await access.control.store.read(aliases.listing, access.target)
    return AliasesOut(aliases=[_out(alias) for alias in found])


@router.post("/accounts/{account}/aliases", status_code=201)
async def add(body: AliasIn, access: Annotated[Access, Depends(gate(Action.ALIAS_CHANGE))]) -> AliasOut:
    """Another address that delivers here; with `only_from` for one sender, and mail of others to it is refused."""
    _check_form(access, body.address)
    try:
        made = await access.control.store.write(_add, access, body, access.control.now())
    except Conflict:
        message = N_(
            "{address} is taken, or the account has {most} aliases and can have no more. Choose another address, or"
            " remove an alias."
        )
        raise Problem("conflict", 409, message, address=body.address, most=aliases.MOST) from None
    return _out(made)


@router.delete("/accounts/{account}/aliases/{address}")
async def remove(address: str, access: Annotated[Access, Depends(gate(Action.ALIAS_CHANGE))]) -> AliasesOut:
    """Mail to it is refused from now on."""
    store, now = access.control.store, access.control.now()
    try:
        await store.write(aliases.remove, access.target, address, now, actor=access.actor)
    except Conflict:
        message = N_(
            "This was the primary address until a short time ago: it stays for 24 hours, so that the change can be"
            " undone. Remove it after that."
        )
        raise Problem("alias-kept", 409, message) from None
    return AliasesOut(aliases=[_out(alias) for alias in await store.read(aliases.listing, access.target)])


def _check_form(access: Access, address: str) -> None:
    """People make aliases that begin with their own address: nobody can take `director` or a colleague's name."""
    local, _, domain = access.target.email.rpartition("@")
    own = access.is_self and access.domains is not None and access.target.domain_id not in access.domains
    if own and not address.lower().startswith(f"{local}-"):
        message = N_("Begin it with your own address and a hyphen, such as {example}. For another, ask your admin.")
        raise Problem("alias-form", 422, message, example=f"{local}-energy@{domain}")


def _add(session: Session, access: Access, body: AliasIn, now: int) -> Alias:
    domain = domains.by_id(session, access.target.domain_id)
    return aliases.add(
        session,
        access.target,
        domain,
        body.address,
        now,
        actor=access.actor,
        only_from=body.only_from,
        label=body.label,
    )


def _out(alias: Alias) -> AliasOut:
    return AliasOut(address=alias.address, only_from=alias.only_from, label=alias.label, created_at=alias.created_at)
