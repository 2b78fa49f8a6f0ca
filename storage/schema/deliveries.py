"""Documents on their way: deliveries with their decision, the outbox, the transcript, third parties."""

from sqlalchemy import Index, text
from sqlmodel import Field

from storage.schema.base import CLUSTERED, NEVER_REUSED, Table


class DeliveryRow(Table, table=True):
    """One document for one reader: what was decided, why, and what came of it. Metadata only, never a subject."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index(None, "account_id", "decided_at"),
        Index(None, "correspondent_id", "decided_at"),
        Index(None, "document_id", "account_id"),
        Index("ix_delivery_message", "account_id", "message_tag", sqlite_where=text("message_tag IS NOT NULL")),
        Index(None, "correspondent_id", "account_id"),
        Index(None, "channel", "state"),
        Index("ix_delivery_disposition", "opened_at", sqlite_where=text("wants_mdn AND opened_at IS NOT NULL")),
        Index(
            "ix_delivery_unopened",
            "account_id",
            "downloaded_at",
            sqlite_where=text("opened_at IS NULL AND document_id IS NOT NULL"),
        ),
        Index("ix_delivery_stake", "account_id", sqlite_where=text("(ladder_due_at IS NOT NULL OR needs_key)")),
        Index("ix_delivery_batch_id", "batch_id", "state", "account_id", sqlite_where=text("batch_id IS NOT NULL")),
        Index("ix_delivery_ladder", "ladder_due_at", sqlite_where=text("ladder_due_at IS NOT NULL")),
        Index("ix_delivery_retention", "erase_at", sqlite_where=text("erase_at IS NOT NULL")),
        Index("ix_delivery_notice", "account_id", sqlite_where=text("noticed_at IS NULL AND notify <> 'none'")),
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    document_id: int | None = Field(default=None, foreign_key="document.id", ondelete="SET NULL")
    """NULL when refused, and once the document is gone."""
    document_public_id: str
    account_id: int = Field(foreign_key="account.id")
    correspondent_id: int | None = Field(default=None, foreign_key="correspondent.id")
    batch_id: int | None = Field(default=None, foreign_key="batch.id", ondelete="SET NULL")
    document_type: str
    sensitivity: str | None
    decided_at: int
    channel: str
    state: str
    reasons: str | None
    """JSON; NULL after 90 days."""
    notify: str
    noticed_at: int | None
    """When a notice of it was sent; NULL: not yet, or never to be."""
    language: str
    receipts: bool
    message_tag: bytes | None
    """HMAC of account and Message-ID: finds the copy that a reply or a moved message is about."""
    content_tag: bytes | None
    """HMAC of sender and body: the same document handed in again has the same."""
    wants_mdn: bool
    """The sender asked for a disposition notification (RFC 8098)."""
    dsn: str | None
    """JSON of ENVID, RET, NOTIFY, ORCPT as given (RFC 3461); NULL if nothing was."""
    reply_by: int | None
    expires_at: int | None
    downloaded_at: int | None
    opened_at: int | None
    ladder: str | None
    ladder_step: int
    """Rungs behind us."""
    ladder_due_at: int | None
    """NULL: nothing more will happen by itself."""
    needs_key: bool
    """The server must be able to open the document for this one: see `outbox_key`."""
    erase_at: int | None
    ended_at: int | None


class OutboxKeyRow(Table, table=True):
    """A document's key sealed to the outbox; gone once no delivery of the document needs it."""

    __tablename__ = "outbox_key"

    document_id: int | None = Field(default=None, foreign_key="document.id", ondelete="CASCADE", primary_key=True)
    sealed_wrap: bytes


