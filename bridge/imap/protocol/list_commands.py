"""LIST and LSUB (RFC 3501 sections 6.3.8, 6.3.9) with the options of RFC 5258, 5819 and 6154.

Options that are not known are refused, as RFC 5258 section 3 wants it.
"""

from bridge.imap.protocol.commands import List, Lsub
from bridge.imap.protocol.errors import ParseError
from bridge.imap.protocol.lexer import Lexer
from bridge.imap.protocol.mailbox_commands import status_items

SELECTION = frozenset({"SUBSCRIBED", "REMOTE", "RECURSIVEMATCH", "SPECIAL-USE"})
RETURNS = frozenset({"SUBSCRIBED", "CHILDREN", "SPECIAL-USE"})

MAX_PATTERNS = 100
"""Patterns of one LIST: each is matched against each mailbox."""


def listing(lexer: Lexer, tag: str) -> List:
    """`list = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts]`, RFC 5258 section 6."""
    lexer.space()
    selection: frozenset[str] = frozenset()
    if lexer.at(b"("):
        selection = _selection(lexer)
        lexer.space()
    reference = lexer.reference()
    lexer.space()
    patterns = _patterns(lexer)
    if not lexer.more():
        return List(tag, reference, patterns, selection)
    returns, status = _returns(lexer)
    return List(tag, reference, patterns, selection, returns, status)


def subscribed(lexer: Lexer, tag: str) -> Lsub:
    """`lsub = "LSUB" SP mailbox SP list-mailbox`."""
    lexer.space()
    reference = lexer.reference()
    lexer.space()
    return Lsub(tag, reference, lexer.list_mailbox())


def _selection(lexer: Lexer) -> frozenset[str]:
    """`list-select-opts`; RECURSIVEMATCH only beside an option that it can modify."""
    options = frozenset(lexer.parenthesised(lexer.word))
    if not options <= SELECTION:
        raise ParseError("LIST selection option not known")
    if "RECURSIVEMATCH" in options and not options & {"SUBSCRIBED", "SPECIAL-USE"}:
        raise ParseError("RECURSIVEMATCH needs another selection option")
    return options


def _patterns(lexer: Lexer) -> tuple[str, ...]:
    """`mbox-or-pat = list-mailbox / "(" list-mailbox *(SP list-mailbox) ")"`."""
    if not lexer.at(b"("):
        return (lexer.list_mailbox(),)
    patterns = tuple(dict.fromkeys(lexer.parenthesised(lexer.list_mailbox)))
    if not 0 < len(patterns) <= MAX_PATTERNS:
        raise ParseError("LIST takes 1 to 100 patterns")
    return patterns


def _returns(lexer: Lexer) -> tuple[frozenset[str], tuple[str, ...]]:
    """`SP "RETURN" SP "(" [return-option *(SP return-option)] ")"` → (names without STATUS, items of STATUS)."""
    lexer.space()
    if lexer.word() != "RETURN":
        raise ParseError("RETURN expected")
    lexer.space()
    status: list[str] = []
    names = frozenset(lexer.parenthesised(lambda: _return_option(lexer, status))) - {"STATUS"}
    if not names <= RETURNS:
        raise ParseError("LIST return option not known")
    return names, tuple(dict.fromkeys(status))


def _return_option(lexer: Lexer, status: list[str]) -> str:
    """`return-option`; the items of `"STATUS" SP "(" … ")"` (RFC 5819 section 4) are added to `status`."""
    name = lexer.word()
    if name == "STATUS":
        lexer.space()
        status.extend(status_items(lexer))
    return name
