"""Erasures: of accounts, documents and fields, and their receipts (S46, S54–S56)."""

import asyncio
import json
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlmodel import Session

from bridge.api import pages
from bridge.api.access import Access, gate
from bridge.api.pages import After, Limit, Page
from bridge.api.policy import Action, View
from bridge.api.problems import Problem
from bridge.api.schemas.erasures import (
    BlockedOut,
    ErasureDetailOut,
    ErasureIn,
    ErasureOut,
    MessageIn,
    PlaceOut,
)
from bridge.erasures import retention
from bridge.i18n import N_
from storage.erasures import erasing, erasure, holds, partial_erasure
from storage.erasures.erasure import Erasure, Kind, LastHolder, LastOwner, State
from storage.erasures.partial_erasure import Field
from storage.erasures.receipts import DAY
from storage.errors import Busy, Conflict, Held, NotFound
from storage.keys.keyring import AccountKeys
from storage.keys.master import ServerKeys
from storage.mail import mailboxes
from storage.oversight import pseudonyms

router = APIRouter(prefix="/v1", tags=["erasures"])


@router.post("/accounts/{account}/erasure", status_code=201)
async def request(
    body: ErasureIn, access: Annotated[Access, Depends(gate(Action.ACCOUNT_ERASE))]
) -> ErasureDetailOut:
    """Close the account, and erase it when the trash window is over; or (`now`, oneself alone) at once, for good."""
    store, now, account = access.control.store, access.control.now(), access.target
    if body.now and not access.is_self:
        message = N_("Only its owner can erase an account without the trash window. Leave out `now`.")
        raise Problem("only-yourself", 403, message)
    by = access.signed_in.id
    try:
        if body.now:
            return await _carried_out(access, await store.write(erasure.begin, account.id, by=by, now=now))
        due_at = now + access.control.settings.erasure.trash_days * DAY
        made = await store.write(erasure.request, account.id, by=by, due_at=due_at, now=now)
    except LastOwner:
        message = N_("This is the only owner of the bridge. Make another owner first.")
        raise Problem("last-owner", 409, message) from None
    except LastHolder:
        message = N_(
            "Only this account can open the escrow of its domain: without it nobody could be helped to a new"
            " password. Hand the escrow key on first."
        )
        raise Problem("last-escrow-holder", 409, message) from None
    except Conflict:
        message = N_("The erasure of this account is asked for already. It waits for the end of its trash window.")
        raise Problem("erasure-requested", 409, message) from None
    return await _detail(access, made)


@router.delete("/accounts/{account}/erasure")
async def cancel(access: Annotated[Access, Depends(gate(Action.ACCOUNT_ERASE))]) -> ErasureDetailOut:
    """Within the trash window: the account is again what it was."""
    now = access.control.now()
    try:
        found = await access.control.store.write(erasure.cancel, access.target.id, by=access.signed_in.id, now=now)
    except NotFound:
        message = N_("No erasure of this account waits, so none can be cancelled. What is erased is gone for good.")
        raise Problem("no-erasure", 409, message) from None
    return await _detail(access, found)


@router.get("/accounts/{account}/erasures")
async def of_account(access: Annotated[Access, Depends(gate(Action.ERASURE_LIST))]) -> list[ErasureOut]:
    """Of the account, of its documents and its fields; newest first."""
    found = await access.control.store.read(erasure.of_account, access.target.id)
    return [ErasureOut.model_validate(_outline(access, each)) for each in found]


@router.post("/me/documents/{document}/erasure", status_code=201)
async def erase_document(
    document: str, access: Annotated[Access, Depends(gate(Action.DOCUMENT_ERASE))]
) -> ErasureDetailOut:
    """One of one's own documents, by its public id, out of every folder and at once."""
    return await _erase_document(access, document)


@router.post("/me/messages/erasure", status_code=201)
async def erase_message(
    body: MessageIn, access: Annotated[Access, Depends(gate(Action.DOCUMENT_ERASE))]
) -> ErasureDetailOut:
    """The same, by folder and UID as a mail client knows them."""
    keys = access.principal.keys
    assert keys is not None, "a session has keys"
    found = await access.control.store.read(_document_at, access.signed_in.id, keys, body)
    return await _erase_document(access, found)


