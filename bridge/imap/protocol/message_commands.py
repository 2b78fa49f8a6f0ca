"""Commands about messages in the selected mailbox (RFC 3501 section 6.4; 4315, 4731, 6851, 7162).

Each parser stands behind the verb, or behind `UID verb`, and takes the rest up to the end of the command.
"""

from collections.abc import Callable

from bridge.imap.protocol.commands import CopyTo, Expunge, Fetch, Search, Store, StoreMode
from bridge.imap.protocol.errors import ParseError
from bridge.imap.protocol.fetch_items import fetch_items
from bridge.imap.protocol.flags import flags
from bridge.imap.protocol.lexer import MAX_MODSEQ, Lexer
from bridge.imap.protocol.search_keys import search_criteria

RESULTS = frozenset({"MIN", "MAX", "ALL", "COUNT"})
"""`search-return-opt` of RFC 4731."""


def fetch(by_uid: bool) -> Callable[[Lexer, str], Fetch]:
    """`fetch = "FETCH" SP sequence-set SP … [SP "(" fetch-modifier *(SP fetch-modifier) ")"]`, RFC 4466."""

    def read(lexer: Lexer, tag: str) -> Fetch:
        lexer.space()
        messages = lexer.sequence_set()
        lexer.space()
        items = fetch_items(lexer)
        if not lexer.more():
            return Fetch(tag, messages, items, by_uid)
        lexer.space()
        modifiers = tuple(lexer.parenthesised(lambda: _modifier(lexer)))
        return Fetch(tag, messages, items, by_uid, modifiers)

    return read


def _modifier(lexer: Lexer) -> tuple[str, int]:
    """`"CHANGEDSINCE" SP mod-sequence-value`, RFC 7162 section 7; 0 is taken (clients that never synchronised)."""
    name = lexer.word()
    if name != "CHANGEDSINCE":
        raise ParseError("FETCH modifier not known")
    lexer.space()
    return name, lexer.number(MAX_MODSEQ)


def store(by_uid: bool) -> Callable[[Lexer, str], Store]:
    """`store = "STORE" SP sequence-set SP ["+" / "-"] "FLAGS" [".SILENT"] SP (flag-list / (flag *(SP flag)))`."""

    def read(lexer: Lexer, tag: str) -> Store:
        lexer.space()
        messages = lexer.sequence_set()
        lexer.space()
        mode = StoreMode.ADD if lexer.accept(b"+") else StoreMode.REMOVE if lexer.accept(b"-") else StoreMode.SET
        name = lexer.name()
        if name not in ("FLAGS", "FLAGS.SILENT"):
            raise ParseError("STORE item not known")
        lexer.space()
        return Store(tag, messages, mode, flags(lexer), name == "FLAGS.SILENT", by_uid)

    return read


def copy(by_uid: bool, move: bool) -> Callable[[Lexer, str], CopyTo]:
    """`copy = "COPY" SP sequence-set SP mailbox`, and `move` of RFC 6851."""

    def read(lexer: Lexer, tag: str) -> CopyTo:
        lexer.space()
        messages = lexer.sequence_set()
        lexer.space()
        return CopyTo(tag, messages, lexer.mailbox(), by_uid, move)

    return read


def expunge(lexer: Lexer, tag: str) -> Expunge:
    """`"EXPUNGE"`."""
    return Expunge(tag)


def uid_expunge(lexer: Lexer, tag: str) -> Expunge:
    """`uid-expunge = "UID" SP "EXPUNGE" SP sequence-set`, RFC 4315 section 4."""
    lexer.space()
    return Expunge(tag, lexer.sequence_set())


def search(by_uid: bool) -> Callable[[Lexer, str], Search]:
    """`search = "SEARCH" [SP "RETURN" SP "(" [search-return-opt …] ")"] SP search-program`, RFC 4731 section 5."""

    def read(lexer: Lexer, tag: str) -> Search:
        lexer.space()
        returns = None
        if lexer.accept_word(b"RETURN "):
            returns = frozenset(lexer.parenthesised(lexer.word))
            if not returns <= RESULTS:
                raise ParseError("SEARCH return option not known")
            lexer.space()
        return Search(tag, search_criteria(lexer), by_uid, returns)

    return read
