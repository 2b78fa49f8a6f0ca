"""What the protocol layer can refuse, in one tree; each error knows the answer that a client gets.

    ProtocolError            status, code and text of the answer; a tagged BAD unless said otherwise
    ├── ParseError               not the grammar of RFC 3501
    │   ├── TooDeep                  lists nested beyond the limit
    │   └── InvalidName              a mailbox name that is not modified UTF-7 (RFC 3501 section 5.1.3)
    ├── EmptyName                NO [CANNOT], RFC 5530: `""` is an astring, but names no mailbox
    ├── BadCharset               NO [BADCHARSET (…)], RFC 3501 section 6.4.4
    ├── TooBig                   NO [TOOBIG], RFC 4469 section 4.2: a message beyond the limit
    └── BadSpecialUse            NO [USEATTR], RFC 6154 section 3

Texts are fixed English and never repeat what the client sent.
"""

from enum import StrEnum


class Status(StrEnum):
    """Conditions of `resp-cond-state`, `resp-cond-bye` and `resp-cond-auth`, RFC 3501 section 7.1."""

    OK = "OK"
    NO = "NO"
    BAD = "BAD"
    BYE = "BYE"
    PREAUTH = "PREAUTH"


class ProtocolError(Exception):
    """Base of all: `text` for people, `code` the inside of the response code's brackets or None."""

    status = Status.BAD

    def __init__(self, text: str, code: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.code = code


class ParseError(ProtocolError):
    """The bytes are no command of the grammar."""


class TooDeep(ParseError):
    """Lists or search keys nested beyond the limit."""


class InvalidName(ParseError):
    """A mailbox name that does not decode."""


class EmptyName(ProtocolError):
    """The mailbox `""`."""

    status = Status.NO

    def __init__(self) -> None:
        super().__init__("Mailbox name is empty", "CANNOT")


class BadCharset(ProtocolError):
    """SEARCH in a charset that is not known here."""

    status = Status.NO

    def __init__(self) -> None:
        super().__init__("Charset not known", "BADCHARSET (US-ASCII UTF-8)")


class TooBig(ProtocolError):
    """APPEND of a message beyond the limit."""

    status = Status.NO

    def __init__(self) -> None:
        super().__init__("Message larger than this server takes", "TOOBIG")


class BadSpecialUse(ProtocolError):
    """CREATE with a special use that is not known, or with several."""

    status = Status.NO

    def __init__(self, text: str) -> None:
        super().__init__(text, "USEATTR")