@router.post("/me/fields/{field}/erasure", status_code=201)
async def erase_field(field: Field, access: Annotated[Access, Depends(gate(Action.FIELD_ERASE))]) -> ErasureDetailOut:
    """Forget one's telephone number, contact address, legal name, or which mail programs one uses."""
    store, account, now = access.control.store, access.signed_in, access.control.now()
    begun = await store.write(partial_erasure.begin_field, account.id, field, by=account.id, now=now)
    return await _carried_out(access, begun)


@router.get("/erasures")
async def listing(
    access: Annotated[Access, Depends(gate(Action.ERASURE_LIST))], after: After = None, limit: Limit = 50
) -> Page[ErasureOut]:
    """One's own and those of the domains in reach, newest first."""
    store, key = access.control.store, pages.decode(after, [int])
    found = await store.read(
        erasure.page,
        domains=access.domains,
        account_id=access.signed_in.id,
        before=None if key is None else int(key[0]),
        limit=limit + 1,
    )
    items = [ErasureOut.model_validate(_outline(access, each)) for each in found[:limit]]
    return Page(items=items, next=pages.encode((found[limit - 1].id,)) if len(found) > limit else None)


@router.get("/erasures/{erasure}")
async def read(erasure: str, access: Annotated[Access, Depends(gate(Action.ERASURE_LIST))]) -> ErasureDetailOut:
    """Under way: what is left, place by place. Done: the signed receipt."""
    found = await access.control.store.read(_found, erasure)
    access.view(found.account_id, found.domain_id)
    return await _detail(access, found)


async def _erase_document(access: Access, public_id: str) -> ErasureDetailOut:
    store, account, now = access.control.store, access.signed_in, access.control.now()
    begun = await store.write(partial_erasure.begin_document, account.id, public_id, by=account.id, now=now)
    return await _carried_out(access, begun)


async def _carried_out(access: Access, begun: Erasure) -> ErasureDetailOut:
    """With its receipt; without, if a backup or a reader keeps something: then housekeeping finishes it."""
    store, settings = access.control.store, access.control.settings
    with suppress(Busy):
        begun = await asyncio.to_thread(erasing.carry_out, store, begun.id, access.control.now(), retention(settings))
    return await _detail(access, begun)


async def _detail(access: Access, found: Erasure) -> ErasureDetailOut:
    store = access.control.store
    places, blocked = None, None
    if found.state is State.BEGUN:
        counted = await asyncio.to_thread(erasing.places, store, found)
        places = [PlaceOut(place=place, left=left) for place, left in sorted(counted.items())]
    if found.state is State.REQUESTED:
        blocked = await store.read(_blocked, found.account_id, access.control.now())
    receipt = None if found.receipt is None or _pseudonymous(access, found) else json.loads(found.receipt)
    return ErasureDetailOut.model_validate(
        {**_outline(access, found), "places": places, "blocked": blocked, "receipt": receipt}
    )


def _outline(access: Access, found: Erasure) -> dict[str, object]:
    account, target = found.account_public_id, found.target
    if _pseudonymous(access, found):
        keys = access.control.store.server_keys
        account = pseudonyms.pseudonym(keys, "account", found.account_id)
        target = _pseudonym_of_target(found, keys)
    return {
        "id": found.public_id,
        "kind": found.kind,
        "account": account,
        "target": target,
        "state": found.state,
        "requested_at": found.requested_at,
        "due_at": found.due_at,
        "done_at": found.done_at,
        "purge": found.purge_id,
    }


def _pseudonymous(access: Access, found: Erasure) -> bool:
    """Whoever erased their own account has nobody's view of it any more, but gets the answer."""
    if access.principal.account is not None and access.principal.account.id == found.account_id:
        return False
    return access.view(found.account_id, found.domain_id) is View.PSEUDONYMS


def _pseudonym_of_target(found: Erasure, keys: ServerKeys) -> str | None:
    if found.kind is Kind.DOCUMENT and found.target is not None:
        return pseudonyms.pseudonym(keys, "document", found.target)
    return found.target


def _found(session: Session, public_id: str) -> Erasure:
    return erasure.by_public_id(session, public_id)


def _blocked(session: Session, account_id: int, now: int) -> BlockedOut | None:
    try:
        holds.check(session, account_id, now)
    except Held as held:
        return BlockedOut(basis=held.basis, ends_at=held.ends_at)
    return None


def _document_at(session: Session, account_id: int, keys: AccountKeys, message: MessageIn) -> str:
    mailbox = mailboxes.by_name(session, account_id, keys, message.mailbox)
    return partial_erasure.document_at(session, account_id, mailbox.id, message.uid)
