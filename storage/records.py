"""What storage hands out: plain immutable records, never database rows.

Times are seconds since the epoch in UTC (int). Sizes are bytes. `id` fields are database keys and stay inside
the process; `public_id` fields are random, URL-safe and may be shown.
"""

from dataclasses import dataclass, field
from enum import IntFlag, StrEnum
from typing import NamedTuple

from storage.deliveries.terms import Channel


class DomainMode(StrEnum):
    """Who can open an account's keys besides its owner (security.md, Keys)."""

    MANAGED = "managed"
    PRIVATE = "private"


class Role(StrEnum):
    """What a person may do (security.md). An account is made as owner, sender or recipient; grants come on top."""

    OWNER = "owner"
    DOMAIN_ADMIN = "domain-admin"
    RESELLER = "reseller"
    SUPPORT = "support"
    AUDITOR = "auditor"
    SENDER = "sender"
    RECIPIENT = "recipient"
    SYSTEM = "system"
    """The canary of backups: nobody's account, without a way to sign in or an address, and never listed."""


ACCOUNT_ROLES = frozenset({Role.OWNER, Role.SENDER, Role.RECIPIENT})
GRANTED_ROLES = frozenset({Role.OWNER, Role.DOMAIN_ADMIN, Role.RESELLER, Role.SUPPORT, Role.AUDITOR})


class AccountState(StrEnum):
    """Life of an account (S9)."""

    INVITED = "invited"
    REGISTERED = "registered"
    SUSPENDED = "suspended"
    CLOSED = "closed"
    ERASED = "erased"


class Scope(StrEnum):
    """What a device password may be used for."""

    IMAP_READ = "imap-read"
    IMAP = "imap"
    SMTP_SEND = "smtp-send"


class Origin(StrEnum):
    """Who made a device."""

    OWNER = "owner"
    ADMIN = "admin"
    """Handed out when the account was made."""
    BREAK_GLASS = "break-glass"


class SpecialUse(StrEnum):
    """Mailboxes that every account has, or that carry a role (RFC 6154 section 2)."""

    INBOX = "inbox"
    ARCHIVE = "archive"
    DRAFTS = "drafts"
    JUNK = "junk"
    SENT = "sent"
    TRASH = "trash"


class Flag(IntFlag):
    """System flags (RFC 3501 section 2.3.2) as stored. \\Recent is never stored: see `Selected`."""

    NONE = 0
    SEEN = 1
    ANSWERED = 2
    FLAGGED = 4
    DELETED = 8
    DRAFT = 16


@dataclass(frozen=True, slots=True)
class Domain:
    id: int
    name: str
    mode: DomainMode
    country: str
    """ISO 3166-1 alpha-2, where its documents are kept."""


@dataclass(frozen=True, slots=True)
class Account:
    id: int
    public_id: str
    domain_id: int
    role: Role
    state: AccountState
    email: str
    """Primary address, lower case, as shown and used as user name."""
    name: str
    locale: str
    generation: int
    """Current generation of the identity key."""
    quota_bytes: int


@dataclass(frozen=True, slots=True)
class Device:
    id: int
    account_id: int
    label: str
    selector: str
    """Public part of the device password; finds the row."""
    scopes: frozenset[Scope]
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    last_used_at: int | None
    """Start of the day of the last use: finer is not kept."""
    networks: tuple[str, ...] = ()
    """CIDR; it may sign in from these alone. Empty: from everywhere."""
    origin: Origin = Origin.OWNER
    last_network: str | None = None
    """/24 or /48 of the last use."""
    last_client: str | None = None
    """The program of the last use, where its owner lets that be kept (S16)."""


@dataclass(frozen=True, slots=True)
class DeviceCredentials:
    """Shown once, when a device is made; the password is kept nowhere."""

    device: Device
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class EnrolmentCode:
    """Shown once; opens the account's key until `expires_at`."""

    code: str = field(repr=False)
    expires_at: int


class Recipient(NamedTuple):
    """All that delivery needs to know of an account: where it goes and to which public key it is sealed."""

    account_id: int
    account_public_id: str
    inbox_id: int
    generation: int
    public_key: bytes
    """X25519, 32 bytes."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An IMAP folder of one account."""

    id: int
    account_id: int
    name: str
    """Unicode, `/` between levels; exactly `INBOX` for the inbox."""
    special: SpecialUse | None
    uid_validity: int
    uid_next: int
    highest_modseq: int
    chooses: Channel | None = None
    """A delivery folder: what is moved here chooses this channel for its sender. It is always empty."""


@dataclass(frozen=True, slots=True)
class MailboxStatus:
    """STATUS of a mailbox (RFC 3501 section 6.3.10)."""

    messages: int
    recent: int
    unseen: int
    uid_next: int
    uid_validity: int
    highest_modseq: int


class Copy(NamedTuple):
    """One reader's view of a document: a message in a mailbox. A tuple, as ten thousand are made at each SELECT."""

    uid: int
    document_id: int
    flags: int
    """Bits of `Flag`."""
    keywords: tuple[str, ...]
    """In the spelling first stored, sorted."""
    modseq: int
    internal_date: int


@dataclass(frozen=True, slots=True)
class Selected:
    """A mailbox as it stood at SELECT: the base that later `MailboxChange`s are applied to."""

    mailbox: Mailbox
    copies: list[Copy]
    """In ascending order of UID."""
    first_recent_uid: int
    """UIDs from here on are \\Recent in this session only."""


@dataclass(frozen=True, slots=True)
class MailboxChange:
    """What one committed write did to one mailbox. Sent to listeners in commit order; `modseq` only grows."""

    account_id: int
    mailbox_id: int
    modseq: int
    arrived: tuple[Copy, ...] = ()
    flagged: tuple[Copy, ...] = ()
    expunged: tuple[int, ...] = ()
    """UIDs, ascending."""
    deleted: bool = False
    """The mailbox itself is gone."""


@dataclass(frozen=True, slots=True)
class DeviceRevoked:
    """A device lost its right; its live sessions must end."""

    account_id: int
    device_id: int


@dataclass(frozen=True, slots=True)
class AccountBarred:
    """An account may not sign in any more (suspended, closed, erased, keys replaced): all its live sessions end."""

    account_id: int


@dataclass(frozen=True, slots=True)
class AuditAppended:
    """The audit log grew: for those who watch it live."""

    position: int


@dataclass(frozen=True, slots=True)
class OutboxChanged:
    """A job was queued, put off, given up or done."""

    job_id: int
    kind: str
    account_id: int | None
    state: str | None
    """None: the job is gone."""
    due_at: int | None


Change = MailboxChange | DeviceRevoked | AccountBarred | AuditAppended | OutboxChanged


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of a hand-in."""

    document_public_id: str
    copies: tuple[tuple[int, int], ...]
    """(mailbox id, UID) per recipient, in the order asked."""
    duplicate: bool
    """The same transaction had been accepted before; nothing was stored again."""
    document_id: int | None = None
    """Its row, which no other process knows; None for a duplicate."""
