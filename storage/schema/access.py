"""What opens an account: key slots, escrow, second factor, sessions, devices, identity keys."""

from sqlmodel import Field

from storage.schema.base import CLUSTERED, NEVER_REUSED, Table


class EscrowKeyRow(Table, table=True):
    """A domain's escrow key: what it seals, its holders can open. Domains of mode private have none."""

    __tablename__ = "escrow_key"
    __table_args__ = CLUSTERED

    domain_id: int = Field(foreign_key="domain.id", primary_key=True)
    generation: int = Field(primary_key=True)
    public_key: bytes
    sealed_for_kit: bytes | None
    """The private half, sealed to the recovery kit."""
    created_at: int


class EscrowHolderRow(Table, table=True):
    """The private half of an escrow key, sealed to the identity key of an account that may use or hand it on."""

    __tablename__ = "escrow_holder"
    __table_args__ = CLUSTERED

    domain_id: int = Field(foreign_key="domain.id", primary_key=True)
    generation: int = Field(primary_key=True)
    account_id: int = Field(foreign_key="account.id", primary_key=True, index=True)
    identity_generation: int
    sealed_private: bytes
    custodian: bool
    """Holds it only until the domain's first admin does."""
    created_at: int


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
    __table_args__ = NEVER_REUSED

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
    __table_args__ = NEVER_REUSED

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    slot_id: int | None = Field(foreign_key="key_slot.id", index=True)
    """None once revoked, or a break-glass access is over: the slot is gone."""
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
    __table_args__ = CLUSTERED

    account_id: int = Field(foreign_key="account.id", primary_key=True)
    generation: int = Field(primary_key=True)
    public_key: bytes
    sealed_private: bytes
    created_at: int
