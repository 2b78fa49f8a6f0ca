"""One's own account, and changes of what identifies a person."""

from typing import Literal

from bridge.api.schemas import Schema
from bridge.api.schemas.accounts import AccountDetailOut, Locale, Text
from bridge.api.schemas.grants import GrantOut
from storage.people.identity_changes import Field


class MeOut(AccountDetailOut):
    grants: list[GrantOut]


class IdentityIn(Schema):
    """What is left out stays; null takes away what is optional: legal name, contact address, telephone."""

    name: Text | None = None
    legal_name: Text | None = None
    email: Text | None = None
    """The primary address, in the account's domain."""
    contact_email: Text | None = None
    phone: Text | None = None


class OwnSettingsIn(Schema):
    locale: Locale | None = None
    client_noted: bool | None = None


class ChangeOut(Schema):
    id: int
    field: Field
    old_value: str | None
    """Null as well once it cannot be undone: then it is forgotten."""
    new_value: str | None
    changed_at: int
    changed_by: Literal["owner", "admin", "operator"]
    undo_until: int
    undone_at: int | None
    can_be_undone: bool


class ChangedOut(Schema):
    account: AccountDetailOut
    changes: list[ChangeOut]
    told: list[Literal["mailbox", "contact"]]
    """Where the owner was told: `contact` is the contact address that was confirmed before the change."""
