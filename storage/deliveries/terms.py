"""The words of deliveries: what can be chosen, what can be decided, and their text in the database.

Nothing here knows the database. Texts that come from outside are parsed by `Ladder.parse` and `Quiet.parse`; their
`str` is what is stored.
"""

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Self

from storage.errors import Invalid

DAY = 86_400
DECISIONS_KEPT = 90 * DAY
"""How long it can be explained why a document came as it did. For all but its reader the delivery itself ends then:
the row stays as long as the reader keeps the document, which is nobody else's to know.
"""
MAX_DAYS = 3650
MAX_RUNGS = 12
MAX_LADDER_DAYS = 89
"""Of the last rung: decisions and what they need are kept for 90 days."""


class DocumentType(StrEnum):
    """What a document is."""

    LETTER = "letter"
    INVOICE = "invoice"
    REMINDER = "reminder"
    PAYSLIP = "payslip"
    CONTRACT = "contract"
    NOTICE = "notice"
    NEWSLETTER = "newsletter"
    OTHER = "other"


class Sensitivity(StrEnum):
    """RFC 2156 section 5.3.4."""

    PERSONAL = "personal"
    PRIVATE = "private"
    CONFIDENTIAL = "company-confidential"


class Channel(StrEnum):
    """How a document reaches its recipient."""

    MAILBOX = "mailbox"
    EXTERNAL = "external"
    """The recipient's own IMAP account elsewhere."""
    EMAIL = "email"
    PAPER = "paper"
    REFUSE = "refuse"


LEAVES = frozenset({Channel.EXTERNAL, Channel.EMAIL, Channel.PAPER})
"""Channels by which a third party carries the document (S78)."""


class Notify(StrEnum):
    """When a content-free notice of an arrival is sent."""

    NONE = "none"
    AT_ONCE = "at-once"
    DAILY = "daily"


class Rung(StrEnum):
    """What a ladder does on one of its days."""

    REMIND = "remind"
    EMAIL = "email"
    PAPER = "paper"


class Road(StrEnum):
    """By which way a preference was changed (S15)."""

    MOVE = "move"
    REPLY = "reply"
    UNSUBSCRIBE = "unsubscribe"
    TUI = "tui"
    CLI = "cli"
    API = "api"
    UNDO = "undo"


class DeliveryState(StrEnum):
    """How far a delivery is."""

    HELD = "held"
    """In a batch that is not committed: the recipient does not see it yet."""
    WAITING = "waiting"
    """For a recipient who has not registered, or unread with a ladder under way."""
    DELIVERED = "delivered"
    """In the mailbox; nothing else is to happen."""
    LEAVING = "leaving"
    """In the outbox."""
    HANDED_OFF = "handed-off"
    FAILED = "failed"
    """Its channel gave up; it lies in the mailbox."""
    REFUSED = "refused"
    OPENED = "opened"
    REMOVED = "removed"
    """The reader deleted it unread, or put it into the trash: handled, but never read."""


class JobKind(StrEnum):
    """What an outbox job does, by the carrier that does it."""

    EXTERNAL = "external"
    EMAIL = "email"
    PAPER = "paper"
    NOTICE = "notice"


class JobState(StrEnum):
    WAITING = "waiting"
    DEAD = "dead"
    """Given up; a person may try it again or cancel it."""
    UNCERTAIN = "uncertain"
    """It may have happened already: only a person may say so. Never tried again by itself."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """Rungs by day after arrival, ascending: `3:remind 7:email 14:paper`. Empty: no ladder."""

    rungs: tuple[tuple[int, Rung], ...] = ()

    def __str__(self) -> str:
        return " ".join(f"{day}:{rung}" for day, rung in self.rungs)

    def __bool__(self) -> bool:
        return bool(self.rungs)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Invalid if days do not grow, lie outside 1 to 89, or a rung has no such name."""
        try:
            pairs = [part.partition(":") for part in text.split()]
            rungs = tuple((int(day), Rung(rung)) for day, _, rung in pairs)
        except ValueError:
            raise Invalid("ladder: such as 3:remind 7:email 14:paper") from None
        days = [day for day, _ in rungs]
        if (
            sorted(set(days)) != days
            or len(days) > MAX_RUNGS
            or (days and not 1 <= days[0] <= days[-1] <= MAX_LADDER_DAYS)
        ):
            raise Invalid(f"ladder: growing days from 1 to {MAX_LADDER_DAYS}, at most {MAX_RUNGS} of them")
        return cls(rungs)

    def leaves(self) -> bool:
        """Whether it may hand the document to a third party, and so needs its key (S78)."""
        return any(rung is not Rung.REMIND for _, rung in self.rungs)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours without notices, in minutes of the local day; may pass midnight: `22:00-07:00`."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.start // 60:02}:{self.start % 60:02}-{self.end // 60:02}:{self.end % 60:02}"

    @classmethod
    def parse(cls, text: str) -> Self:
        start, _, end = text.partition("-")
        return cls(_minutes(start), _minutes(end))


