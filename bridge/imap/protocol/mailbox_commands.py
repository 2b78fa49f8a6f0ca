"""Commands about mailboxes as a whole (RFC 3501 section 6.3; 4466, 6154); LIST and LSUB are in `list_commands`.

Each parser stands behind the verb and takes the rest up to the end of the command.
"""

from collections.abc import Callable
from typing import TypeVar

from bridge.imap.protocol import dates
from bridge.imap.protocol.commands import (
    Append,
    Command,
    Create,
    Delete,
    Rename,
    Select,
    Status,
    Subscribe,
    Unsubscribe,
)
from bridge.imap.protocol.errors import BadSpecialUse, ParseError
from bridge.imap.protocol.flags import flag_list
from bridge.imap.protocol.lexer import Lexer

STATUS_ITEMS = frozenset(
    (
        *("MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN"),
        *("HIGHESTMODSEQ", "SIZE", "DELETED", "APPENDLIMIT", "MAILBOXID"),
    )
)
"""RFC 3501, 7162, 8438, 9051, 7889, 8474; which of them is served is the session's to say."""

SPECIAL_USES = {
    name.upper(): "\\" + name
    for name in ("All", "Archive", "Drafts", "Flagged", "Important", "Junk", "Sent", "Trash")
}

Named = TypeVar("Named", Delete, Subscribe, Unsubscribe)


def select(lexer: Lexer, tag: str) -> Select:
    """`select = "SELECT" SP mailbox [SP "(" select-param *(SP select-param) ")"]`, RFC 4466 section 2.6."""
    return _select(lexer, tag, read_only=False)


def examine(lexer: Lexer, tag: str) -> Select:
    """`examine`, as `select`."""
    return _select(lexer, tag, read_only=True)


def _select(lexer: Lexer, tag: str, *, read_only: bool) -> Select:
    lexer.space()
    mailbox = lexer.mailbox()
    if not lexer.more():
        return Select(tag, mailbox, read_only)
    lexer.space()
    return Select(tag, mailbox, read_only, tuple(lexer.parenthesised(lexer.word)))


def of_one(kind: type[Named]) -> Callable[[Lexer, str], Named]:
    """A parser of `verb SP mailbox`: DELETE, SUBSCRIBE, UNSUBSCRIBE."""

    def read(lexer: Lexer, tag: str) -> Named:
        lexer.space()
        return kind(tag, lexer.mailbox())

    return read


def create(lexer: Lexer, tag: str) -> Create:
    """`create = "CREATE" SP mailbox [SP "(" "USE" SP "(" [use-attr *(SP use-attr)] ")" ")"]`, RFC 6154 section 6."""
    lexer.space()
    mailbox = lexer.mailbox()
    if not lexer.more():
        return Create(tag, mailbox)
    lexer.space()
    return Create(tag, mailbox, _create_use(lexer))


def _create_use(lexer: Lexer) -> str | None:
    lexer.enter()
    if lexer.word() != "USE":
        raise ParseError("CREATE parameter not known")
    lexer.space()
    uses = lexer.parenthesised(lambda: _special_use(lexer))
    lexer.expect(b")")
    lexer.leave()
    if len(uses) > 1:
        raise BadSpecialUse("One special use for each mailbox")
    return uses[0] if uses else None


def _special_use(lexer: Lexer) -> str:
    lexer.expect(b"\\")
    use = SPECIAL_USES.get(lexer.word())
    if use is None:
        raise BadSpecialUse("Special use not known")
    return use


def rename(lexer: Lexer, tag: str) -> Rename:
    """`rename = "RENAME" SP mailbox SP mailbox`."""
    lexer.space()
    source = lexer.mailbox()
    lexer.space()
    return Rename(tag, source, lexer.mailbox())


def status(lexer: Lexer, tag: str) -> Status:
    """`status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"`."""
    lexer.space()
    mailbox = lexer.mailbox()
    lexer.space()
    return Status(tag, mailbox, status_items(lexer))


def status_items(lexer: Lexer) -> tuple[str, ...]:
    """`"(" status-att *(SP status-att) ")"`, each item once, in upper case."""
    items = tuple(dict.fromkeys(lexer.parenthesised(lexer.word)))
    if not items or not STATUS_ITEMS.issuperset(items):
        raise ParseError("STATUS item not known")
    return items


def append(lexer: Lexer, tag: str) -> Append:
    """`append = "APPEND" SP mailbox [SP flag-list] [SP date-time] SP literal`; any byte but NUL."""
    lexer.space()
    mailbox = lexer.mailbox()
    lexer.space()
    flags: tuple[str, ...] = ()
    if lexer.at(b"("):
        flags = flag_list(lexer)
        lexer.space()
    moment = None
    if lexer.at(b'"'):
        moment = dates.parse_date_time(lexer.quoted())
        lexer.space()
    return Append(tag, mailbox, flags, moment, lexer.literal())


def bare(kind: Callable[[str], Command]) -> Callable[[Lexer, str], Command]:
    """A parser of a command without arguments."""
    return lambda lexer, tag: kind(tag)
