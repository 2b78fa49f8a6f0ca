"""IMAP commands as values: what the parser makes of a client's line and what a session executes.

One frozen dataclass per command (RFC 3501 section 6 and the extensions named at each). Mailbox names are decoded
Unicode (modified UTF-7 undone, INBOX upper-cased); sequence sets are kept as ranges and are never expanded.
Secrets, mailbox names, search words and client names are kept out of every `repr`: a log or traceback may hold one.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import Enum, auto

STAR = 0
"""`*` in a sequence set: the largest number in use."""


@dataclass(frozen=True, slots=True)
class SequenceSet:
    """Ranges as sent, each (low, high) with `STAR` for `*`; RFC 3501 section 9 `sequence-set`."""

    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Command:
    """Base of all; `tag` is what the answer must carry."""

    tag: str


# --- any state ---


@dataclass(frozen=True, slots=True)
class Capability(Command): ...


@dataclass(frozen=True, slots=True)
class Noop(Command): ...


@dataclass(frozen=True, slots=True)
class Logout(Command): ...


@dataclass(frozen=True, slots=True)
class Id(Command):
    """RFC 2971; None for NIL."""

    fields: tuple[tuple[str, str | None], ...] | None = field(repr=False)


# --- not authenticated ---


@dataclass(frozen=True, slots=True)
class StartTls(Command): ...


@dataclass(frozen=True, slots=True)
class Authenticate(Command):
    """RFC 3501 section 6.2.2 with RFC 4959: `initial` is the decoded initial response, None if none was sent."""

    mechanism: str
    initial: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Login(Command):
    username: str = field(repr=False)
    password: str = field(repr=False)


# --- authenticated ---


@dataclass(frozen=True, slots=True)
class Select(Command):
    """SELECT, or EXAMINE when `read_only`."""

    mailbox: str = field(repr=False)
    read_only: bool
    parameters: tuple[str, ...] = ()
    """Upper-cased names in the RFC 4466 parameter list, such as CONDSTORE."""


@dataclass(frozen=True, slots=True)
class Create(Command):
    mailbox: str = field(repr=False)
    special_use: str | None = None
    """`\\Archive` and the like, from CREATE … (USE (…)), RFC 6154 section 3."""


@dataclass(frozen=True, slots=True)
class Delete(Command):
    mailbox: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rename(Command):
    source: str = field(repr=False)
    target: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Subscribe(Command):
    mailbox: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unsubscribe(Command):
    mailbox: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class List(Command):
    """LIST with RFC 5258 selection and return options and RFC 5819 STATUS items; names upper-cased."""

    reference: str = field(repr=False)
    patterns: tuple[str, ...] = field(repr=False)
    selection: frozenset[str] = frozenset()
    """Of SUBSCRIBED, REMOTE, RECURSIVEMATCH, SPECIAL-USE."""
    returns: frozenset[str] = frozenset()
    """Of SUBSCRIBED, CHILDREN, SPECIAL-USE."""
    status: tuple[str, ...] = ()
    """STATUS items asked for by RETURN (STATUS (…))."""


@dataclass(frozen=True, slots=True)
class Lsub(Command):
    reference: str = field(repr=False)
    pattern: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Status(Command):
    mailbox: str = field(repr=False)
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Append(Command):
    """`message` is the literal, bytes as received."""

    mailbox: str = field(repr=False)
    flags: tuple[str, ...]
    internal_date: int | None
    """Seconds since the epoch."""
    message: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Namespace(Command): ...


@dataclass(frozen=True, slots=True)
class Enable(Command):
    capabilities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Idle(Command):
    """RFC 2177; the connection handles DONE."""


# --- selected ---


@dataclass(frozen=True, slots=True)
class Check(Command): ...


@dataclass(frozen=True, slots=True)
class Close(Command): ...


@dataclass(frozen=True, slots=True)
class Unselect(Command): ...


@dataclass(frozen=True, slots=True)
class Expunge(Command):
    """EXPUNGE, or UID EXPUNGE of RFC 4315 when `uids` is given."""

    uids: SequenceSet | None = None


class Text(Enum):
    """What of a part a section names (RFC 3501 section 6.4.5 `section-text`)."""

    ALL = auto()
    """BODY[] or BODY[1.2]."""
    HEADER = auto()
    HEADER_FIELDS = auto()
    HEADER_FIELDS_NOT = auto()
    TEXT = auto()
    MIME = auto()


@dataclass(frozen=True, slots=True)
class Section:
    part: tuple[int, ...] = ()
    """(1, 2) for BODY[1.2]; empty for the whole message."""
    text: Text = Text.ALL
    fields: tuple[str, ...] = ()
    """Header field names as sent."""


class Item(Enum):
    """FETCH items without arguments. ALL, FAST and FULL are expanded by the parser."""

    BODY = "BODY"
    BODYSTRUCTURE = "BODYSTRUCTURE"
    ENVELOPE = "ENVELOPE"
    FLAGS = "FLAGS"
    INTERNALDATE = "INTERNALDATE"
    RFC822_SIZE = "RFC822.SIZE"
    UID = "UID"
    RFC822 = "RFC822"
    RFC822_HEADER = "RFC822.HEADER"
    RFC822_TEXT = "RFC822.TEXT"


@dataclass(frozen=True, slots=True)
class BodyItem:
    """BODY[…] and BODY.PEEK[…]."""

    section: Section
    peek: bool
    partial: tuple[int, int] | None = None
    """(first byte, at most this many)."""


@dataclass(frozen=True, slots=True)
class Fetch(Command):
    messages: SequenceSet
    items: tuple[Item | BodyItem, ...]
    by_uid: bool
    modifiers: tuple[tuple[str, int], ...] = ()


class StoreMode(Enum):
    SET = ""
    ADD = "+"
    REMOVE = "-"


@dataclass(frozen=True, slots=True)
class Store(Command):
    messages: SequenceSet
    mode: StoreMode
    flags: tuple[str, ...]
    silent: bool
    by_uid: bool


@dataclass(frozen=True, slots=True)
class CopyTo(Command):
    """COPY, or MOVE of RFC 6851 when `move`."""

    messages: SequenceSet
    mailbox: str = field(repr=False)
    by_uid: bool
    move: bool


# --- search keys: a tree ---


@dataclass(frozen=True, slots=True)
class SearchKey: ...


@dataclass(frozen=True, slots=True)
class And(SearchKey):
    keys: tuple[SearchKey, ...]


@dataclass(frozen=True, slots=True)
class Or(SearchKey):
    left: SearchKey
    right: SearchKey


@dataclass(frozen=True, slots=True)
class Not(SearchKey):
    key: SearchKey


@dataclass(frozen=True, slots=True)
class All(SearchKey): ...


@dataclass(frozen=True, slots=True)
class HasFlag(SearchKey):
    """A system flag (`\\Seen`), `\\Recent`, or a keyword. UNSEEN, OLD and the like become `Not`, NEW an `And`."""

    flag: str


@dataclass(frozen=True, slots=True)
class InSequence(SearchKey):
    messages: SequenceSet
    by_uid: bool


@dataclass(frozen=True, slots=True)
class SizeIs(SearchKey):
    larger: bool
    size: int


class DateOp(Enum):
    BEFORE = auto()
    ON = auto()
    SINCE = auto()


@dataclass(frozen=True, slots=True)
class DateIs(SearchKey):
    """BEFORE, ON, SINCE, or their SENT… forms over the Date header when `sent`; time and zone disregarded."""

    op: DateOp
    day: date
    sent: bool


@dataclass(frozen=True, slots=True)
class HeaderHas(SearchKey):
    """HEADER name text, and BCC, CC, FROM, SUBJECT, TO. Empty text: the field is there."""

    name: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class BodyHas(SearchKey):
    """BODY text."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TextHas(SearchKey):
    """TEXT text: header or body."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Search(Command):
    """SEARCH with its charset already applied to the texts."""

    key: SearchKey
    by_uid: bool
    returns: frozenset[str] | None = None
    """RFC 4731 RETURN options, None when not asked for."""
