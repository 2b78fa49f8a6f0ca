"""The log of the running bridge, line by line (docs/logs.md)."""

from typing import Any

from pydantic import Field

from bridge.api.schemas import Schema


class ServiceLineOut(Schema):
    number: int = Field(description="Grows with each line, across restarts too.")
    timestamp: str = Field(description="ISO 8601, UTC.")
    level: str
    logger: str = Field(description="Module that wrote it.")
    event: str
    meaning: str | None = Field(description="Of the event, in the reader's language; null for one without words.")
    fields: dict[str, Any] = Field(description="Ids and counts.")
