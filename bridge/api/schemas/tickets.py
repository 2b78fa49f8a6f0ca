"""Questions to the desks of a domain, as those see them who answer. Times: epoch seconds UTC."""

from pydantic import Field

from bridge.api.schemas import Schema


class TicketOut(Schema):
    number: str
    desk: str = Field(description="support, privacy or postmaster.")
    domain: str
    writer: str | None = Field(description="Address of an account here, masked for owners; null: somebody outside.")
    opened_at: int
    closed_at: int | None


class TicketAnswerIn(Schema):
    text: str = Field(min_length=1, max_length=20_000)
    keep_open: bool = False
