"""Changes of an account's identity by its owner or admin: made and told in one transaction (S30, S48)."""

from collections.abc import Mapping

from pydantic import BaseModel
from sqlmodel import Session

from bridge import notices
from bridge.api import masking, portraits
from bridge.api.access import Access
from bridge.api.policy import View
from bridge.api.problems import Problem
from bridge.api.schemas.identity import ChangedOut, ChangeOut
from bridge.channels import notice
from bridge.i18n import N_
from storage.errors import Conflict, Invalid
from storage.people import accounts, identity_changes
from storage.people.identity_changes import Field, IdentityChange


def fields_of(body: BaseModel) -> dict[Field, str | None]:
    """What was given, null or not."""
    return {field: getattr(body, field) for field in Field if field in body.model_fields_set}


async def change(
    access: Access, account_id: int, wanted: Mapping[Field, str | None], settings: Mapping[str, object]
) -> ChangedOut:
    """Set it all or nothing. The owner is told, and so are the new and the old primary address: it is one mailbox."""
    now, by = access.control.now(), _id(access)
    try:
        made = await access.control.store.write(_change, account_id, wanted, settings, now, access.actor, by)
    except Conflict:
        message = N_("{address} is taken: an account receives or writes as it. Choose another.")
        raise Problem("conflict", 409, message, address=wanted.get(Field.EMAIL)) from None
    return await changed_out(access, account_id, made)


async def undo(access: Access, account_id: int, change_id: int) -> ChangedOut:
    """Put the old value back."""
    now = access.control.now()
    try:
        made = await access.control.store.write(_undo, account_id, change_id, now, access.actor)
    except Invalid:
        message = N_("This change is more than 24 hours old and cannot be undone any more. Make a new change.")
        raise Problem("undo-too-late", 409, message) from None
    except Conflict:
        message = N_("The same was changed again since then. Undo the later change first.")
        raise Problem("undo-later-first", 409, message) from None
    return await changed_out(access, account_id, [made])


async def listing(access: Access, account_id: int) -> list[ChangeOut]:
    """Newest first."""
    store, now = access.control.store, access.control.now()
    account = await store.read(accounts.by_id, account_id)
    view = access.view(account.id, account.domain_id)
    return [_out(view, each, now) for each in await store.read(identity_changes.listing, account_id)]


async def changed_out(access: Access, account_id: int, made: list[IdentityChange]) -> ChangedOut:
    account = await portraits.detail(access, account_id)
    known = {each.id: each for each in await listing(access, account_id)}
    changes = [known[each.id] for each in made]
    return ChangedOut(account=account, changes=changes, told=["mailbox"] if changes else [])


def _change(
    session: Session,
    account_id: int,
    wanted: Mapping[Field, str | None],
    settings: Mapping[str, object],
    now: int,
    actor: str,
    by: int | None,
) -> list[IdentityChange]:
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
    return made


def _undo(session: Session, account_id: int, change_id: int, now: int, actor: str) -> IdentityChange:
    made = identity_changes.undo(session, account_id, change_id, now, actor=actor)
    account = accounts.by_id(session, account_id)
    notice.tell(session, account, notices.IdentityUndone(made.field, made.changed_at, now), now)
    return made


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
