"""The mail that Postex itself writes: one text, for one person (RFC 5322, RFC 2045, RFC 2047, RFC 3834).

Contract. `write` gives a whole message with CRLF line ends, in seven bits except for an address that is not ASCII
(RFC 6532 has no other form for it). Whatever stands in a name, a subject or a text becomes neither a header nor a
line break in one: control and line-separating characters are blanks there. The message says that no person wrote it
(Auto-Submitted), so that no other program answers. An address that cannot be one is a ValueError.
"""

import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from bridge.mail.words import in_words

LINE = 78
"""Characters of a header line, as far as blanks allow (RFC 5322 section 2.1.1)."""
_DOT_ATOM = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_SPECIAL = re.compile(r'(["\\])')


@dataclass(frozen=True, slots=True)
class Person:
    """Where a message comes from or goes to; `name` may be empty."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """What `write` makes a message of."""

    sender: Person
    recipient: Person
    subject: str
    text: str
    """Lines end with a line feed; a line is a paragraph, however long."""
    language: str
    """RFC 3282, such as nl."""
    at: int
    """Epoch seconds."""
    message_id: str
    """Without the angle brackets."""
    further: tuple[tuple[str, str], ...] = ()
    """More fields, of our own words only."""


def write(letter: Letter) -> bytes:
    """The message. ValueError: an address or the Message-ID is none."""
    return head(letter) + text_part(letter.text, letter.language)


def head(letter: Letter, submitted: str = "auto-generated", in_reply_to: str | None = None) -> bytes:
    """The fields of the message itself; those of its content follow. ValueError as `write`.

    `submitted`: RFC 3834 section 5; `in_reply_to`: a Message-ID without the angle brackets.
    """
    fields = [
        ("From", mailbox(letter.sender)),
        ("To", mailbox(letter.recipient)),
        ("Date", moment(letter.at)),
        ("Message-ID", f"<{_whole(letter.message_id)}>"),
        ("Subject", _unstructured(letter.subject)),
        ("Auto-Submitted", submitted),
        *((name, _unstructured(value)) for name, value in letter.further),
    ]
    if in_reply_to is not None:
        fields.append(("In-Reply-To", f"<{_whole(in_reply_to)}>"))
    return "".join(_folded(f"{name}: {value}") for name, value in (*fields, ("MIME-Version", "1.0"))).encode()


def text_part(text: str, language: str) -> bytes:
    """A text with the fields of its content. ValueError: the language is none."""
    encoding, body = _encoded(text)
    fields = (
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Language", _whole(language)),
        ("Content-Transfer-Encoding", encoding),
    )
    return "".join(_folded(f"{name}: {value}") for name, value in fields).encode() + b"\r\n" + body


def moment(at: int) -> str:
    """Epoch seconds as RFC 5322 section 3.3 writes them, in UTC."""
    return format_datetime(datetime.fromtimestamp(at, UTC))


def flat(text: str) -> str:
    """`text` on one line: what is neither letter, sign nor blank becomes a blank, several of them one."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def mailbox(person: Person) -> str:
    """RFC 5322 section 3.4: a name as a quoted string, or in encoded words, before the address."""
    name, address = flat(person.name), _address(person.address)
    if not name:
        return address
    phrase = _quoted(name) if _is_plain(name) else in_words(name)
    return f"{phrase} <{address}>"


def _address(address: str) -> str:
    """The local part quoted where its characters ask for it (RFC 5321 section 4.1.2)."""
    local, at, domain = address.rpartition("@")
    if not (local and at) or not address.isprintable() or " " in address or not _DOT_ATOM.fullmatch(domain):
        raise ValueError("not an address")
    if _DOT_ATOM.fullmatch(local):
        return address
    return f"{_quoted(local)}@{domain}"


def _quoted(text: str) -> str:
    return '"' + _SPECIAL.sub(r"\\\1", text) + '"'


def _whole(value: str) -> str:
    """A value that is written as it is."""
    if not re.fullmatch(r"[!-;=?-~]+", value):
        raise ValueError("printable ASCII without blanks and angle brackets")
    return value


def _unstructured(value: str) -> str:
    value = flat(value)
    return value if _is_plain(value) else in_words(value)


def _is_plain(value: str) -> bool:
    """Whether it reads as itself: ASCII, and nothing in it that a reader would take for an encoded word."""
    return value.isascii() and "=?" not in value


def _folded(line: str) -> str:
    """Broken before a blank where it is too long (RFC 5322 section 2.2.3)."""
    lines, current = [], ""
    for word in line.split(" "):
        if current and len(current) + 1 + len(word) > LINE and not current.endswith(":"):
            lines.append(current)
            current = f" {word}"
        else:
            current = f"{current} {word}" if current else word
    return "\r\n".join([*lines, current]) + "\r\n"


def _encoded(text: str) -> tuple[str, bytes]:
    """Content-Transfer-Encoding and body: as it is where that is 7-bit in short lines, else quoted-printable."""
    lines = [_cleaned(line) for line in text.split("\n")]
    body = "\r\n".join(lines).rstrip("\r\n").encode("utf-8", "replace") + b"\r\n"
    if body.isascii() and max(map(len, lines)) <= LINE:
        return "7bit", body
    return "quoted-printable", binascii.b2a_qp(body)


def _cleaned(line: str) -> str:
    return "".join(each if each.isprintable() else " " for each in line).rstrip()
