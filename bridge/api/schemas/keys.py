"""Resets, new keys, and who holds a domain's escrow key."""

from typing import Annotated

from pydantic import Field

from bridge.api.schemas import Schema
from bridge.api.schemas.accounts import Text
from bridge.api.schemas.secrets import Code, Password
from storage.records import DomainMode


class ResetIn(Schema):
    closes_documents: bool = False
    """Where nobody keeps a spare key: yes, the documents of now may be closed by the use of the code."""
    second_factor: bool = False
    """Lost too: the code replaces it. A second person must have approved an access to the mailbox."""


class ResetOut(Schema):
    """For the account's owner; the admin hands it over and learns nothing else. Shown once."""

    code: Annotated[str, Field(repr=False)]
    expires_at: int
    closes: int | None
    """Documents that using the code closes; null: none, the domain's spare key opened the account."""


class RotationIn(Schema):
    password: Password
    """A new one: the old one opens nothing any more."""


class RotationOut(Schema):
    """All sessions and devices have ended, this one too."""

    recovery_codes: Annotated[list[str], Field(repr=False)]
    documents: int
    """Locked with the new key."""
    refused: int
    """That the old key did not open: altered, or closed by a reset."""


class ReopeningIn(Schema):
    recovery_code: Code
    """One from before the reset."""


class ReopeningOut(Schema):
    documents: int
    """That are in the archive now."""
    closed: int
    """That stay closed: they need a recovery code of another time."""


class EscrowHolderIn(Schema):
    account: Text
    """Public id or address of an admin of the domain."""


class EscrowHolderOut(Schema):
    account: str
    email: str | None
    name: str | None
    custodian: bool
    """May only hand it on: an owner, until the domain has an admin who holds it."""
    since: int


class EscrowOut(Schema):
    mode: DomainMode
    fingerprint: str | None
    """SHA-256 of the public half, to compare by telephone; null in mode private."""
    holders: list[EscrowHolderOut]


class EscrowRenewedOut(EscrowOut):
    moved: int
    """Accounts that are under the new key now."""
    left: int
    """That did not open with the old one: altered. They stay under it."""
