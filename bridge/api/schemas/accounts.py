"""Accounts, as they are listed, read, made and changed."""

from typing import Annotated, Literal

from pydantic import Field

from bridge.api.schemas import Schema
from storage.records import AccountState, DomainMode, Role, Scope

Text = Annotated[str, Field(max_length=1000)]
Locale = Literal["nl", "en"]
Given = Literal[Role.OWNER, Role.SENDER, Role.RECIPIENT]


class AccountOut(Schema):
    """Of other people some is cut or missing, as the reader's role asks: see `view`."""

    id: str
    email: str | None
    name: str | None
    domain: str
    role: Role
    state: AccountState
    view: Literal["full", "masked", "pseudonyms"]


class AccountDetailOut(AccountOut):
    locale: str
    mode: DomainMode
    """Of its domain: whether an admin can reset the account without closing its documents."""
    legal_name: str | None
    contact_email: str | None
    contact_email_verified: bool
    """An address that is not verified is no channel."""
    phone: str | None
    postal_address: str | None
    """Lines and country, as in its text form."""
    quota_bytes: int
    used_bytes: int
    """Where the view is not full: rounded up to 10 MB."""
    client_noted: bool
    """Whether the name of the mail program is kept with a device."""
    accepted_mode: str | None
    accepted_at: int | None
    closed_at: int | None
    created_at: int


class AccountIn(Schema):
    email: Text
    name: Text | None = None
    """The part before the @, if it is not given."""
    role: Given = Role.RECIPIENT
    locale: Locale = "nl"
    legal_name: Text | None = None
    phone: Text | None = None
    contact_email: Text | None = None
    quota_bytes: Annotated[int, Field(ge=0, le=2**50)] | None = None
    aliases: Annotated[tuple[Text, ...], Field(max_length=100)] = ()
    identities: Annotated[tuple[Text, ...], Field(max_length=100)] = ()
    """Addresses that it may write as, beside its own."""
    device: Text | None = None
    """Label of a first device, which works at once."""


class FirstDeviceOut(Schema):
    id: int
    label: str
    scopes: list[Scope]
    username: str
    password: str


class InvitationOut(Schema):
    """The code is shown this once."""

    enrolment_code: str
    enrolment_expires_at: int


class NewAccountOut(InvitationOut):
    account: AccountDetailOut
    identities: list[str]
    device: FirstDeviceOut | None


class AccountChangeIn(Schema):
    """What an admin may change; what is left out stays, and null takes away what is optional."""

    name: Text | None = None
    legal_name: Text | None = None
    email: Text | None = None
    contact_email: Text | None = None
    phone: Text | None = None
    locale: Locale | None = None
    quota_bytes: Annotated[int, Field(ge=0, le=2**50)] | None = None
