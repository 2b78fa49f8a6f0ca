"""Flags as clients send them: `flag`, `flag-list` and `flag-keyword` (RFC 3501 section 9).

System flags come out in the case of the RFC, keywords as sent. `\\Recent` is dropped where it is to be set: clients
that hand back what FETCH gave them send it, and no client can change it (section 2.3.2).
"""

from bridge.imap.protocol.errors import ParseError
from bridge.imap.protocol.lexer import MAX_LIST, Lexer

RECENT = "\\Recent"
SYSTEM_FLAGS = ("\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft")

_SYSTEM = {name.upper(): name for name in (*SYSTEM_FLAGS, RECENT)}


def flag(lexer: Lexer) -> str:
    """`flag = "\\Answered" / … / flag-keyword / flag-extension`."""
    if not lexer.accept(b"\\"):
        return lexer.atom()
    name = "\\" + lexer.atom()
    return _SYSTEM.get(name.upper(), name)


def flag_list(lexer: Lexer) -> tuple[str, ...]:
    """`flag-list = "(" [flag *(SP flag)] ")"`, each flag once."""
    return _settable(lexer.parenthesised(lambda: flag(lexer)))


def flags(lexer: Lexer) -> tuple[str, ...]:
    """`flag-list / (flag *(SP flag))`, to the end of the command, at most MAX_LIST."""
    if lexer.at(b"("):
        return flag_list(lexer)
    found = [flag(lexer)]
    while lexer.more():
        if len(found) == MAX_LIST:
            raise ParseError("List too long")
        lexer.space()
        found.append(flag(lexer))
    return _settable(found)


def _settable(found: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in found if name != RECENT))
