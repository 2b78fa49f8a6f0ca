"""Preferences, their history, consents (S15, S35, S42)."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from bridge.api.schemas import Schema
from bridge.api.schemas.accounts import Locale, Text
from storage.deliveries.terms import MAX_DAYS, Channel, DocumentType, Notify, Road


def _kind(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


Type = Annotated[DocumentType, BeforeValidator(_kind)]
ChoiceField = Literal["channel", "folder", "notify", "quiet", "ladder", "retention_days", "receipts", "language"]
WayIn = Literal["api", "cli", "tui"]


class ChoiceOut(Schema):
    """What a level says; null: nothing, a less specific level decides."""

    channel: Channel | None
    folder: str | None
    """Its name, for its owner alone; others see `folder_set`."""
    folder_set: bool
    notify: Notify | None
    quiet: str | None
    ladder: str | None
    retention_days: int | None
    """0: until the recipient erases it."""
    receipts: bool | None
    language: str | None


class SenderOut(Schema):
    id: int
    name: str
    addresses: list[str]


class PreferenceOut(Schema):
    sender: SenderOut | None
    """Null: all senders."""
    type: DocumentType | None
    """Null: all types."""
    mandatory: bool
    """Of a domain, for a type: nobody can refuse it."""
    choice: ChoiceOut
    changed_at: int


class EffectOut(Schema):
    """How a sender's documents come now, where they name no type."""

    sender: SenderOut
    channel: Channel


class PreferencesOut(Schema):
    preferences: list[PreferenceOut]
    senders: list[EffectOut]
    """Of an account: everybody who sent it something."""
    mandatory: list[DocumentType]
    """Types that the domain lets nobody refuse."""


class ChoiceIn(Schema):
    """Only what is given changes; what `clear` names says nothing any more."""

    type: Type | None = None
    channel: Channel | None = None
    notify: Notify | None = None
    quiet: Annotated[str, Field(max_length=20)] | None = None
    """Such as `22:00-07:00`."""
    ladder: Annotated[str, Field(max_length=300)] | None = None
    """Such as `3:remind 7:email 14:paper`; empty: nothing is done."""
    retention_days: Annotated[int, Field(ge=0, le=MAX_DAYS)] | None = None
    clear: tuple[ChoiceField | Literal["all"], ...] = ()
    road: WayIn = "api"


class PreferenceIn(ChoiceIn):
    sender: Text | None = None
    """Name, address or #number; null or `any`: all senders."""
    folder: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    receipts: bool | None = None
    receipts_until: Annotated[int, Field(ge=0, lt=2**40)] | None = None
    """Epoch seconds: the consent to receipts ends by itself."""
    language: Locale | None = None
    accept_carriers: bool = False
    """Third parties may carry the documents (S78)."""


class DomainPreferenceIn(ChoiceIn):
    mandatory: bool | None = None
    """For a type: nobody can refuse it."""


class UndoIn(Schema):
    batch: Annotated[str, Field(max_length=64)] | None = None
    """Null: the last act that was not taken back."""
    road: WayIn = "api"


class LevelChangeOut(Schema):
    """One level, before and after."""

    sender: SenderOut | None
    type: DocumentType | None
    old: ChoiceOut
    new: ChoiceOut
    old_mandatory: bool
    new_mandatory: bool


class PreferencesChangedOut(Schema):
    batch: str | None
    """What undo names; null if everything was so already."""
    changes: list[LevelChangeOut]
    undo_until: int | None
    """Null: an undo cannot be undone."""
    notes: list[str]
    """What the change does not reach, in the reader's language."""


class HistoryOut(LevelChangeOut):
    batch: str
    road: Road
    changed_at: int
    changed_by: Literal["owner", "admin", "operator"]
    undo_until: int
    undone_at: int | None
    can_be_undone: bool


class ConsentOut(Schema):
    id: int
    purpose: str
    sender: SenderOut | None
    scope: str | None
    """Of receipts a document type, of carriers a channel."""
    road: Road
    granted_at: int
    ends_at: int | None
    withdrawn_at: int | None
    holds: bool


class ConsentsOut(Schema):
    consents: list[ConsentOut]


class DefaultTypeIn(Schema):
    type: Type | None
    """Null: letter."""


class DefaultTypeOut(Schema):
    type: DocumentType


class ExplanationOut(Schema):
    document: str
    delivery: str
    type: DocumentType
    channel: Channel
    decided_at: int
    ladder: str | None
    sender: SenderOut | None
    steps: list[str]
    """In the language of who asks; to its reader, last, what came of it."""
    reasons: list[dict[str, str | None]] | None
    """For programs: code, field, value, level; null once they are forgotten."""
