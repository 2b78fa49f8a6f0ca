"""The addresses that an account may write as, beside those that deliver to it, and what vouches for it."""

from typing import Annotated

from fastapi import APIRouter, Depends

from bridge.api.access import Access, gate
from bridge.api.policy import Action
from bridge.api.problems import Problem
from bridge.api.schemas.aliases import IdentitiesOut, IdentityAddressIn, TrustIn, TrustOut
from bridge.api.schemas.preferences import DefaultTypeIn, DefaultTypeOut
from bridge.i18n import N_
from storage.deliveries.terms import DocumentType
from storage.errors import Conflict, NotFound
from storage.people import domains, sender_trust, senders
from storage.people.sender_trust import Trust

router = APIRouter(prefix="/v1", tags=["senders"])


@router.get("/accounts/{account}/identities")
async def listing(access: Annotated[Access, Depends(gate(Action.ALIAS_READ))]) -> IdentitiesOut:
    """Those that were added."""
    return IdentitiesOut(identities=await access.control.store.read(senders.added, access.target.id))


@router.post("/accounts/{account}/identities", status_code=201)
async def add(
    body: IdentityAddressIn, access: Annotated[Access, Depends(gate(Action.SENDER_CHANGE))]
) -> IdentitiesOut:
    """Let it write as `address`, which may be outside our domains. Nothing happens if it may already."""
    store, now = access.control.store, access.control.now()
    refuse_foreign(access, body.address)
    try:
        await store.write(senders.add_identity, access.target.id, body.address, now, access.actor)
    except Conflict:
        message = N_("{address} belongs to another account of this bridge: nobody else can write as it.")
        raise Problem("conflict", 409, message, address=body.address) from None
    return await listing(access)


@router.delete("/accounts/{account}/identities/{address}")
async def remove(address: str, access: Annotated[Access, Depends(gate(Action.SENDER_CHANGE))]) -> IdentitiesOut:
    """It writes as `address` no more: from its next transaction on."""
    store, now = access.control.store, access.control.now()
    await store.write(senders.remove_identity, access.target.id, address, now, access.actor)
    return await listing(access)


@router.get("/accounts/{account}/trust")
async def trust(access: Annotated[Access, Depends(gate(Action.ALIAS_READ))]) -> TrustOut:
    """What lets the account hand in without signing in: networks of its own, domains that it signs with."""
    found = await access.control.store.read(sender_trust.of_account, access.target.id)
    return TrustOut(networks=list(found.networks), dkim_domains=list(found.domains))


@router.put("/accounts/{account}/trust")
async def change_trust(body: TrustIn, access: Annotated[Access, Depends(gate(Action.SENDER_CHANGE))]) -> TrustOut:
    """In the place of what stood there; it holds from the next transaction on."""
    store, now = access.control.store, access.control.now()
    wanted = Trust(body.networks, body.dkim_domains)
    await store.write(sender_trust.put, access.target.id, wanted, now, access.actor)
    return await trust(access)


@router.get("/accounts/{account}/document-type")
async def default_type(access: Annotated[Access, Depends(gate(Action.SENDER_TYPE))]) -> DefaultTypeOut:
    """Of its documents that name no type themselves."""
    found = await access.control.store.read(senders.default_type, access.target.id)
    return DefaultTypeOut(type=DocumentType.LETTER if found is None else DocumentType(found))


@router.put("/accounts/{account}/document-type")
async def set_default_type(
    body: DefaultTypeIn, access: Annotated[Access, Depends(gate(Action.SENDER_TYPE))]
) -> DefaultTypeOut:
    """From its next document on."""
    store, now = access.control.store, access.control.now()
    await store.write(senders.set_default_type, access.target.id, body.type, now, access.actor)
    return await default_type(access)


def refuse_foreign(access: Access, *addresses: str) -> None:
    """Whoever writes as an address of another domain of this bridge takes its admin's place. Problem 403."""
    for address in addresses:
        try:
            domain = access.control.store.look_up(domains.by_name, address.rpartition("@")[2].strip())
        except NotFound:
            continue
        if access.domains is not None and domain.id not in access.domains:
            message = N_("{address} is of a domain of this bridge that is not yours. Ask its admin.")
            raise Problem("domain-not-yours", 403, message, address=address)