class JobRow(Table, table=True):
    """Something irreversible that is still to be handed off. The row is gone when it is done."""

    __tablename__ = "job"
    __table_args__ = (
        Index("ix_job_due", "kind", "due_at", sqlite_where=text("state = 'waiting'")),
        Index("ix_job_parked", "state", sqlite_where=text("state <> 'waiting'")),
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    """Exactly once: what is to happen, in one string."""
    kind: str
    account_id: int | None = Field(default=None, foreign_key="account.id", index=True)
    delivery_id: int | None = Field(default=None, foreign_key="delivery.id", ondelete="CASCADE", index=True)
    sealed_payload: bytes | None
    """Sealed to the outbox key, bound to `key`."""
    state: str
    due_at: int
    attempts: int
    problem: str | None
    """Code of the last failure."""
    step: str | None
    """How far the carrier has come; written before each act that cannot be taken back."""
    handle: str | None
    """What the other side calls it, such as a printer's job number."""
    created_at: int


class DeliveryEventRow(Table, table=True):
    """The transcript: what was done with a delivery, for its recipient to read (D14)."""

    __tablename__ = "delivery_event"
    __table_args__ = (Index(None, "account_id", "at"), NEVER_REUSED)

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id")
    delivery_id: int | None = Field(default=None, foreign_key="delivery.id", ondelete="CASCADE", index=True)
    at: int
    kind: str
    channel: str | None
    detail: str | None
    """A code or a number; never an address or a title."""


class ExternalMailboxRow(Table, table=True):
    """A recipient's own IMAP account elsewhere."""

    __tablename__ = "external_mailbox"

    account_id: int | None = Field(default=None, foreign_key="account.id", primary_key=True)
    host: str
    port: int
    username: str
    sealed_password: bytes
    folder: str
    country: str
    verified_at: int | None
    changed_at: int


class NoticeUrlRow(Table, table=True):
    """Where notices go besides e-mail: a URL of the recipient's own, such as of ntfy or Matrix."""

    __tablename__ = "notice_url"

    account_id: int | None = Field(default=None, foreign_key="account.id", primary_key=True)
    sealed_url: bytes
    """It may hold a password: sealed to the outbox."""
    service: str
    """Its scheme, such as `ntfys`."""
    changed_at: int
    failing_since: int | None
    """When the first of the notices that failed in a row did."""
    paused_at: int | None
    """Since when it is not used any more."""


class DisclosureRow(Table, table=True):
    """Who was told what about a recipient (S57, S59, S60)."""

    __tablename__ = "disclosure"
    __table_args__ = (Index(None, "account_id", "at"), NEVER_REUSED)

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id")
    told_account_id: int | None = Field(default=None, foreign_key="account.id")
    told: str | None
    """A third party that is no account, such as a relay."""
    what: str
    basis: str
    road: str
    at: int


class BatchRow(Table, table=True):
    """Documents handed in together, held until their sender's count agrees."""

    __tablename__ = "batch"
    __table_args__ = (Index(None, "account_id", "name", unique=True), NEVER_REUSED)

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id")
    """The sender."""
    name: str
    state: str
    declared: int | None
    opened_at: int
    told_at: int | None
    """When its sender was told that it still waits."""
    ended_at: int | None


class ProcessorRow(Table, table=True):
    """Third parties that carry documents or notices (S68)."""

    __tablename__ = "processor"
    __table_args__ = CLUSTERED

    name: str = Field(primary_key=True)
    kind: str
    country: str
    contract_date: str | None
    allowed_fields: str
    changed_at: int


class SenderNetworkRow(Table, table=True):
    """A network from which a sender hands in without a password: the scanner in the office."""

    __tablename__ = "sender_network"
    __table_args__ = CLUSTERED

    account_id: int = Field(foreign_key="account.id", primary_key=True)
    network: str = Field(primary_key=True)


class SenderDkimRow(Table, table=True):
    """A domain whose DKIM signature makes mail on port 25 a sender's own."""

    __tablename__ = "sender_dkim"
    __table_args__ = CLUSTERED

    account_id: int = Field(foreign_key="account.id", primary_key=True)
    domain: str = Field(primary_key=True)


class ContactProofRow(Table, table=True):
    """A code sent to a contact address, so that it can be a channel (S11)."""

    __tablename__ = "contact_proof"

    account_id: int | None = Field(default=None, foreign_key="account.id", primary_key=True)
    address: str
    code_tag: bytes
    sent_at: int
    sends: int
    """Codes sent without a day's rest, to whatever address."""
    tries: int


class TicketRow(Table, table=True):
    """A question to support@ or privacy@ (S5, S31)."""

    __tablename__ = "ticket"
    __table_args__ = NEVER_REUSED

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True)
    account_id: int | None = Field(default=None, foreign_key="account.id", index=True)
    domain_id: int = Field(foreign_key="domain.id", index=True)
    desk: str
    opened_at: int
    closed_at: int | None
