"""What recipients decide: who their documents come from, preferences with their history, consents."""

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from storage.schema.base import CLUSTERED, NEVER_REUSED, Table


class CorrespondentRow(Table, table=True):
    """Who documents come from: an account here, or an address outside. Exactly one of the two is set."""

    __tablename__ = "correspondent"
    __table_args__ = (
        CheckConstraint("(account_id IS NULL) <> (address IS NULL)", name="one"),
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, primary_key=True)
    account_id: int | None = Field(default=None, foreign_key="account.id", unique=True)
    address: str | None = Field(default=None, unique=True)
    """Lower case."""


class PreferenceRow(Table, table=True):
    """What is chosen at one level; NULL in a column leaves that to the next, less specific one.

    account, correspondent, type → recipient × sender × type · account, correspondent → recipient × sender ·
    account → recipient · domain → domain; domain, type → what a domain says of a type (mandatory).
    """

    __tablename__ = "preference"
    __table_args__ = (
        CheckConstraint("(account_id IS NULL) <> (domain_id IS NULL)", name="whose"),
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, primary_key=True)
    level: str = Field(unique=True)
    """The four that follow in one string, so that each level has one row."""
    account_id: int | None = Field(default=None, foreign_key="account.id", index=True)
    domain_id: int | None = Field(default=None, foreign_key="domain.id", index=True)
    correspondent_id: int | None = Field(default=None, foreign_key="correspondent.id")
    document_type: str | None
    channel: str | None
    mailbox_id: int | None = Field(default=None, foreign_key="mailbox.id", ondelete="SET NULL", index=True)
    notify: str | None
    quiet: str | None
    ladder: str | None
    retention_days: int | None
    receipts: bool | None
    language: str | None
    mandatory: bool = Field(sa_column_kwargs={"server_default": "0"})
    changed_at: int


class PreferenceChangeRow(Table, table=True):
    """History (S15): old and new as JSON, by whom and on which road; undone for a day."""

    __tablename__ = "preference_change"
    __table_args__ = (Index(None, "account_id", "changed_at"), NEVER_REUSED)

    id: int | None = Field(default=None, primary_key=True)
    batch: str = Field(index=True)
    """The same for all rows that one act changed: one undo takes them all back."""
    account_id: int | None = Field(default=None, foreign_key="account.id")
    domain_id: int | None = Field(default=None, foreign_key="domain.id", index=True)
    correspondent_id: int | None = Field(default=None, foreign_key="correspondent.id")
    document_type: str | None
    old: str | None
    new: str | None
    road: str
    changed_by: int | None
    changed_at: int
    undo_until: int
    undone_at: int | None


class ConsentRow(Table, table=True):
    """Consent ledger (S35, S58): denied unless a row says otherwise that is neither withdrawn nor over."""

    __tablename__ = "consent"
    __table_args__ = NEVER_REUSED

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    purpose: str
    correspondent_id: int | None = Field(default=None, foreign_key="correspondent.id")
    """To whom; NULL for a purpose that concerns no sender."""
    scope: str | None
    road: str
    granted_at: int
    ends_at: int | None
    withdrawn_at: int | None


class UsageSwitchRow(Table, table=True):
    """A class of usage events that an account has switched off (S13)."""

    __tablename__ = "usage_switch"
    __table_args__ = CLUSTERED

    account_id: int = Field(foreign_key="account.id", primary_key=True)
    category: str = Field(primary_key=True)


class UsageCountRow(Table, table=True):
    """How often an account did what, by day (S13): a class of acts and a number, never a document."""

    __tablename__ = "usage_count"
    __table_args__ = CLUSTERED

    account_id: int = Field(foreign_key="account.id", primary_key=True)
    day: int = Field(primary_key=True, index=True)
    """Its first second in UTC."""
    category: str = Field(primary_key=True)
    times: int
