"""Documents, the keys that open them for each reader, and the mailboxes they lie in."""

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from storage.schema.base import CLUSTERED, NEVER_REUSED, Table


class MailboxRow(Table, table=True):
    """A folder. Without a `sealed_name` it has the fixed name of its special use."""

    __tablename__ = "mailbox"
    __table_args__ = (
        UniqueConstraint("account_id", "name_tag"),
        UniqueConstraint("account_id", "special"),
        NEVER_REUSED,
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
    __table_args__ = CLUSTERED

    account_id: int = Field(foreign_key="account.id", primary_key=True)
    name_tag: bytes = Field(primary_key=True)
    sealed_name: bytes


class DocumentRow(Table, table=True):
    """Body in the file `body_name`, or in `inline_body` where that is NULL."""

    __tablename__ = "document"
    __table_args__ = NEVER_REUSED

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    body_name: str | None
    stored_size: int
    sender_account_id: int | None = Field(foreign_key="account.id", index=True)
    correspondent_id: int | None
    """Who it came from, an outside address included; NULL for what a reader or Postex itself put there.
    Without a foreign key: adding one would rebuild the table.
    """
    received_at: int


class HandInRow(Table, table=True):
    """A transaction accepted lately, so that its repetition is recognised even after its document is gone."""

    __tablename__ = "hand_in"
    __table_args__ = CLUSTERED

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
    __table_args__ = CLUSTERED

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
        CLUSTERED,
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


class ChosenDocumentRow(Table, table=True):
    """A document by whose copy its reader has just chosen how its sender reaches them: if its original is expunged
    before `until`, as the second half of a move, it comes back.
    """

    __tablename__ = "chosen_document"
    __table_args__ = CLUSTERED

    account_id: int = Field(foreign_key="account.id", primary_key=True)
    document_id: int = Field(foreign_key="document.id", ondelete="CASCADE", primary_key=True, index=True)
    until: int


class StandingMessageRow(Table, table=True):
    """A message of ours that a newer one on the same topic takes the place of."""

    __tablename__ = "standing_message"
    __table_args__ = (
        Index("ix_standing_message_due", "due_at", sqlite_where=text("due_at IS NOT NULL")),
        CLUSTERED,
    )

    account_id: int = Field(foreign_key="account.id", primary_key=True)
    topic: str = Field(primary_key=True)
    """`preferences:` and a correspondent, or `confirmation:` and a batch of changes."""
    document_id: int | None = Field(default=None, foreign_key="document.id", ondelete="SET NULL", index=True)
    written_at: int
    due_at: int | None
    """When it has to be written anew; NULL: it is up to date."""
    detail: str | None
    """JSON, of a confirmation: what was not changed, and why. Numbers and codes."""