def _minutes(text: str) -> int:
    hour, _, minute = text.strip().partition(":")
    if not (hour.isascii() and minute.isascii() and hour.isdigit() and minute.isdigit() and len(minute) == 2):
        raise Invalid("quiet hours: such as 22:00-07:00")
    if int(hour) > 23 or int(minute) > 59:
        raise Invalid("quiet hours: such as 22:00-07:00")
    return int(hour) * 60 + int(minute)


@dataclass(frozen=True, slots=True)
class Choice:
    """What one level says; None leaves a field to the next, less specific level."""

    channel: Channel | None = None
    mailbox_id: int | None = None
    """The folder; a number, as its name is the reader's own."""
    notify: Notify | None = None
    quiet: Quiet | None = None
    ladder: Ladder | None = None
    retention_days: int | None = None
    """0: keep until the reader erases it."""
    receipts: bool | None = None
    language: str | None = None

    def is_empty(self) -> bool:
        return all(getattr(self, each.name) is None for each in fields(self))


@dataclass(frozen=True, slots=True)
class Preference:
    """One row: a choice and the level it stands at."""

    choice: Choice
    account_id: int | None = None
    domain_id: int | None = None
    correspondent_id: int | None = None
    document_type: DocumentType | None = None
    mandatory: bool = False
    """Of a domain for a type: a refusal does not hold against it."""
    changed_at: int = 0


@dataclass(frozen=True, slots=True)
class ReaderFacts:
    """What of a reader a decision depends on."""

    account_id: int
    domain_id: int
    invited: bool
    language: str
    contact_verified: bool
    has_postal_address: bool
    external_country: str | None
    """Of a verified external mailbox; None if there is none."""
    paper_returned: bool = False
    """Paper came back from the postal address, which nobody has confirmed since."""
    has_notice_url: bool = False
    declined: frozenset[Channel] = frozenset()
    """Channels whose carriers were accepted once and are no longer (S78)."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision as it is stored for one reader; see `bridge.routing.decision` for how it is made."""

    account_id: int
    document_type: DocumentType
    channel: Channel
    state: DeliveryState
    language: str
    reasons: str = field(repr=False)
    """JSON: a list of {code, level, field, value}."""
    mailbox_id: int | None = None
    """None: the inbox."""
    notify: Notify = Notify.NONE
    receipts: bool = False
    ladder: Ladder = Ladder()
    ladder_due_at: int | None = None
    needs_key: bool = False
    erase_at: int | None = None
    sensitivity: Sensitivity | None = None
    message_tag: bytes | None = field(default=None, repr=False)
    wants_mdn: bool = False
    dsn: str | None = field(default=None, repr=False)
    reply_by: int | None = None
    expires_at: int | None = None
    jobs: tuple["NewJob", ...] = ()


@dataclass(frozen=True, slots=True)
class NewJob:
    """To be queued in the same transaction. `key` gets the delivery's public id put in front, if it is of one."""

    kind: JobKind
    key: str
    due_at: int
    payload: bytes | None = field(default=None, repr=False)
    """In clear; sealed before it is stored."""
    of_account: bool = False
    """One for many deliveries of an account, such as a notice that counts them: `key` stands as it is."""
