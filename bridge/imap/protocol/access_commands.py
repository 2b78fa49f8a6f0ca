"""Commands about the connection itself, in any state and not authenticated (RFC 3501 sections 6.1, 6.2; 2971, 4959).

Each parser stands behind the verb and takes the rest up to the end of the command.
"""

import base64
import binascii

from bridge.imap.protocol.commands import Authenticate, Enable, Id, Login
from bridge.imap.protocol.errors import ParseError
from bridge.imap.protocol.lexer import Lexer, utf8_text


def login(lexer: Lexer, tag: str) -> Login:
    """`login = "LOGIN" SP userid SP password`, both astring."""
    lexer.space()
    username = lexer.text()
    lexer.space()
    return Login(tag, username, lexer.text())


def authenticate(lexer: Lexer, tag: str) -> Authenticate:
    """`authenticate = "AUTHENTICATE" SP auth-type [SP (base64 / "=")]`, RFC 4959 section 7; `=` means empty."""
    lexer.space()
    mechanism = lexer.word()
    if not lexer.more():
        return Authenticate(tag, mechanism, None)
    lexer.space()
    return Authenticate(tag, mechanism, sasl_response(lexer.astring()))


def sasl_response(line: bytes) -> bytes:
    """`base64` of a SASL response, `=` alone being the empty one; ParseError for anything else."""
    try:
        return b"" if line == b"=" else base64.b64decode(line, validate=True)
    except binascii.Error:
        raise ParseError("Base64 expected") from None


def enable(lexer: Lexer, tag: str) -> Enable:
    """`enable = "ENABLE" 1*(SP capability)`, RFC 5161 section 6."""
    names = []
    while lexer.more():
        lexer.space()
        names.append(lexer.word())
    if not names:
        raise ParseError("Arguments missing")
    return Enable(tag, tuple(names))


def identification(lexer: Lexer, tag: str) -> Id:
    """`id = "ID" SP ("(" *(string SP nstring) ")" / nil)`, RFC 2971 section 4, fields parted by spaces."""
    lexer.space()
    if not lexer.at(b"("):
        lexer.nil()
        return Id(tag, None)
    return Id(tag, tuple(lexer.parenthesised(lambda: _id_field(lexer))))


def _id_field(lexer: Lexer) -> tuple[str, str | None]:
    name = utf8_text(lexer.string())
    lexer.space()
    value = lexer.nstring()
    return name, None if value is None else utf8_text(value)
