"""Postal addresses, and paper that came back."""

from typing import Annotated

from pydantic import Field

from bridge.api.schemas import Schema
from bridge.api.schemas.identity import ChangeOut
from storage.deliveries.returned_paper import Cause

Line = Annotated[str, Field(max_length=200)]


class PostalAddressIn(Schema):
    lines: Annotated[tuple[Line, ...], Field(max_length=20)]
    """Below the name, as on an envelope; without the country."""
    country: Annotated[str, Field(max_length=20)]
    """ISO 3166-1 alpha-2."""


class PostalAddressOut(Schema):
    lines: list[str]
    country: str | None
    returned_at: int | None
    """When paper came back: not used until it is confirmed or changed."""


class PostalChangeOut(Schema):
    address: PostalAddressOut
    changes: list[ChangeOut]


class ReturnIn(Schema):
    cause: Cause


class ReturnOut(Schema):
    delivery: str
    address_in_doubt: bool
    """Nothing is printed for its recipient until the address is confirmed or changed."""
