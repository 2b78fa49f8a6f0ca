"""Legal holds on accounts and documents (S47)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from bridge.api import masking, pages
from bridge.api.access import Access, gate
from bridge.api.pages import After, Limit, Page
from bridge.api.policy import Action, View
from bridge.api.problems import Problem
from bridge.api.schemas.erasures import HoldIn, HoldOut
from bridge.i18n import N_
from storage.erasures import holds
from storage.erasures.holds import Hold
from storage.errors import Conflict, NotFound
from storage.oversight import pseudonyms
from storage.people import accounts
from storage.records import Account

router = APIRouter(prefix="/v1", tags=["holds"])
Number = Annotated[int, Path(ge=1, lt=2**62)]


@router.get("/holds")
async def in_force(
    access: Annotated[Access, Depends(gate(Action.HOLD_LIST))], after: After = None, limit: Limit = 50
) -> Page[HoldOut]:
    """Those that bind now, of accounts in reach, newest first."""
    store, key = access.control.store, pages.decode(after, [int])
    before = None if key is None else int(key[0])
    found = await store.read(holds.page, access.domains, access.control.now(), before=before, limit=limit + 1)
    items = [_out(access, store.look_up(accounts.by_id, hold.account_id), hold) for hold in found[:limit]]
    return Page(items=items, next=pages.encode((found[limit - 1].id,)) if len(found) > limit else None)


@router.get("/accounts/{account}/holds")
async def listing(access: Annotated[Access, Depends(gate(Action.HOLD_LIST))]) -> list[HoldOut]:
    """All, past ones too, newest first."""
    found = await access.control.store.read(holds.listing, access.target.id)
    return [_out(access, access.target, hold) for hold in found]


@router.post("/accounts/{account}/holds", status_code=201)
async def place(body: HoldIn, access: Annotated[Access, Depends(gate(Action.HOLD_PLACE))]) -> HoldOut:
    """From now on nothing of it is erased: the account with all that is in it, or one document."""
    try:
        hold = await access.control.store.write(
            holds.place,
            access.target.id,
            reason=body.reason,
            basis=body.basis,
            ends_at=body.ends_at,
            by=access.signed_in.id,
            now=access.control.now(),
            document_public_id=body.document,
        )
    except Conflict:
        message = N_("The account was erased: there is nothing left to hold.")
        raise Problem("wrong-state", 409, message) from None
    return _out(access, access.target, hold)


@router.delete("/holds/{hold}")
async def lift(hold: Number, access: Annotated[Access, Depends(gate(Action.HOLD_LIFT))]) -> HoldOut:
    """End a hold before its time."""
    store, now = access.control.store, access.control.now()
    found = await store.read(holds.by_id, hold)
    account = access.require(await store.read(accounts.by_id, found.account_id))
    try:
        lifted = await store.write(holds.lift, found.id, access.signed_in.id, now)
    except NotFound:
        message = N_("This hold has ended already. Nothing was changed.")
        raise Problem("hold-ended", 409, message) from None
    return _out(access, account, lifted)


def _out(access: Access, account: Account, hold: Hold) -> HoldOut:
    view, keys = access.view(account.id, account.domain_id), access.control.store.server_keys
    document = hold.document_public_id
    if document is not None and view is View.PSEUDONYMS:
        document = pseudonyms.pseudonym(keys, "document", document)
    return HoldOut(
        id=hold.id,
        account=masking.reference(view, account, keys),
        email=masking.address(view, account.email),
        document=document,
        reason=masking.optional(view, hold.reason),
        basis=hold.basis,
        placed_at=hold.placed_at,
        ends_at=hold.ends_at,
        lifted_at=hold.lifted_at,
        in_force=hold.lifted_at is None and access.control.now() < hold.ends_at,
    )
