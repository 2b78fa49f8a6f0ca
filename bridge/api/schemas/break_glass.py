"""Access to a mailbox by two people."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from bridge.api.schemas import Schema
from bridge.api.schemas.accounts import Text
from storage.access.break_glass import MAX_BASIS, MAX_REASON, MOST_HOURS

Moment = Annotated[int, Field(ge=0, lt=2**53)]


class BreakGlassState(StrEnum):
    """Where a request stands."""

    REQUESTED = "requested"
    APPROVED = "approved"
    OPEN = "open"
    ENDED = "ended"
    LAPSED = "lapsed"
    REVOKED = "revoked"


class BreakGlassIn(Schema):
    account: Text
    """Public id or address."""
    reason: Annotated[str, Field(min_length=1, max_length=MAX_REASON)]
    """The recipient reads it."""
    hours: Annotated[int, Field(ge=1, le=MOST_HOURS)]
    bar_basis: Annotated[str, Field(min_length=1, max_length=MAX_BASIS)] | None = None
    """A law that forbids to tell the recipient, with `bar_until`: the day it ends, within a year."""
    bar_until: Moment | None = None

    @model_validator(mode="after")
    def _whole(self) -> "BreakGlassIn":
        if (self.bar_basis is None) is not (self.bar_until is None):
            raise ValueError("bar_basis and bar_until: both or neither")
        return self


class BreakGlassOut(Schema):
    id: int
    state: BreakGlassState
    account: str
    email: str | None
    reason: str | None
    """Null for those who see pseudonyms."""
    hours: int
    requested_by: str
    requested_at: int
    lapses_at: int
    """When it cannot be approved or opened any more."""
    approved_by: str | None
    approved_at: int | None
    opened_at: int | None
    ends_at: int | None
    revoked_at: int | None
    bar_basis: str | None
    bar_until: int | None
    told_at: int | None
    """When the recipient was told."""


class OpenedOut(BreakGlassOut):
    """With the device password, shown once: it reads, and nothing else, until `ends_at`."""

    username: str
    password: Annotated[str, Field(repr=False)]
