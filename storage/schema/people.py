"""Who is known: domains, accounts with their addresses, roles granted, changes of identity."""

from sqlalchemy import Index
from sqlmodel import Field

from storage.schema.base import CLUSTERED, NEVER_REUSED, Table


class DomainRow(Table, table=True):
    __tablename__ = "domain"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    mode: str
    country: str
    created_at: int


class AccountRow(Table, table=True):
    __tablename__ = "account"
    __table_args__ = (
        Index(None, "domain_id", "email", "role", "state", "name"),
        Index(None, "domain_id", "name", "role", "state", "email"),
        NEVER_REUSED,
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
    postal_address: str | None
    """Lines as they stand on an envelope below the name, the last one the country as ISO 3166-1 alpha-2."""
    postal_returned_at: int | None
    """When paper came back from there: it is not used until it is confirmed or changed."""
    default_type: str | None
    """Of a sender: the type of its documents that do not name one."""
    locale: str
    generation: int
    closed_below: int | None
    """Identity keys of generations below this one were closed by a reset; None: there was none."""
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
    __table_args__ = CLUSTERED

    account_id: int = Field(foreign_key="account.id", primary_key=True)
    address: str = Field(primary_key=True, index=True)


class GrantRow(Table, table=True):
    """A role given to an account, in one domain or (NULL) the whole bridge."""

    __tablename__ = "role_grant"
    __table_args__ = NEVER_REUSED

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
    __table_args__ = NEVER_REUSED

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
