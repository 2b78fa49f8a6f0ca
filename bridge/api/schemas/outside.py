"""Where notices go, and what became of them. Times: epoch seconds UTC."""

from typing import Annotated, Literal

from pydantic import Field

from bridge.api.schemas import Schema


class NoticeUrlIn(Schema):
    url: Annotated[str, Field(min_length=4, max_length=1000, repr=False)]
    """As Apprise writes it, such as `ntfys://ntfy.example.org/my-topic`. HTTPS services only."""


class NoticeUrlOut(Schema):
    service: str = Field(description="The scheme; the rest is shown to nobody again.")
    changed_at: int
    paused_at: int | None = Field(None, description="Since when it is not used, as notices failed.")


class NoticeSenderIn(Schema):
    named: bool
    road: Literal["api", "cli", "tui"] = "api"


class VerificationOut(Schema):
    until: int = Field(description="The code counts so long.")


class ContactCodeIn(Schema):
    code: Annotated[str, Field(min_length=1, max_length=40, repr=False)]


class ConfirmedOut(Schema):
    verified_at: int


class TranscriptLineOut(Schema):
    id: int
    at: int
    kind: str = Field(description="Such as notice.sent, paper.printed, ladder.stopped.")
    channel: str | None
    detail: str | None = Field(description="Codes and numbers.")
    document: str | None = Field(description="Its id, where it concerns one.")
