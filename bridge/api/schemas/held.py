"""What is held about oneself, and its export. Times: epoch seconds UTC."""

from typing import Literal

from pydantic import Field

from bridge.api.schemas import Schema
from bridge.inventory import Change, Tag


class HeldItemOut(Schema):
    name: str
    title: str
    tag: Tag = Field(description="Whether you gave it, the bridge noted it, or a sender supplied it.")
    purpose: str
    basis: str
    retention: str
    seen_by: str
    change: Change
    reason: str = Field(description="Why it can or cannot be changed, or where.")
    place: str | None = Field(description="Section of the app where it is changed.")
    values: list[str] = Field(description="As they are now; none where there are many, or where they are secret.")
    count: int | None = Field(description="How many, where values are not listed.")
    newest: int | None


class HeldOut(Schema):
    at: int
    items: list[HeldItemOut]


class HeldSentOut(Schema):
    items: int = Field(description="How many the message lists.")


class ExportSizeOut(Schema):
    documents: int = Field(description="A document in two folders counts twice.")
    bytes: int = Field(description="About: as stored.")


class ExportIn(Schema):
    form: Literal["eml", "mbox", "both"] = "eml"
    """Documents as a file each, byte for byte as over IMAP, or as a file per folder."""
