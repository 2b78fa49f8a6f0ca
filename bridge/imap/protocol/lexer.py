"""Reads the tokens of one complete command: atoms, strings, numbers, lists (RFC 3501 section 9).

The text is the whole command on one string of bytes, without its last CRLF; where a literal stood, its announcement
and CRLF (`{5}` CRLF) are left in and the bytes are the next of `literals`. A CRLF can come from nowhere else. Every
method takes its token and moves past it, or raises ParseError; each is linear in what it takes.

Taken although the grammar does not have it, since it has one reading and harms nothing:

- 8-bit bytes in quoted strings, read as UTF-8 (user names, passwords, search words typed by people);
- `{n+}` of any size without asking which of LITERAL+ and LITERAL- was announced; `connection` holds the limits.

Refused although some servers take it: a backslash in a quoted string before anything but `"` and `\\`, since two
readings of one password must not exist.
"""

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from bridge.imap.protocol import sequence, utf7
from bridge.imap.protocol.commands import SequenceSet
from bridge.imap.protocol.errors import EmptyName, ParseError, TooDeep

T = TypeVar("T")

_ATOM = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\\]]+')
_ASTRING = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\]+')
_LIST_MAILBOX = re.compile(rb'[^\x00-\x20\x7f-\xff(){"\\]+')
_TAG = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\+]{1,64}')
_NAME = re.compile(rb"[A-Za-z0-9.]+")
_PLAIN_QUOTED = re.compile(rb'"([^"\\\r\n\x00]*+)"')
_QUOTED = re.compile(rb'"((?:[^"\\\r\n\x00]++|\\["\\])*+)"')
_ESCAPE = re.compile(rb"\\(.)")
_NUMBER = re.compile(rb"[0-9]{1,19}(?![0-9])")
_SEQUENCE = re.compile(rb"[0-9*:,]+")
_LITERAL = re.compile(rb"\{[0-9]+\+?\}\r\n")

MAX_TAG = 64
"""Bytes of a tag."""
MAX_NUMBER = 0xFFFFFFFF
"""`number` is 32 bits without sign."""
MAX_MODSEQ = 0x7FFFFFFFFFFFFFFF
"""`mod-sequence-value` is 63 bits, RFC 7162 section 7."""
MAX_LIST = 10_000
"""Items of one list: far beyond what clients send, and little enough to be read in milliseconds."""


