"""One's own documents and counted usage, as their owner sees them. Times: epoch seconds UTC."""

from pydantic import Field

from bridge.api.schemas import Schema
from storage.deliveries.terms import Channel, DeliveryState, DocumentType, Rung
from storage.oversight.usage import Category


class CopyOut(Schema):
    document: str = Field(description="Public id, as in: postex erase document")
    sender: str
    type: DocumentType
    arrived_at: int
    channel: Channel
    state: DeliveryState
    first_downloaded_at: int | None = Field(description="When a program of yours first fetched its content.")
    first_opened_at: int | None = Field(
        description="When you first read it; nobody else is told without your consent."
    )
    next_step: Rung | None = Field(description="What the ladder does next if it stays unread.")
    next_step_at: int | None
    reply_by: int | None = Field(description="As its sender wrote.")
    expires_at: int | None = Field(description="As its sender wrote; nothing is erased because of it.")
    erase_at: int | None = Field(description="When it is erased by your choice or your domain's.")
    is_here: bool = Field(description="False once it was erased or removed: what is left is that it came.")
    server_can_open: bool = Field(description="Whether the server can still open it while you are away.")
    server_can_open_for_others: bool = Field(description="Only because another reader of the document needs that.")


class UsageDayOut(Schema):
    day: int = Field(description="Its first second in UTC.")
    category: Category
    times: int


class UsageOut(Schema):
    off: list[Category] = Field(description="Classes that you have switched off: nothing is counted of them.")
    days: list[UsageDayOut] = Field(description="Newest first.")
    keep_days: int


class UsageSwitchIn(Schema):
    counted: bool
