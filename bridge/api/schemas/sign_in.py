"""Signing in, stepping up, taking an account over, and the ways back."""

from typing import Annotated, Literal

from pydantic import Field

from bridge.api.policy import Action
from bridge.api.schemas import Schema
from bridge.api.schemas.secrets import Code, Password
from storage.records import DomainMode, Role

Address = Annotated[str, Field(max_length=320)]


class SignInIn(Schema):
    email: Address
    password: Password
    code: Code
    client: Annotated[str, Field(max_length=100)] = ""
    """What the program calls itself; its owner sees it in the list of sessions."""


class SessionOut(Schema):
    id: int
    account: str
    """Public id."""
    email: str
    roles: list[Role]
    """All that the account holds at the moment, in whatever domain."""
    reach: dict[Action, Literal["self", "domain", "all"]]
    """What those roles allow, and how far at most: programs offer nothing else."""
    client: str
    started_at: int
    used_at: int
    stepped_up_until: int
    """Until then it may do what needs a step-up."""
    expires_at: int
    idle_seconds: int
    """It ends earlier if it is not used for so long."""


class SignedInOut(SessionOut):
    token: Annotated[str, Field(repr=False)]
    """Sent with each request: `Authorization: Bearer …`. Shown once."""


class StepUpIn(Schema):
    password: Password
    code: Code


class EnrolmentBeginIn(Schema):
    email: Address
    code: Code
    """Of the enrolment or the reset, from the admin."""


class EnrolmentBeginOut(Schema):
    """What to show before it is finished. The code is not used up: to begin again gives another seed."""

    email: str
    name: str
    otpauth_uri: Annotated[str | None, Field(repr=False)]
    secret: Annotated[str | None, Field(repr=False)]
    """Null where the second factor in use stays: give a code of that one."""
    domain_mode: DomainMode
    mode_text: str
    """Who besides the owner can open the account, in the language asked for: to be accepted."""
    expires_at: int
    """The seed waits so long for its first code."""
    closes: int | None
    """Documents that using this code closes, to be accepted; null: none."""
    closes_text: str | None


class EnrolmentFinishIn(Schema):
    email: Address
    code: Code
    password: Password
    totp: Code
    """The first code of the new second factor; or one of the factor in use, where that stays."""
    accepted_mode: DomainMode
    accepts_closing: bool = False
    """Of the documents that `closes` counted."""


class EnrolmentFinishOut(Schema):
    account: str
    email: str
    recovery_codes: Annotated[list[str], Field(repr=False)]
    closed: int = 0
    """Documents that the new keys do not open."""


class RecoveryIn(Schema):
    """A recovery code and what is left.

    Forgotten password: `code` of the second factor and `new_password`. Lost second factor: `password`; the answer
    shows a new second factor, and the same request with its first code as `new_code` sets it.
    """

    email: Address
    recovery_code: Code
    code: Annotated[str | None, Field(max_length=64, repr=False)] = None
    new_password: Annotated[str | None, Field(max_length=1024, repr=False)] = None
    password: Annotated[str | None, Field(max_length=1024, repr=False)] = None
    new_code: Annotated[str | None, Field(max_length=64, repr=False)] = None


class RecoveryOut(Schema):
    done: Literal["password", "second-factor", "begun"]
    otpauth_uri: Annotated[str | None, Field(repr=False)] = None
    secret: Annotated[str | None, Field(repr=False)] = None
    recovery_codes_left: int
