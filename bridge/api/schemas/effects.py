"""How documents come, asked in advance: of one recipient, of many, after a change that was not made (D4, S42)."""

from typing import Annotated, Literal

from pydantic import Field

from bridge.api.schemas import Schema
from bridge.api.schemas.accounts import Text
from bridge.api.schemas.preferences import ChoiceField, ChoiceOut, DomainPreferenceIn, SenderOut, Type
from storage.deliveries.terms import Channel, DocumentType, Notify

MOST_SENDERS = 8
MOST_COLUMNS = 12


class DecidedOut(Schema):
    """What would be decided. `sources`: by field the level that chose it, or the code of what decided otherwise."""

    channel: Channel
    folder: str | None
    """Its name, for its owner alone; null with `folder_set` false: the inbox."""
    folder_set: bool
    notify: Notify
    quiet: str | None
    ladder: str
    retention_days: int
    receipts: bool
    language: str
    sources: dict[ChoiceField, str]


class EffectRowOut(Schema):
    """Of a sender and a type: what comes of it, and what this level itself says."""

    sender: SenderOut | None
    """Null: a sender for whom nothing is chosen in particular."""
    type: DocumentType | None
    """Null: of any type for which nothing is chosen in particular."""
    vouched: bool
    """The sender is one of this post office: it signs in, or proves who it is."""
    own: ChoiceOut | None
    """Null: nothing is chosen at this level."""
    decided: DecidedOut


class EffectsOut(Schema):
    rows: list[EffectRowOut]
    """All senders first, then each sender, and under it the types that were chosen."""
    mandatory: list[DocumentType]
    """Types that the domain lets nobody refuse."""


class WhyOut(Schema):
    type: DocumentType
    """Where none was asked: that of the sender's documents which name none."""
    decided: DecidedOut
    steps: list[str]
    """In the language of who asks."""
    last_document: str | None
    """The newest of that sender and type, if there is one: why it came as it did is asked with its id."""


class ColumnOut(Schema):
    sender: str | None
    """Its name; null: a sender for whom nothing is chosen in particular."""
    address: str | None
    type: DocumentType


class CellOut(Schema):
    channel: Channel
    source: str
    """The level that chose the channel, or the code of what decided otherwise."""
    notify: Notify
    ladder: str
    retention_days: int


class MatrixRowOut(Schema):
    id: str
    email: str | None
    name: str | None
    cells: list[CellOut]


class MatrixOut(Schema):
    columns: list[ColumnOut]
    items: list[MatrixRowOut]
    next: str | None


class PreviewIn(DomainPreferenceIn):
    """The change, as it would be made; and whose documents are looked at."""

    for_sender: Text | None = None
    for_type: Type | None = None
    """Null: the type of the change; a letter."""


class MoveOut(Schema):
    """Recipients for whom a field becomes another."""

    field: Literal["channel", "notify", "quiet", "ladder", "retention_days"]
    old: str
    new: str
    recipients: int


class HindranceOut(Schema):
    code: str
    why: str
    """In the language of who asks."""
    recipients: int


class PreviewOut(Schema):
    recipients: int
    """All of the domain."""
    changed: int
    """For whom something would come otherwise."""
    keep: int
    """Whose own choice decides something that the change names: the more specific one wins."""
    moves: list[MoveOut]
    hindered: list[HindranceOut]
    """Who would not have what the change names."""
    refused: str | None
    """Why the change itself would be refused, in the language of who asks."""


Senders = Annotated[list[Text], Field(max_length=MOST_SENDERS)]
