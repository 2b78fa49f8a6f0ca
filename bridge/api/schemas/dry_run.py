"""A batch asked in advance (D4)."""

from typing import Annotated

from pydantic import Field

from bridge.api.schemas import Schema
from storage.deliveries.terms import Channel, DocumentType, Notify, Sensitivity

MOST = 20_000
Cell = Annotated[str, Field(max_length=400)]


class DryRunRowIn(Schema):
    """As it stands in the list: what is wrong in it is told by its line."""

    line: Annotated[int, Field(ge=0, lt=2**31)]
    recipient: Cell
    sender: Cell = ""
    type: Cell | None = None
    sensitivity: Cell | None = None


class DryRunIn(Schema):
    rows: Annotated[list[DryRunRowIn], Field(min_length=1, max_length=MOST)]


class DryRunRowOut(Schema):
    """A sender sees channel and type of its own recipients (S59); the rest is null for it."""

    line: int
    recipient: str
    sender: str
    type: DocumentType
    sensitivity: Sensitivity | None
    channel: Channel
    folder: bool | None
    """Whether it goes into a folder of the recipient's own."""
    notify: Notify | None
    ladder: str | None
    retention_days: int | None
    reasons: list[str] | None


class DryRunBadRowOut(Schema):
    line: int
    problem: str


class DryRunOut(Schema):
    rows: list[DryRunRowOut]
    bad: list[DryRunBadRowOut]
    channels: dict[str, int]
    """How many rows go by each."""
