"""One complete command in, one value of `commands` out (RFC 3501 section 9 `command`).

`parse` is a table from verb to parser; the parsers stand by family in `access_commands`, `mailbox_commands`,
`list_commands` and `message_commands`, each under the rule of the grammar that it reads. It raises ProtocolError
and never anything else, whatever the bytes, in time linear in them.
"""

from collections.abc import Callable, Sequence

from bridge.imap.protocol import access_commands, list_commands, mailbox_commands, message_commands
from bridge.imap.protocol.commands import (
    Capability,
    Check,
    Close,
    Command,
    Delete,
    Idle,
    Logout,
    Namespace,
    Noop,
    StartTls,
    Subscribe,
    Unselect,
    Unsubscribe,
)
from bridge.imap.protocol.errors import ParseError
from bridge.imap.protocol.lexer import Lexer
from bridge.imap.protocol.mailbox_commands import bare, of_one

Parser = Callable[[Lexer, str], Command]

_PARSERS: dict[str, Parser] = {
    "CAPABILITY": bare(Capability),
    "NOOP": bare(Noop),
    "LOGOUT": bare(Logout),
    "ID": access_commands.identification,
    "STARTTLS": bare(StartTls),
    "AUTHENTICATE": access_commands.authenticate,
    "LOGIN": access_commands.login,
    "ENABLE": access_commands.enable,
    "IDLE": bare(Idle),
    "NAMESPACE": bare(Namespace),
    "SELECT": mailbox_commands.select,
    "EXAMINE": mailbox_commands.examine,
    "CREATE": mailbox_commands.create,
    "DELETE": of_one(Delete),
    "RENAME": mailbox_commands.rename,
    "SUBSCRIBE": of_one(Subscribe),
    "UNSUBSCRIBE": of_one(Unsubscribe),
    "LIST": list_commands.listing,
    "LSUB": list_commands.subscribed,
    "STATUS": mailbox_commands.status,
    "APPEND": mailbox_commands.append,
    "CHECK": bare(Check),
    "CLOSE": bare(Close),
    "UNSELECT": bare(Unselect),
    "EXPUNGE": message_commands.expunge,
    "SEARCH": message_commands.search(by_uid=False),
    "FETCH": message_commands.fetch(by_uid=False),
    "STORE": message_commands.store(by_uid=False),
    "COPY": message_commands.copy(by_uid=False, move=False),
    "MOVE": message_commands.copy(by_uid=False, move=True),
}

_UID_PARSERS: dict[str, Parser] = {
    "SEARCH": message_commands.search(by_uid=True),
    "FETCH": message_commands.fetch(by_uid=True),
    "STORE": message_commands.store(by_uid=True),
    "COPY": message_commands.copy(by_uid=True, move=False),
    "MOVE": message_commands.copy(by_uid=True, move=True),
    "EXPUNGE": message_commands.uid_expunge,
}


def parse(text: bytes, literals: Sequence[bytes] = (), *, depth: int = 32, utf8: bool = False) -> Command:
    """`command = tag SP (command-any / command-auth / command-nonauth / command-select)`; ProtocolError.

    `text` is without its last CRLF and holds `{n}` CRLF where the next of `literals` belongs; `depth` is how deep
    lists may nest; `utf8` is whether UTF8=ACCEPT is on.
    """
    lexer = Lexer(text, literals, depth_limit=depth, utf8=utf8)
    tag = lexer.tag()
    command = _verb(lexer)(lexer, tag)
    lexer.end()
    return command


def check_verb(text: bytes) -> str:
    """The verb of a command that is not whole yet, in upper case, `UID` left out; ParseError if not known."""
    lexer = Lexer(text)
    lexer.tag()
    return _verb_name(lexer)[1]


def tag_of(text: bytes) -> str:
    """The tag that the answer to a faulty command carries: its own where one is followed by a space or the end of
    `text`, else `*`."""
    tag, _, _ = text.partition(b" ")
    try:
        lexer = Lexer(tag)
        name = lexer.tag()
        lexer.end()
    except ParseError:
        return "*"
    return name


def _verb(lexer: Lexer) -> Parser:
    parsers, name = _verb_name(lexer)
    return parsers[name]


def _verb_name(lexer: Lexer) -> tuple[dict[str, Parser], str]:
    lexer.space()
    name, parsers = lexer.word(), _PARSERS
    if name == "UID":
        lexer.space()
        name, parsers = lexer.word(), _UID_PARSERS
    if name not in parsers:
        raise ParseError("Command not known")
    return parsers, name
