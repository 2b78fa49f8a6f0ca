"""Who holds a managed domain's spare key, and handing it on."""

from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlmodel import Session

from bridge.api import masking
from bridge.api.access import Access, gate
from bridge.api.policy import Action, View
from bridge.api.problems import Problem
from bridge.api.routes.resets import no_escrow_key
from bridge.api.schemas.keys import EscrowHolderIn, EscrowHolderOut, EscrowOut, EscrowRenewedOut
from bridge.i18n import N_
from bridge.ways import Way
from storage.access import escrow, escrow_renewal
from storage.access.escrow import EscrowHolder
from storage.errors import Invalid, NotFound
from storage.people import accounts
from storage.records import Account, Domain

router = APIRouter(prefix="/v1", tags=["escrow"])


@router.get("/domains/{domain}/escrow-holders")
async def holders(access: Annotated[Access, Depends(gate(Action.GRANT_LIST))]) -> EscrowOut:
    """Who could open accounts of this domain, and the fingerprint of its key."""
    return await _shown(access)


@router.post("/domains/{domain}/escrow-holders", status_code=201)
async def hand_on(body: EscrowHolderIn, access: Annotated[Access, Depends(gate(Action.ESCROW_HAND_ON))]) -> EscrowOut:
    """Give the key to an admin of the domain. With the first one, owners who only kept it lose it."""
    domain, store, keys = _domain(access), access.control.store, access.principal.keys
    assert keys is not None, "a session opens keys"
    try:
        to = access.require(await store.read(accounts.find, body.account))
        arguments = (access.signed_in, keys, to, access.control.now(), access.actor)
        await store.write(escrow.hand_on, domain.id, *arguments)
    except Invalid:
        message = N_("{account} is no admin of {domain}. Give the role first: {way}")
        way = Way("role grant", (N_("Roles"),), "n")
        raise Problem("not-an-admin", 422, message, account=body.account, domain=domain.name, way=way) from None
    except NotFound:
        raise no_escrow_key() from None
    return await _shown(access)


@router.post("/domains/{domain}/escrow-key", status_code=201)
async def renew(access: Annotated[Access, Depends(gate(Action.ESCROW_HAND_ON))]) -> EscrowRenewedOut:
    """A new key for every holder, when one who is gone may have kept the old. Goes on with one that was cut off."""
    domain, store, keys = _domain(access), access.control.store, access.principal.keys
    assert keys is not None, "a session opens keys"
    holder, now, moved, after = access.signed_in, access.control.now(), 0, 0
    try:
        lock = (domain.id, holder, keys)
        generation = await store.write(escrow_renewal.begin, *lock, now, access.actor)
    except NotFound:
        raise no_escrow_key() from None
    while True:
        batch = await store.write(escrow_renewal.move, *lock, generation, after)
        moved += batch.slots
        if batch.last is None:
            break
        after = batch.last
    left = await store.write(escrow_renewal.finish, domain.id, generation)
    shown = await _shown(access)
    return EscrowRenewedOut(**shown.model_dump(), moved=moved, left=left)


async def _shown(access: Access) -> EscrowOut:
    domain, store = _domain(access), access.control.store
    public_key, found = await store.read(_found, domain)
    return EscrowOut(
        mode=domain.mode,
        fingerprint=None if public_key is None else sha256(public_key).hexdigest(),
        holders=[_out(access, account, holder) for account, holder in found],
    )


def _found(session: Session, domain: Domain) -> tuple[bytes | None, list[tuple[Account, EscrowHolder]]]:
    newest = {holder.account_id: holder for holder in escrow.holders(session, domain.id)}
    return escrow.public_key(session, domain.id), [
        (accounts.by_id(session, account_id), holder) for account_id, holder in newest.items()
    ]


def _out(access: Access, account: Account, holder: EscrowHolder) -> EscrowHolderOut:
    try:
        view = access.view(account.id, account.domain_id)
    except Problem:
        view = View.PSEUDONYMS
    return EscrowHolderOut(
        account=masking.reference(view, account, access.control.store.server_keys),
        email=masking.address(view, account.email),
        name=masking.name(view, account.name),
        custodian=holder.custodian,
        since=holder.created_at,
    )


def _domain(access: Access) -> Domain:
    assert access.domain is not None, "the path names a domain"
    return access.domain