class Lexer:
    """A position in one command. `utf8` is whether UTF8=ACCEPT is on (RFC 6855): mailbox names then are UTF-8."""

    __slots__ = ("_depth", "_literals", "_position", "_taken", "_text", "depth_limit", "utf8")

    def __init__(self, text: bytes, literals: Sequence[bytes] = (), *, depth_limit: int = 32, utf8: bool = False):
        self._text = text
        self._literals = literals
        self._position = self._taken = self._depth = 0
        self.depth_limit = depth_limit
        self.utf8 = utf8

    # --- single characters ---

    def at(self, token: bytes) -> bool:
        """Whether `token` comes next; takes nothing."""
        return self._text.startswith(token, self._position)

    def accept(self, token: bytes) -> bool:
        """Takes `token` if it comes next."""
        if self._text.startswith(token, self._position):
            self._position += len(token)
            return True
        return False

    def accept_word(self, token: bytes) -> bool:
        """As `accept`, for an upper-case `token` and without regard to the case of the text."""
        stop = self._position + len(token)
        if self._text[self._position : stop].upper() == token:
            self._position = stop
            return True
        return False

    def expect(self, token: bytes) -> None:
        if not self.accept(token):
            raise ParseError(f"{token.decode('ascii')} expected")

    def space(self) -> None:
        if not self.accept(b" "):
            raise ParseError("Space expected" if self._position < len(self._text) else "Arguments missing")

    def end(self) -> None:
        """Nothing may follow but spaces, which hand-written clients leave behind."""
        if self._text[self._position :].strip(b" "):
            raise ParseError("More than the command takes")

    def more(self) -> bool:
        """Whether anything but trailing spaces follows."""
        return bool(self._text[self._position : self._position + 64].strip(b" "))

    # --- tokens ---

    def _take(self, form: re.Pattern[bytes], wanted: str) -> bytes:
        found = form.match(self._text, self._position)
        if found is None:
            raise ParseError(f"{wanted} expected")
        self._position = found.end()
        return found[0]

    def tag(self) -> str:
        """`tag = 1*<any ASTRING-CHAR except "+">`, up to MAX_TAG of them, since answers repeat it."""
        return self._take(_TAG, "Tag").decode("ascii")

    def atom(self) -> str:
        """`atom = 1*ATOM-CHAR`, as sent."""
        return self._take(_ATOM, "Atom").decode("ascii")

    def word(self) -> str:
        """An atom that is a keyword of the grammar, in upper case."""
        return self._take(_ATOM, "Word").decode("ascii").upper()

    def name(self) -> str:
        """Letters, digits and dots, in upper case: a FETCH item or a section, which `[` or `]` may follow."""
        return self._take(_NAME, "Name").decode("ascii").upper()

    def match(self, form: re.Pattern[bytes]) -> bytes | None:
        """What `form` matches here, taken; None if it does not match."""
        found = form.match(self._text, self._position)
        if found is None:
            return None
        self._position = found.end()
        return found[0]

    def number(self, largest: int = MAX_NUMBER) -> int:
        """`number = 1*DIGIT`, at most `largest`."""
        value = int(self._take(_NUMBER, "Number"))
        if value > largest:
            raise ParseError("Number too large")
        return value

    def nz_number(self) -> int:
        """`nz-number = digit-nz *DIGIT`."""
        value = self.number()
        if value == 0:
            raise ParseError("Number above zero expected")
        return value

    def sequence_set(self) -> SequenceSet:
        """`sequence-set`, kept as ranges."""
        return sequence.parse(self._take(_SEQUENCE, "Sequence set"))

    # --- strings ---

    def quoted(self) -> bytes:
        """`quoted = DQUOTE *QUOTED-CHAR DQUOTE`, escapes undone."""
        found = _PLAIN_QUOTED.match(self._text, self._position)
        if found is not None:
            self._position = found.end()
            return found[1]
        found = _QUOTED.match(self._text, self._position)
        if found is None:
            raise ParseError("Quoted string is not closed, or holds a backslash that escapes nothing")
        self._position = found.end()
        return _ESCAPE.sub(rb"\1", found[1])

    def literal(self) -> bytes:
        """`literal = "{" number "}" CRLF *CHAR8`; its bytes are the object that `literals` holds.

        CHAR8 has no NUL; only literal8 of RFC 3516, which is not offered, may hold one.
        """
        self._take(_LITERAL, "Literal")
        self._taken += 1
        return _without_nul(self._literals[self._taken - 1])

    def string(self) -> bytes:
        """`string = quoted / literal`."""
        if self.at(b'"'):
            return self.quoted()
        if self.at(b"{"):
            return self.literal()
        raise ParseError("String expected")

    def nstring(self) -> bytes | None:
        """`nstring = string / nil`."""
        if self.at(b'"') or self.at(b"{"):
            return self.string()
        self.nil()
        return None

    def nil(self) -> None:
        """`nil = "NIL"`."""
        if not self.accept_word(b"NIL"):
            raise ParseError("NIL expected")

    def astring(self) -> bytes:
        """`astring = 1*ASTRING-CHAR / string`."""
        found = _ASTRING.match(self._text, self._position)
        if found is None:
            return self.string()
        self._position = found.end()
        return found[0]

    def text(self) -> str:
        """`astring` as Unicode; ParseError unless UTF-8."""
        return utf8_text(self.astring())

    # --- mailbox names ---

    def mailbox(self) -> str:
        """`mailbox = "INBOX" / astring`, decoded; INBOX in upper case."""
        name = self._name(self.astring())
        if not name:
            raise EmptyName
        return "INBOX" if len(name) == 5 and name.upper() == "INBOX" else name

    def reference(self) -> str:
        """The first argument of LIST and LSUB: `mailbox`, which may be empty here."""
        return self._name(self.astring())

    def list_mailbox(self) -> str:
        """`list-mailbox = 1*list-char / string`, decoded, wildcards left in."""
        found = self.match(_LIST_MAILBOX)
        return self._name(self.string() if found is None else found)

    def _name(self, wire: bytes) -> str:
        if not self.utf8:
            return utf7.decode(wire)
        name = utf8_text(wire)
        utf7.refuse_controls(name)
        return name

    # --- lists ---

    def parenthesised(self, item: Callable[[], T]) -> list[T]:
        """`"(" [item *(SP item)] ")"`, at most MAX_LIST; TooDeep beyond the limit."""
        self.enter()
        items: list[T] = []
        if not self.accept(b")"):
            items.append(item())
            while not self.accept(b")"):
                self.space()
                items.append(item())
                if len(items) > MAX_LIST:
                    raise ParseError("List too long")
        self.leave()
        return items

    def enter(self) -> None:
        """Takes `(` one level down."""
        self.expect(b"(")
        self._depth += 1
        if self._depth > self.depth_limit:
            raise TooDeep("Lists nested too deep")

    def leave(self) -> None:
        """One level up, after `)` was taken."""
        self._depth -= 1


def utf8_text(wire: bytes) -> str:
    """Unicode of `wire`; ParseError unless UTF-8."""
    try:
        return wire.decode("utf-8")
    except UnicodeDecodeError:
        raise ParseError("8-bit characters that are not UTF-8") from None


def _without_nul(wire: bytes) -> bytes:
    if b"\0" in wire:
        raise ParseError("Literal holds NUL")
    return wire
