"""Erasures, holds and purges. Times are epoch seconds UTC."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from bridge.api.schemas import Schema
from storage.erasures.erasure import Kind, State
from storage.erasures.purges import MAX_ACCOUNTS
from storage.records import AccountState

Name = Annotated[str, Field(min_length=1, max_length=320)]
Words = Annotated[str, Field(min_length=1, max_length=500)]
Time = Annotated[int, Field(ge=0, lt=2**62)]


class ErasureIn(Schema):
    now: bool = False
    """At once, without the trash window: for one's own account alone."""


class MessageIn(Schema):
    """A document as a mail client shows it."""

    mailbox: Annotated[str, Field(min_length=1, max_length=1000)]
    uid: Annotated[int, Field(ge=1, lt=2**32)]


class PlaceOut(Schema):
    place: str
    left: int


class BlockedOut(Schema):
    """The hold that keeps it waiting."""

    basis: str
    ends_at: int


class ErasureOut(Schema):
    id: str
    kind: Kind
    account: str
    """Public id; auditors see a pseudonym."""
    target: str | None
    """The document or the field; of an account that a purge left: why."""
    state: State
    requested_at: int
    due_at: int
    """Until then an account that waits can be had back."""
    done_at: int | None
    purge: int | None


class ErasureDetailOut(ErasureOut):
    places: list[PlaceOut] | None
    """While it is under way: what is left at this moment."""
    blocked: BlockedOut | None
    receipt: dict[str, Any] | None
    """Once it is done: `content`, `signature` and `public_key` (Ed25519 over the canonical JSON of the content)."""


class HoldIn(Schema):
    reason: Words
    basis: Words
    """Law or order that it rests on."""
    ends_at: Time
    document: Name | None = None
    """Public id; none: the whole account."""


class HoldOut(Schema):
    id: int
    account: str
    email: str | None
    document: str | None
    reason: str | None
    """Not for auditors: it may name people."""
    basis: str
    placed_at: int
    ends_at: int
    lifted_at: int | None
    in_force: bool


class PurgeFilter(Schema):
    """Accounts in this state since before a time: closed ones by their closing, others by their making."""

    state: Literal[AccountState.INVITED, AccountState.SUSPENDED, AccountState.CLOSED]
    before: Time


class PurgeIn(Schema):
    """Named accounts, or those that a filter finds now."""

    domain: Name
    reason: Words
    accounts: Annotated[list[Name], Field(min_length=1, max_length=MAX_ACCOUNTS)] | None = None
    filter: PurgeFilter | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.accounts is None) == (self.filter is None):
            raise ValueError("give either accounts or filter")
        return self


class PurgedOut(Schema):
    account: str
    state: State | None
    """None before the approval."""
    left: str | None
    """Why it was left as it is: held, last-escrow-holder, last-owner, erasure-requested, erased."""


class PurgeOut(Schema):
    id: int
    domain: str
    reason: str
    accounts: int
    requested_by: str
    requested_at: int
    expires_at: int
    approved_by: str | None
    approved_at: int | None
    cancelled_at: int | None
    is_open: bool
    """Whether it can be approved now."""


class PurgeDetailOut(PurgeOut):
    outcome: list[PurgedOut]
