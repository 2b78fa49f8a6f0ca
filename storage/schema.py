"""The tables (private to storage). Rows never leave this package; `records` do.

Tiers (security.md): columns named `sealed…` are reader tier, everything else is server tier, in the clear only inside
SQLCipher. Identifiers of documents, accounts, mailboxes and devices are never used twice (AUTOINCREMENT): caches and
sessions key on them. `copy` is the hot table: thin, clustered by mailbox and UID.
"""

from typing import Any, ClassVar

from sqlalchemy import ForeignKeyConstraint, Index, MetaData, UniqueConstraint
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

_NEVER_REUSED: dict[str, Any] = {"sqlite_autoincrement": True}
_CLUSTERED: dict[str, Any] = {"sqlite_with_rowid": False}


class Table(SQLModel):
    """Base of all tables: own metadata, with named constraints."""

    metadata: ClassVar[MetaData] = metadata


class DomainRow(Table, table=True):
    __tablename__ = "domain"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    mode: str
    country: str
    created_at: int


class AccountRow(Table, table=True):
    __tablename__ = "account"
    __table_args__ = _NEVER_REUSED

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    domain_id: int = Field(foreign_key="domain.id", index=True)
    role: str
    state: str
    email: str = Field(unique=True)
    name: str
    locale: str
    generation: int
    quota_bytes: int
    used_bytes: int
    """Padded sizes of the documents it holds, each counted once."""
    last_uid_validity: int
    created_at: int


class AddressRow(Table, table=True):
    """An address that delivers to an account: its primary one and its aliases. Lower case."""

    __tablename__ = "address"

    address: str = Field(primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)


class SenderIdentityRow(Table, table=True):
    """An address that an account may write as, beyond those that deliver to it. Lower case."""

    __tablename__ = "sender_identity"
    __table_args__ = _CLUSTERED

    account_id: int = Field(foreign_key="account.id", primary_key=True)
    address: str = Field(primary_key=True, index=True)


class KeySlotRow(Table, table=True):
    __tablename__ = "key_slot"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    kind: str
    salt: bytes
    commitment: bytes
    sealed_key: bytes | None
    created_at: int
    expires_at: int | None


class DeviceRow(Table, table=True):
    __tablename__ = "device"
    __table_args__ = _NEVER_REUSED

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    slot_id: int | None = Field(foreign_key="key_slot.id", index=True)
    """None once revoked: the slot is gone."""
    label: str
    selector: str = Field(unique=True)
    scopes: str
    """Separated by blanks."""
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    last_used_at: int | None


class IdentityKeyRow(Table, table=True):
    __tablename__ = "identity_key"
    __table_args__ = _CLUSTERED

    account_id: int = Field(foreign_key="account.id", primary_key=True)
    generation: int = Field(primary_key=True)
    public_key: bytes
    sealed_private: bytes
    created_at: int


class MailboxRow(Table, table=True):
    """A folder. Without a `sealed_name` it has the fixed name of its special use."""

    __tablename__ = "mailbox"
    __table_args__ = (
        UniqueConstraint("account_id", "name_tag"),
        UniqueConstraint("account_id", "special"),
        _NEVER_REUSED,
    )

    id: int | None = Field(default=None, primary_key=True)
    public_id: str
    account_id: int = Field(foreign_key="account.id")
    special: str | None
    sealed_name: bytes | None
    name_tag: bytes
    uid_validity: int
    uid_next: int
    highest_modseq: int
    first_recent_uid: int


class SubscriptionRow(Table, table=True):
    __tablename__ = "subscription"
    __table_args__ = _CLUSTERED

    account_id: int = Field(foreign_key="account.id", primary_key=True)
    name_tag: bytes = Field(primary_key=True)
    sealed_name: bytes


class DocumentRow(Table, table=True):
    """Body in the file `body_name`, or in `inline_body` where that is NULL."""

    __tablename__ = "document"
    __table_args__ = _NEVER_REUSED

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    body_name: str | None
    stored_size: int
    sender_account_id: int | None = Field(foreign_key="account.id", index=True)
    received_at: int


class HandInRow(Table, table=True):
    """A transaction accepted lately, so that its repetition is recognised even after its document is gone."""

    __tablename__ = "hand_in"
    __table_args__ = _CLUSTERED

    dedupe_tag: bytes = Field(primary_key=True)
    document_public_id: str
    received_at: int = Field(index=True)


class InlineBodyRow(Table, table=True):
    __tablename__ = "inline_body"

    document_id: int | None = Field(default=None, foreign_key="document.id", ondelete="CASCADE", primary_key=True)
    sealed_body: bytes


class CardRow(Table, table=True):
    """Sealed under the document key; one for all readers."""

    __tablename__ = "card"

    document_id: int | None = Field(default=None, foreign_key="document.id", ondelete="CASCADE", primary_key=True)
    sealed_card: bytes


class WrapRow(Table, table=True):
    """The document key sealed to one reader: by HPKE as it arrived, or under the account key once adopted."""

    __tablename__ = "wrap"
    __table_args__ = _CLUSTERED

    document_id: int = Field(foreign_key="document.id", ondelete="CASCADE", primary_key=True)
    account_id: int = Field(foreign_key="account.id", primary_key=True)
    generation: int
    form: str
    sealed_wrap: bytes


class IndexedCardRow(Table, table=True):
    """An adopted card, sealed under the account's index key."""

    __tablename__ = "indexed_card"
    __table_args__ = (
        ForeignKeyConstraint(
            ["document_id", "account_id"], ["wrap.document_id", "wrap.account_id"], ondelete="CASCADE"
        ),
    )

    document_id: int = Field(primary_key=True)
    account_id: int = Field(primary_key=True)
    generation: int
    sealed_card: bytes


class CopyRow(Table, table=True):
    """A message in a mailbox. It cannot be there without the wrap that opens it."""

    __tablename__ = "copy"
    __table_args__ = (
        ForeignKeyConstraint(["document_id", "account_id"], ["wrap.document_id", "wrap.account_id"]),
        Index(None, "document_id", "account_id"),
        _CLUSTERED,
    )

    mailbox_id: int = Field(foreign_key="mailbox.id", primary_key=True)
    uid: int = Field(primary_key=True)
    document_id: int
    account_id: int
    flags: int
    keywords: str | None
    """Separated by blanks, sorted; NULL for none."""
    modseq: int
    internal_date: int


class AuditEventRow(Table, table=True):
    __tablename__ = "audit_event"

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
