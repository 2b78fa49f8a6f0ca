"""The outbox, deliveries and processors. Times are epoch seconds UTC."""

from datetime import date
from typing import Annotated

from pydantic import Field

from bridge.api.schemas import Schema
from storage.deliveries import processors
from storage.deliveries.sent import Seen
from storage.deliveries.terms import Channel, DocumentType, JobKind, JobState


class JobOut(Schema):
    id: int
    kind: JobKind
    state: JobState
    account: str | None
    """Null also for a step of a ladder that was given up: it tells that a document lies unread."""
    email: str | None
    """Cut where the reader's role needs no more."""
    delivery: str | None
    due_at: int | None
    """When it is tried next; null if that is up to a person."""
    since: int | None
    """Since when it does not wait; null while it does."""
    attempts: int
    problem: str | None
    step: str | None
    """How far the last attempt came before it could be taken back no more."""
    created_at: int


class JobCountOut(Schema):
    kind: JobKind
    state: JobState
    count: int


class RetriesIn(Schema):
    kind: JobKind


class RetriesOut(Schema):
    retried: int
    left: int
    """Dead letters that cannot be tried again: their document is not there any more."""


class PausedAddressOut(Schema):
    """Of notices; the URL itself is shown to nobody."""

    account: str
    email: str | None
    service: str
    paused_at: int


class SettlementIn(Schema):
    done: bool
    """Whether it has happened."""


class DeliveryOut(Schema):
    """Never a subject, and nothing that depends on what its reader did: that is `/v1/me/copies`, for the reader."""

    id: str
    document: str
    account: str
    email: str | None
    """Cut where the reader's role needs no more."""
    sender: str | None
    """Name of the organisation, or the address outside; likewise."""
    type: DocumentType
    channel: Channel
    state: Seen
    ladder: str | None
    """As it was decided."""
    decided_at: int


class DeliveryDetailOut(DeliveryOut):
    jobs: list[JobOut]
    """What of it is in the outbox; not the steps of its ladder, which tell that it lies unread."""
    now: int


class ProcessorIn(Schema):
    kind: processors.ProcessorKind
    country: Annotated[str, Field(pattern=r"^[A-Za-z]{2}$")]
    contract_date: date | None = None
    fields: Annotated[list[processors.Field], Field(max_length=20)]
    """What may be handed over."""


class ProcessorOut(Schema):
    name: str
    kind: processors.ProcessorKind
    country: str
    in_europe: bool
    contract_date: str | None
    fields: list[processors.Field]
    changed_at: int
