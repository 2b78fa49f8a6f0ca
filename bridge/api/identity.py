"""Changes of an account's identity by its owner or admin: made and told in one transaction (S30, S48)."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel
from sqlmodel import Session

from bridge import notices
from bridge.api import masking, portraits
from bridge.api.access import Access
from bridge.api.policy import View
from bridge.api.problems import Problem
from bridge.api.schemas.identity import ChangedOut, ChangeOut
from bridge.channels import notice
from bridge.channels.outside import telling
from bridge.i18n import N_
from bridge.routing import orders
from storage.errors import Conflict, Invalid
from storage.people import accounts, identity_changes
from storage.people.identity_changes import Field, IdentityChange


def fields_of(body: BaseModel) -> dict[Field, str | None]:
    """What was given, null or not."""
    return {field: getattr(body, field) for field in Field if field in body.model_fields_set}


async def change(
    access: Access, account_id: int, wanted: Mapping[Field, str | None], settings: Mapping[str, object]
) -> ChangedOut:
    """Set it all or nothing. The owner is told, in the mailbox, which the new and the old primary address share, and
    at the contact address that was proved before.
    """
    now, by, keys = access.control.now(), _id(access), _outside(access)
    outside = await _is_told_outside(access, account_id)
    try:
        made = await access.control.store.write(_change, account_id, wanted, settings, keys, now, access.actor, by)
    except Conflict:
        message = N_("{address} is taken: an account receives or writes as it. Choose another.")
        raise Problem("conflict", 409, message, address=wanted.get(Field.EMAIL)) from None
    return await changed_out(access, account_id, made, outside)


async def undo(access: Access, account_id: int, change_id: int) -> ChangedOut:
    """Put the old value back."""
    now, keys = access.control.now(), _outside(access)
    outside = await _is_told_outside(access, account_id)
    try:
        made = await access.control.store.write(_undo, account_id, change_id, keys, now, access.actor)
    except Invalid:
        message = N_("This change is more than 24 hours old and cannot be undone any more. Make a new change.")
        raise Problem("undo-too-late", 409, message) from None
    except Conflict:
        message = N_("The same was changed again since then. Undo the later change first.")
        raise Problem("undo-later-first", 409, message) from None
    return await changed_out(access, account_id, [made], outside)


async def listing(access: Access, account_id: int) -> list[ChangeOut]:
    """Newest first."""
    store, now = access.control.store, access.control.now()
    account = await store.read(accounts.by_id, account_id)
    view = access.view(account.id, account.domain_id)
    return [_out(view, each, now) for each in await store.read(identity_changes.listing, account_id)]


async def changed_out(access: Access, account_id: int, made: list[IdentityChange], outside: bool) -> ChangedOut:
    """`outside`: whether the contact address was told as well."""
    account = await portraits.detail(access, account_id)
    known = {each.id: each for each in await listing(access, account_id)}
    changes = [known[each.id] for each in made]
    told: list[Literal["mailbox", "contact"]] = ["mailbox", "contact"] if outside else ["mailbox"]
    return ChangedOut(account=account, changes=changes, told=told if changes else [])


def _change(
    session: Session,
    account_id: int,
    wanted: Mapping[Field, str | None],
    settings: Mapping[str, object],
    keys: telling.Keys | None,
    now: int,
    actor: str,
    by: int | None,
) -> list[IdentityChange]:
    contact = telling.proved_address(session, account_id)
    tried = [
        identity_changes.change(session, account_id, field, value, now, actor=actor, changed_by=by)
        for field, value in wanted.items()
    ]
    if any(value is not None for value in settings.values()):
        accounts.change_settings(session, account_id, now, actor=actor, **settings)  # type: ignore[arg-type]
    made = [each for each in tried if each is not None]
    account = accounts.by_id(session, account_id)
    for each in made:
        notice.tell(session, account, notices.IdentityChanged(each.field, now, each.undo_until), now)
        if keys is not None and contact is not None:
            order = orders.change(contact, each.field, each.undo_until)
            telling.queue(session, keys, account_id, order, now)
    return made


def _undo(
    session: Session, account_id: int, change_id: int, keys: telling.Keys | None, now: int, actor: str
) -> IdentityChange:
    """Told to the address proved before and to the one that is back, if that is another."""
    before = telling.proved_address(session, account_id)
    made = identity_changes.undo(session, account_id, change_id, now, actor=actor)
    account = accounts.by_id(session, account_id)
    notice.tell(session, account, notices.IdentityUndone(made.field, made.changed_at, now), now)
    for contact in {before, telling.proved_address(session, account_id)}:
        if keys is not None and contact is not None:
            telling.queue(session, keys, account_id, orders.undone(contact, made.field), now)
    return made


async def _is_told_outside(access: Access, account_id: int) -> bool:
    if _outside(access) is None:
        return False
    return await access.control.store.read(telling.proved_address, account_id) is not None


def _outside(access: Access) -> telling.Keys | None:
    """None: the bridge sends no e-mail."""
    control = access.control
    return telling.Keys.of(control.store) if telling.has_mail(control.settings) else None


def _id(access: Access) -> int | None:
    return None if access.principal.account is None else access.principal.account.id


def _out(view: View, made: IdentityChange, now: int) -> ChangeOut:
    by = "operator" if made.changed_by is None else "owner" if made.changed_by == made.account_id else "admin"
    return ChangeOut(
        id=made.id,
        field=made.field,
        old_value=masking.optional(view, made.old_value),
        new_value=masking.optional(view, made.new_value),
        changed_at=made.changed_at,
        changed_by=by,
        undo_until=made.undo_until,
        undone_at=made.undone_at,
        can_be_undone=made.undone_at is None and now < made.undo_until,
    )
