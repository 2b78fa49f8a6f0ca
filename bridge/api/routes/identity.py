"""One's own account, and changes of what identifies a person, which can be undone for a day (S30, S48)."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path

from bridge.api import identity, portraits
from bridge.api.access import Access, gate
from bridge.api.policy import Action
from bridge.api.problems import Problem
from bridge.api.schemas.accounts import AccountDetailOut
from bridge.api.schemas.identity import ChangedOut, ChangeOut, IdentityIn, MeOut, OwnSettingsIn
from bridge.i18n import N_
from storage.people import accounts, aliases, domains
from storage.people.identity_changes import Field

router = APIRouter(prefix="/v1", tags=["identity"])
Number = Annotated[int, Path(ge=1, lt=2**63)]


@router.get("/me")
async def me(access: Annotated[Access, Depends(gate(Action.SELF_READ))]) -> MeOut:
    """The account that is signed in, with the roles it has at the moment."""
    store, account = access.control.store, access.signed_in
    _, known, domain = await store.read(portraits.found, account.id)
    view = access.view(account.id, account.domain_id)
    names = {each.id: each.name for each in await store.read(domains.listing)}
    now = access.control.now()
    granted = [
        portraits.grant_out(view, grant, account, names.get(grant.domain_id or 0), store.server_keys, now)
        for grant in access.principal.grants
    ]
    return MeOut.model_validate(
        {**portraits.details(view, account, known, domain, store.server_keys), "grants": granted}
    )


@router.patch("/me")
async def change(body: IdentityIn, access: Annotated[Access, Depends(gate(Action.SELF_IDENTITY))]) -> ChangedOut:
    """Name, addresses, telephone. It needs a fresh proof of identity, is told, and can be undone for 24 hours."""
    wanted = identity.fields_of(body)
    await _check_address(access, wanted.get(Field.EMAIL))
    return await identity.change(access, access.signed_in.id, wanted, {})


async def _check_address(access: Access, wanted: str | None) -> None:
    """One's own alias, or one's address with something behind a hyphen: other addresses are an admin's to give, so
    that nobody calls himself `director`.
    """
    if wanted is None:
        return
    account = access.signed_in
    given = await access.control.store.read(aliases.listing, account)
    known = {account.email, *(alias.address for alias in given if alias.only_from is None)}
    if wanted.lower() not in known and not wanted.lower().startswith(f"{account.email.rpartition('@')[0]}-"):
        message = N_("Ask your admin to give you this address as an alias. Then you can make it your primary one.")
        raise Problem("address-not-given", 422, message)


@router.patch("/me/settings")
async def settings(
    body: OwnSettingsIn, access: Annotated[Access, Depends(gate(Action.SELF_CHANGE))]
) -> AccountDetailOut:
    """Language, and whether the name of the mail program is kept with a device."""
    store, account = access.control.store, access.signed_in
    given: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set}
    if given:
        now = access.control.now()
        await store.write(accounts.change_settings, account.id, now, actor=access.actor, **given)
    return await portraits.detail(access, account.id)


@router.post("/me/changes/{change}/undo")
async def undo_own(change: Number, access: Annotated[Access, Depends(gate(Action.SELF_IDENTITY))]) -> ChangedOut:
    """Put the old value back, within 24 hours."""
    return await identity.undo(access, access.signed_in.id, change)


@router.get("/accounts/{account}/changes")
async def listing(access: Annotated[Access, Depends(gate(Action.ACCOUNT_READ))]) -> list[ChangeOut]:
    """The last hundred, newest first. The values are there while a change can be undone."""
    await portraits.note_look(access, access.target, "changes")
    return await identity.listing(access, access.target.id)


@router.post("/accounts/{account}/changes/{change}/undo")
async def undo(change: Number, access: Annotated[Access, Depends(gate(Action.ACCOUNT_CHANGE))]) -> ChangedOut:
    """As an admin of the domain, for somebody who was locked out by the change."""
    return await identity.undo(access, access.target.id, change)
