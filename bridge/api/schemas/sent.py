"""What senders see of their documents, and recipients of what was told about them. Times: epoch seconds UTC."""

from pydantic import Field

from bridge.api.schemas import Schema
from storage.deliveries.sent import Seen
from storage.deliveries.terms import Channel, DocumentType


class SentOut(Schema):
    delivery: str = Field(description="Of this document to this recipient.")
    document: str = Field(description="Its id, as in the answer of SMTP.")
    recipient: str | None = Field(description="As the sender named it.")
    document_type: DocumentType
    handed_in_at: int
    state: Seen
    state_at: int
    opened_at: int | None = Field(description="Null unless it was opened and the recipient agreed that you know.")
    batch: str | None
    reports: list[str] = Field(description="Asked for with NOTIFY (RFC 3461): success, failure, delay, never.")
    read_receipt: bool = Field(description="Whether one was asked for (RFC 8098).")


class OwnRecipientOut(Schema):
    recipient: str | None = Field(description="As the sender last named it.")
    channels: dict[DocumentType, Channel] = Field(description="How a document of each type would reach it now.")


class DisclosureOut(Schema):
    id: int
    at: int
    told: str = Field(description="A sender, or a third party that carried a document.")
    what: str = Field(description="channel, document or opened.")
    basis: str
    road: str


class BatchOut(Schema):
    name: str
    state: str
    count: int = Field(description="Documents that are held; one for three recipients counts three.")
    declared: int | None = Field(description="The count that was agreed on.")
    opened_at: int
    ended_at: int | None


class BatchCountIn(Schema):
    count: int = Field(
        ge=0, le=10_000_000, description="How many were handed in: one for three recipients counts three."
    )
