"""Who looked at one's data. Times: epoch seconds UTC."""

from pydantic import Field

from bridge.api.schemas import Schema


class LookOut(Schema):
    position: int = Field(description="In the audit log.")
    at: int
    what: str = Field(description="Kind of data, such as account or devices; or a step of a break-glass access.")
    viewer_role: str
    viewer_name: str | None = Field(description="Of people of one's own domain.")


class LooksSentOut(Schema):
    looks: int = Field(description="How many the message lists.")
