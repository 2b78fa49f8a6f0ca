"""Passwords, second factor, recovery codes: of the account that asks."""

from typing import Annotated

from pydantic import Field

from bridge.api.schemas import Schema

Password = Annotated[str, Field(max_length=1024, repr=False)]
"""Longer than any that is taken: that is said in better words."""
Code = Annotated[str, Field(max_length=64, repr=False)]
"""Six digits of the second factor, or a code on paper."""


class PasswordIn(Schema):
    password: Password


class CodeIn(Schema):
    code: Code


class SeedOut(Schema):
    """A new second factor, which waits for its first code. Shown once."""

    otpauth_uri: Annotated[str, Field(repr=False)]
    """What the QR code says."""
    secret: Annotated[str, Field(repr=False)]
    """The same for typing into an app: base32."""


class RecoveryCodesOut(Schema):
    recovery_codes: Annotated[list[str], Field(repr=False)]
