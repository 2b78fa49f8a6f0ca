"""Domains."""

from typing import Annotated

from pydantic import Field

from bridge.api.schemas import Schema
from bridge.api.schemas.accounts import Text
from storage.records import DomainMode


class DomainOut(Schema):
    name: str
    mode: DomainMode
    country: str
    """Where its documents are kept, ISO 3166-1 alpha-2."""


class DomainIn(Schema):
    name: Text
    mode: DomainMode = DomainMode.MANAGED
    country: Annotated[str, Field(min_length=2, max_length=2)]
