"""One's postal address (S48), and paper that came back from it (I1)."""

from typing import Annotated

from fastapi import APIRouter, Depends

from bridge.api import identity
from bridge.api.access import Access, gate
from bridge.api.policy import Action
from bridge.api.problems import Problem
from bridge.api.schemas.postal import PostalAddressIn, PostalAddressOut, PostalChangeOut, ReturnIn, ReturnOut
from bridge.channels.paper import envelope, reference, returning
from bridge.i18n import N_
from storage.deliveries import returned_paper
from storage.errors import Conflict, Invalid, NotFound
from storage.people import accounts, postal
from storage.people.identity_changes import Field
from storage.people.postal import Kept, PostalAddress

router = APIRouter(prefix="/v1", tags=["paper"])


@router.get("/me/postal-address")
async def read(access: Annotated[Access, Depends(gate(Action.SELF_READ))]) -> PostalAddressOut:
    """No lines: there is none."""
    return _out(await access.control.store.read(postal.of_account, access.signed_in.id))


@router.put("/me/postal-address")
async def put(
    body: PostalAddressIn, access: Annotated[Access, Depends(gate(Action.SELF_IDENTITY))]
) -> PostalChangeOut:
    """Set or change it; the one that is there is thereby confirmed. Told, and undone within 24 hours."""
    address = _parsed(body)
    problem = envelope.problem(access.signed_in.name, address)
    if problem is not None:
        raise Problem(f"postal-{problem}", 422, envelope.WORDS[problem])
    changed = await identity.change(access, access.signed_in.id, {Field.POSTAL_ADDRESS: str(address)}, {})
    if not changed.changes:
        await _confirm(access)
    return PostalChangeOut(address=await read(access), changes=changed.changes)


@router.delete("/me/postal-address")
async def remove(access: Annotated[Access, Depends(gate(Action.SELF_IDENTITY))]) -> PostalChangeOut:
    """Nothing is printed any more. Told, and undone within 24 hours. To have it forgotten, erase the field."""
    changed = await identity.change(access, access.signed_in.id, {Field.POSTAL_ADDRESS: None}, {})
    return PostalChangeOut(address=await read(access), changes=changed.changes)


@router.post("/me/postal-address/confirm")
async def confirm(access: Annotated[Access, Depends(gate(Action.SELF_IDENTITY))]) -> PostalAddressOut:
    """It is right, though paper came back."""
    await _confirm(access)
    return await read(access)


@router.post("/deliveries/{delivery}/return")
async def record_return(
    delivery: str, body: ReturnIn, access: Annotated[Access, Depends(gate(Action.PAPER_RETURN))]
) -> ReturnOut:
    """Paper came back: by the delivery's id, or the reference that is printed on it."""
    store, now = access.control.store, access.control.now()
    found = await store.read(returned_paper.of_public_id, reference.read(delivery) or delivery)
    access.require(await store.read(accounts.by_id, found.account_id))
    try:
        doubted = await store.write(returning.record, found, body.cause, now, access.actor)
    except NotFound:
        message = N_("No paper of this delivery went within the last 90 days. Check the reference on the sheet.")
        raise Problem("not-printed", 409, message) from None
    except Conflict:
        message = N_("It is recorded already that this letter came back.")
        raise Problem("returned-already", 409, message) from None
    return ReturnOut(delivery=found.public_id, address_in_doubt=doubted)


async def _confirm(access: Access) -> None:
    store, now = access.control.store, access.control.now()
    await store.write(postal.confirm, access.signed_in.id, now, actor=access.actor)


def _parsed(body: PostalAddressIn) -> PostalAddress:
    if any("\n" in line for line in body.lines):
        raise Invalid("postal address: one line each")
    return PostalAddress.parse("\n".join((*body.lines, body.country.upper())))


def _out(kept: Kept | None) -> PostalAddressOut:
    if kept is None:
        return PostalAddressOut(lines=[], country=None, returned_at=None)
    return PostalAddressOut(
        lines=list(kept.address.lines), country=kept.address.country, returned_at=kept.returned_at
    )
