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


class EscrowKeyRow(Table, table=True):
    """A domain's escrow key: what it seals, its holders can open. Domains of mode private have none."""

    __tablename__ = "escrow_key"
    __table_args__ = _CLUSTERED

    domain_id: int = Field(foreign_key="domain.id", primary_key=True)
    generation: int = Field(primary_key=True)
    public_key: bytes
    sealed_for_kit: bytes | None
    """The private half, sealed to the recovery kit."""
    created_at: int


class EscrowHolderRow(Table, table=True):
    """The private half of an escrow key, sealed to the identity key of an account that may use or hand it on."""

    __tablename__ = "escrow_holder"
    __table_args__ = _CLUSTERED

    domain_id: int = Field(foreign_key="domain.id", primary_key=True)
    generation: int = Field(primary_key=True)
    account_id: int = Field(foreign_key="account.id", primary_key=True, index=True)
    identity_generation: int
    sealed_private: bytes
    custodian: bool
    """Holds it only until the domain's first admin does."""
    created_at: int


class AccountRow(Table, table=True):
    __tablename__ = "account"
    __table_args__ = (
        Index(None, "domain_id", "email", "role", "state", "name"),
        Index(None, "domain_id", "name", "role", "state", "email"),
        _NEVER_REUSED,
    )
    """What a list is filtered by stands in the indexes too: a row is read only when it is in the page."""

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    domain_id: int = Field(foreign_key="domain.id", index=True)
    role: str
    state: str
    email: str = Field(unique=True)
    name: str
    legal_name: str | None
    contact_email: str | None
    """Where notices may go; no channel before it is verified (S11)."""
    contact_email_verified_at: int | None
    phone: str | None
    locale: str
    generation: int
    quota_bytes: int
    used_bytes: int
    """Padded sizes of the documents it holds, each counted once."""
    last_uid_validity: int
    client_noted: bool = Field(sa_column_kwargs={"server_default": "0"})
    """Whether the program that IMAP's ID names may be kept with a device (S16)."""
    accepted_mode: str | None
    """The domain mode that its owner has seen and accepted."""
    accepted_at: int | None
    state_before: str | None
    """What a suspension and a closure took away, oldest first, separated by blanks: their end gives it back."""
    closed_at: int | None
    created_at: int


class AddressRow(Table, table=True):
    """An address that delivers to an account: its primary one and its aliases. Lower case."""

    __tablename__ = "address"

    address: str = Field(primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    only_from: str | None
    """An alias for one sender: an address, or @ and a domain; mail from others is refused (D11)."""
    label: str | None
    created_at: int | None


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
    parameters: str | None
    """How a chosen secret was stretched (Argon2); NULL for random ones."""
    created_at: int
    expires_at: int | None


class EscrowSlotRow(Table, table=True):
    """The account key, sealed under the shred secret and that to the domain's escrow key."""

    __tablename__ = "escrow_slot"

    account_id: int | None = Field(default=None, foreign_key="account.id", primary_key=True)
    domain_id: int
    generation: int
    sealed_key: bytes
    created_at: int


class SecondFactorRow(Table, table=True):
    """TOTP of an account (RFC 6238). A seed counts once a code of it was seen."""

    __tablename__ = "second_factor"

    account_id: int | None = Field(default=None, foreign_key="account.id", primary_key=True)
    seed: bytes | None
    last_step: int
    """Time step of the last code accepted: none before it is accepted again."""
    pending_seed: bytes | None
    pending_since: int | None


class ApiSessionRow(Table, table=True):
    """A bearer session. Its token opens the slot, and with it the account's keys; no key outlives the request."""

    __tablename__ = "api_session"
    __table_args__ = _NEVER_REUSED

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    slot_id: int = Field(foreign_key="key_slot.id", index=True)
    selector: str = Field(unique=True)
    started_at: int
    used_at: int
    stepped_up_at: int | None
    client: str


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
    networks: str | None
    """CIDR, separated by blanks; NULL: from everywhere."""
    origin: str = Field(sa_column_kwargs={"server_default": "owner"})
    """Who made it: its owner, an admin at creation, or a break-glass access."""
    last_network: str | None
    """/24 or /48 of the last use."""
    last_client: str | None


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


class AuditInvolvedRow(Table, table=True):
    """Which accounts an event is about or was done by: an index, made from the event."""

    __tablename__ = "audit_involved"
    __table_args__ = _CLUSTERED

    account_id: int = Field(primary_key=True)
    position: int = Field(primary_key=True)


class AuditDomainRow(Table, table=True):
    """Which domains an event is about."""

    __tablename__ = "audit_domain"
    __table_args__ = _CLUSTERED

    domain_id: int = Field(primary_key=True)
    position: int = Field(primary_key=True)


class GrantRow(Table, table=True):
    """A role given to an account, in one domain or (NULL) the whole bridge."""

    __tablename__ = "role_grant"
    __table_args__ = _NEVER_REUSED

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    role: str
    domain_id: int | None = Field(foreign_key="domain.id", index=True)
    ticket: str | None
    granted_by: int | None
    """Account; NULL for the operator of the machine."""
    granted_at: int
    ends_at: int | None
    used_at: int | None
    reviewed_at: int
    revoked_at: int | None


class IdentityChangeRow(Table, table=True):
    """A change of what identifies a person; can be undone for a day (S48)."""

    __tablename__ = "identity_change"
    __table_args__ = _NEVER_REUSED

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    field: str
    old_value: str | None
    new_value: str | None
    """Both are NULL once it can no longer be undone."""
    old_verified_at: int | None
    changed_by: int | None
    changed_at: int
    undo_until: int
    undone_at: int | None


class BreakGlassRow(Table, table=True):
    """Access to someone's mailbox by two people, for a time (S66)."""

    __tablename__ = "break_glass"
    __table_args__ = _NEVER_REUSED

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
    __table_args__ = _NEVER_REUSED

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
    __table_args__ = _NEVER_REUSED

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
    __table_args__ = _NEVER_REUSED

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
    __table_args__ = _CLUSTERED

    name: str = Field(primary_key=True)
    value: bytes
