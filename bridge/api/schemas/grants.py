"""Roles that were granted."""

from typing import Annotated

from pydantic import Field

from bridge.api.schemas import Schema
from bridge.api.schemas.accounts import Text
from storage.records import Role


class GrantOut(Schema):
    id: int
    account: str
    email: str | None
    name: str | None
    role: Role
    domain: str | None
    """Null: the whole bridge."""
    ticket: str | None
    granted_at: int
    ends_at: int | None
    used_at: int | None
    lapses_at: int
    """When it is over if it is not used before."""
    reviewed_at: int
    review_due_at: int
    overdue: bool
    """Whether that is over."""


class GrantIn(Schema):
    account: Text
    role: Role
    domain: Text | None = None
    ticket: Text | None = None
    ends_at: Annotated[int, Field(ge=0, lt=253_402_300_800)] | None = None
    """Before the year 10 000, which no calendar knows. Support and reseller: at most 30 days from now."""


class RevokedOut(Schema):
    grant: GrantOut
    escrow_holders_left: int | None
    """Of an admin of a managed domain: how many others can still open its escrow."""
