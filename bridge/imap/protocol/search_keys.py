"""SEARCH criteria as a tree (RFC 3501 section 6.4.4, grammar in section 9).

Nested lists are held to the depth of the connection, and so are NOT and OR to MAX_OPERATORS, that who walks the tree
by recursion is safe. UNSEEN, OLD and the like become `Not`, NEW an `And`; a list of one key is that key.
"""

import re
from collections.abc import Callable
from datetime import date

from bridge.imap.protocol import charsets, dates, fetch_items
from bridge.imap.protocol.commands import (
    All,
    And,
    BodyHas,
    DateIs,
    DateOp,
    HasFlag,
    HeaderHas,
    InSequence,
    Not,
    Or,
    SearchKey,
    SizeIs,
    TextHas,
)
from bridge.imap.protocol.errors import ParseError, TooDeep
from bridge.imap.protocol.flags import RECENT, SYSTEM_FLAGS
from bridge.imap.protocol.lexer import Lexer

MAX_KEYS = 1000
"""Keys of one SEARCH, all levels together: each is asked of each message."""
MAX_OPERATORS = 128
"""NOT and OR inside each other."""

_WORD = re.compile(rb"[A-Za-z]+")


class _Search:
    """One SEARCH being read: its words, its charset, and what was counted."""

    __slots__ = ("charset", "keys", "lexer", "operators")

    def __init__(self, lexer: Lexer, charset: str) -> None:
        self.lexer = lexer
        self.charset = charset
        self.keys = self.operators = 0

    def argument(self) -> str:
        """` SP astring` in the charset of the search."""
        self.lexer.space()
        return charsets.decode(self.lexer.astring(), self.charset)

    def day(self) -> date:
        """` SP date`: `date = date-text / DQUOTE date-text DQUOTE`."""
        self.lexer.space()
        return dates.parse_date(self.lexer.astring())

    def next_key(self) -> SearchKey:
        self.lexer.space()
        return self.key()

    def key(self) -> SearchKey:
        """`search-key = "ALL" / "ANSWERED" / … / sequence-set / "(" search-key *(SP search-key) ")"`."""
        self.keys += 1
        if self.keys > MAX_KEYS:
            raise ParseError("Too many search keys")
        lexer = self.lexer
        if lexer.at(b"("):
            return _all_of(lexer.parenthesised(self.key))
        word = lexer.match(_WORD)
        if word is None:
            return InSequence(lexer.sequence_set(), by_uid=False)
        read = _KEYS.get(word.upper())
        if read is None:
            raise ParseError("Search key not known")
        return read(self)

    def nested(self) -> SearchKey:
        """` SP search-key` below NOT or OR."""
        self.operators += 1
        if self.operators > MAX_OPERATORS:
            raise TooDeep("Search keys nested too deep")
        key = self.next_key()
        self.operators -= 1
        return key


def search_criteria(lexer: Lexer) -> SearchKey:
    """`["CHARSET" SP astring SP] search-key *(SP search-key)`, to the end of the command.

    Without CHARSET, texts are read as UTF-8, of which US-ASCII is a part and which clients send undeclared.
    """
    charset = "utf-8"
    if lexer.accept_word(b"CHARSET "):
        charset = charsets.codec(lexer.text())
        lexer.space()
    search = _Search(lexer, charset)
    keys = [search.key()]
    while lexer.more():
        keys.append(search.next_key())
    return _all_of(keys)


def _all_of(keys: list[SearchKey]) -> SearchKey:
    if not keys:
        raise ParseError("Search keys missing")
    return keys[0] if len(keys) == 1 else And(tuple(keys))


Reader = Callable[[_Search], SearchKey]


def _constant(key: SearchKey) -> Reader:
    return lambda search: key


def _header(name: str) -> Reader:
    return lambda search: HeaderHas(name, search.argument())


def _date(op: DateOp, sent: bool) -> Reader:
    return lambda search: DateIs(op, search.day(), sent)


def _size(search: _Search, larger: bool) -> SearchKey:
    search.lexer.space()
    return SizeIs(larger, search.lexer.number())


def _keyword(search: _Search) -> SearchKey:
    """`SP flag-keyword`."""
    search.lexer.space()
    return HasFlag(search.lexer.atom())


def _named_header(search: _Search) -> SearchKey:
    """`"HEADER" SP header-fld-name SP astring`."""
    search.lexer.space()
    return HeaderHas(fetch_items.field_name(search.lexer), search.argument())


def _uid(search: _Search) -> SearchKey:
    """`"UID" SP sequence-set`."""
    search.lexer.space()
    return InSequence(search.lexer.sequence_set(), by_uid=True)


_KEYS: dict[bytes, Reader] = {
    **{flag[1:].upper().encode(): _constant(HasFlag(flag)) for flag in SYSTEM_FLAGS},
    **{b"UN" + flag[1:].upper().encode(): _constant(Not(HasFlag(flag))) for flag in SYSTEM_FLAGS},
    **{name.upper().encode(): _header(name) for name in ("Bcc", "Cc", "From", "Subject", "To")},
    **{op.name.encode(): _date(op, sent=False) for op in DateOp},
    **{b"SENT" + op.name.encode(): _date(op, sent=True) for op in DateOp},
    b"ALL": _constant(All()),
    b"NEW": _constant(And((HasFlag(RECENT), Not(HasFlag("\\Seen"))))),
    b"OLD": _constant(Not(HasFlag(RECENT))),
    b"RECENT": _constant(HasFlag(RECENT)),
    b"KEYWORD": _keyword,
    b"UNKEYWORD": lambda search: Not(_keyword(search)),
    b"BODY": lambda search: BodyHas(search.argument()),
    b"TEXT": lambda search: TextHas(search.argument()),
    b"HEADER": _named_header,
    b"LARGER": lambda search: _size(search, larger=True),
    b"SMALLER": lambda search: _size(search, larger=False),
    b"UID": _uid,
    b"NOT": lambda search: Not(search.nested()),
    b"OR": lambda search: Or(search.nested(), search.nested()),
}
