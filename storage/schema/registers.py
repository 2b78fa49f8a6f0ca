"""What is written down: the audit log, break-glass, holds, erasures, purges, facts about the bridge."""

from sqlalchemy import Index
from sqlmodel import Field

from storage.schema.base import CLUSTERED, NEVER_REUSED, Table


class AuditEventRow(Table, table=True):
    __tablename__ = "audit_event"
    __table_args__ = (Index(None, "kind", "position"), Index(None, "at"))

    position: int | None = Field(default=None, primary_key=True)
    at: int
    kind: str
    actor: str
    subject: str
    detail: str
    """Canonical JSON."""
    hash: bytes
    mac: bytes


class AuditHeadRow(Table, table=True):
    """One row: the end of the chain and the MAC key for the next event."""

    __tablename__ = "audit_head"

    id: int = Field(primary_key=True)
    position: int
    hash: bytes
    ratchet_key: bytes


class AuditInvolvedRow(Table, table=True):
    """Which accounts an event is about or was done by: an index, made from the event."""

    __tablename__ = "audit_involved"
    __table_args__ = CLUSTERED

    account_id: int = Field(primary_key=True)
    position: int = Field(primary_key=True)


class AuditDomainRow(Table, table=True):
    """Which domains an event is about."""

    __tablename__ = "audit_domain"
    __table_args__ = CLUSTERED

    domain_id: int = Field(primary_key=True)
    position: int = Field(primary_key=True)


class BreakGlassRow(Table, table=True):
    """Access to someone's mailbox by two people, for a time (S66)."""

    __tablename__ = "break_glass"
    __table_args__ = NEVER_REUSED

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    reason: str
    hours: int
    requested_by: int = Field(foreign_key="account.id")
    requested_at: int
    approved_by: int | None = Field(foreign_key="account.id")
    approved_at: int | None
    opened_at: int | None
    ends_at: int | None
    device_id: int | None
    revoked_by: int | None
    revoked_at: int | None
    bar_basis: str | None
    """Law that forbids telling the recipient until `bar_until`."""
    bar_until: int | None
    told_at: int | None


class HoldRow(Table, table=True):
    """Blocks erasure of an account, or of one document (S47)."""

    __tablename__ = "hold"
    __table_args__ = NEVER_REUSED

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    document_public_id: str | None
    reason: str
    basis: str
    placed_by: int | None
    placed_at: int
    ends_at: int
    lifted_by: int | None
    lifted_at: int | None


class ErasureRow(Table, table=True):
    """An erasure asked for, under way or done, with its receipt (S46, S55, S56)."""

    __tablename__ = "erasure"
    __table_args__ = NEVER_REUSED

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    kind: str
    account_id: int = Field(index=True)
    account_public_id: str
    domain_id: int
    target: str | None
    """Document or field; NULL for the whole account."""
    state: str
    account_state: str | None
    """What the account was before it was closed for this, and becomes again if it is cancelled."""
    requested_by: int | None
    requested_at: int
    due_at: int
    purge_id: int | None = Field(index=True)
    done_at: int | None
    receipt: str | None
    """Signed JSON."""


class PurgeRow(Table, table=True):
    """Many accounts to be erased at once: asked for by one person, approved by another (S54)."""

    __tablename__ = "purge"
    __table_args__ = NEVER_REUSED

    id: int | None = Field(default=None, primary_key=True)
    domain_id: int = Field(foreign_key="domain.id", index=True)
    reason: str
    accounts: str
    """JSON list of account ids."""
    requested_by: int = Field(foreign_key="account.id")
    requested_at: int
    approved_by: int | None = Field(foreign_key="account.id")
    approved_at: int | None
    cancelled_at: int | None


class ServerFactRow(Table, table=True):
    """What the bridge knows of itself, such as the public half of the recovery kit."""

    __tablename__ = "server_fact"
    __table_args__ = CLUSTERED

    name: str = Field(primary_key=True)
    value: bytes
