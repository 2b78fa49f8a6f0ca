"""The writer: every function returns whole bytes ready to send, lines with their CRLF (RFC 3501 sections 7 and 9).

Text for people is held to printable ASCII, whatever is passed in; strings choose between quoted and literal by their
content. Response codes are the inside of the brackets as str; RFC 5530 and the extensions name them.
"""

import base64
import re
from collections.abc import Iterable, Sequence

from bridge.imap.protocol import sequence, utf7
from bridge.imap.protocol.errors import ProtocolError, Status

CRLF = b"\r\n"
NIL = b"NIL"

# RFC 3501 section 7.1
ALERT = "ALERT"
PARSE = "PARSE"
READ_ONLY = "READ-ONLY"
READ_WRITE = "READ-WRITE"
TRYCREATE = "TRYCREATE"
# RFC 5530 section 3
UNAVAILABLE = "UNAVAILABLE"
AUTHENTICATIONFAILED = "AUTHENTICATIONFAILED"
AUTHORIZATIONFAILED = "AUTHORIZATIONFAILED"
EXPIRED = "EXPIRED"
PRIVACYREQUIRED = "PRIVACYREQUIRED"
CONTACTADMIN = "CONTACTADMIN"
NOPERM = "NOPERM"
INUSE = "INUSE"
EXPUNGEISSUED = "EXPUNGEISSUED"
CORRUPTION = "CORRUPTION"
SERVERBUG = "SERVERBUG"
CLIENTBUG = "CLIENTBUG"
CANNOT = "CANNOT"
LIMIT = "LIMIT"
OVERQUOTA = "OVERQUOTA"
ALREADYEXISTS = "ALREADYEXISTS"
NONEXISTENT = "NONEXISTENT"
# RFC 4315, 4469, 6154, 7162
UIDNOTSTICKY = "UIDNOTSTICKY"
TOOBIG = "TOOBIG"
USEATTR = "USEATTR"
CLOSED = "CLOSED"
NOMODSEQ = "NOMODSEQ"

_ASTRING = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\]+')
_QUOTABLE = re.compile(rb"[^\x00\r\n\x7f-\xff]*")
_QUOTABLE_UTF8 = re.compile(rb"[^\x00\r\n\x7f]*")
_SPECIAL = re.compile(rb'(["\\])')
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")

_LONGEST_QUOTED = 4096
"""Longer strings go as literals, which every client reads into a buffer of known size."""


# --- values ---


def text(prose: str) -> bytes:
    """`text = 1*TEXT-CHAR`: what is not printable ASCII becomes `?`, each run once; never empty, never a code."""
    plain = _UNPRINTABLE.sub("?", prose).lstrip("[ ")
    return plain.encode("ascii") or b"-"


def quoted(value: bytes) -> bytes:
    """`quoted`; ValueError where `value` holds what a quoted string cannot."""
    if not _QUOTABLE_UTF8.fullmatch(value):
        raise ValueError("NUL, CR, LF or DEL in a quoted string")
    return b'"' + _SPECIAL.sub(rb"\\\1", value) + b'"'


def literal(value: bytes) -> bytes:
    """`literal`."""
    return b"{%d}\r\n%b" % (len(value), value)


def string(value: bytes) -> bytes:
    """`string`: quoted where it is short 7-bit text, else a literal."""
    if len(value) <= _LONGEST_QUOTED and _QUOTABLE.fullmatch(value):
        return b'"' + _SPECIAL.sub(rb"\\\1", value) + b'"'
    return literal(value)


def nstring(value: bytes | None) -> bytes:
    """`nstring = string / nil`."""
    return NIL if value is None else string(value)


def astring(value: bytes) -> bytes:
    """`astring`: bare where the grammar allows it and NIL cannot be meant."""
    if _ASTRING.fullmatch(value) and value.upper() != NIL:
        return value
    return string(value)


def mailbox(name: str, utf8: bool = False) -> bytes:
    """`mailbox`: modified UTF-7, or quoted UTF-8 where UTF8=ACCEPT is on (RFC 6855 section 3)."""
    if not utf8:
        return astring(utf7.encode(name))
    wire = name.encode("utf-8")
    return astring(wire) if wire.isascii() else quoted(wire)


def listed(values: Iterable[bytes]) -> bytes:
    """`"(" [value *(SP value)] ")"`."""
    return b"(" + b" ".join(values) + b")"


def flag_list(flags: Iterable[str]) -> bytes:
    """`flag-list`."""
    return ("(" + " ".join(flags) + ")").encode("ascii")


# --- lines ---


def condition(tag: str, status: Status, prose: str, code: str | None = None) -> bytes:
    """`tag SP resp-cond-state`, or untagged with the tag `*`."""
    bracket = f"[{_UNPRINTABLE.sub('?', code)}] " if code else ""
    return f"{tag} {status} {bracket}".encode("ascii") + text(prose) + CRLF


def ok(tag: str, prose: str, code: str | None = None) -> bytes:
    return condition(tag, Status.OK, prose, code)


def no(tag: str, prose: str, code: str | None = None) -> bytes:
    return condition(tag, Status.NO, prose, code)


def bad(tag: str, prose: str, code: str | None = None) -> bytes:
    return condition(tag, Status.BAD, prose, code)


def refusal(tag: str, error: ProtocolError) -> bytes:
    """The answer to a command that `error` refuses."""
    return condition(tag, error.status, error.text, error.code)


def untagged(status: Status, prose: str, code: str | None = None) -> bytes:
    """`* OK …`, `* NO …`, `* BAD …`."""
    return condition("*", status, prose, code)


def greeting(prose: str, capabilities: Sequence[str]) -> bytes:
    """`greeting` with the CAPABILITY code."""
    return untagged(Status.OK, prose, capability_code(capabilities))


def bye(prose: str, code: str | None = None) -> bytes:
    return untagged(Status.BYE, prose, code)


def continuation(prose: str = "OK") -> bytes:
    """`continue-req = "+" SP resp-text CRLF`."""
    return b"+ " + text(prose) + CRLF


def challenge(data: bytes) -> bytes:
    """`continue-req = "+" SP base64 CRLF`, a step of a SASL exchange."""
    return b"+ " + base64.b64encode(data) + CRLF


def line(*words: bytes) -> bytes:
    """An untagged response of ready words."""
    return b"* " + b" ".join(words) + CRLF


def capability(capabilities: Iterable[str]) -> bytes:
    """`capability-data`."""
    return line(b"CAPABILITY", *(name.encode("ascii") for name in capabilities))


def enabled(capabilities: Iterable[str]) -> bytes:
    """`enable-data`, RFC 5161 section 3.2."""
    return line(b"ENABLED", *(name.encode("ascii") for name in capabilities))


def flags_line(flags: Iterable[str]) -> bytes:
    """`"FLAGS" SP flag-list`."""
    return line(b"FLAGS", flag_list(flags))


def exists(count: int) -> bytes:
    return b"* %d EXISTS\r\n" % count


def recent(count: int) -> bytes:
    return b"* %d RECENT\r\n" % count


def expunged(number: int) -> bytes:
    """`* n EXPUNGE`, `number` being the sequence number at the time the line is read."""
    return b"* %d EXPUNGE\r\n" % number


def fetch(number: int, items: Iterable[bytes]) -> bytes:
    """`* n FETCH (…)` of ready `name value` items; put UID first."""
    return b"* %d FETCH (%b)\r\n" % (number, b" ".join(items))


def listing(
    attributes: Iterable[str],
    name: str,
    *,
    delimiter: str | None = "/",
    verb: bytes = b"LIST",
    utf8: bool = False,
    extended: bytes = b"",
) -> bytes:
    """`mailbox-list` for LIST and LSUB; `extended` is ready `mbox-list-extended`: `("CHILDINFO" ("SUBSCRIBED"))`.

    `name` may be empty with the delimiter: the answer to LIST "" "" (RFC 3501 section 6.3.8).
    """
    sign = NIL if delimiter is None else quoted(delimiter.encode("ascii"))
    words = [verb, flag_list(attributes), sign, mailbox(name, utf8)]
    return line(*words, extended) if extended else line(*words)


def status(name: str, values: Iterable[tuple[str, int]], *, utf8: bool = False) -> bytes:
    """`"STATUS" SP mailbox SP "(" [status-att-list] ")"`."""
    pairs = (b"%b %d" % (item.encode("ascii"), value) for item, value in values)
    return line(b"STATUS", mailbox(name, utf8), listed(pairs))


def search(numbers: Iterable[int]) -> bytes:
    """`"SEARCH" *(SP nz-number)`."""
    return b" ".join((b"* SEARCH", *(b"%d" % number for number in numbers))) + CRLF


def esearch(
    tag: str,
    by_uid: bool,
    *,
    minimum: int | None = None,
    maximum: int | None = None,
    count: int | None = None,
    found: Sequence[tuple[int, int]] | None = None,
) -> bytes:
    """`esearch-response` of RFC 4466 section 2.6.2 with the results of RFC 4731; the correlator's tag is quoted.

    Leave out MIN, MAX and ALL where nothing was found (RFC 4731 section 3.1); an empty `found` is left out here.
    """
    words = [b"ESEARCH", b"(TAG %b)" % string(tag.encode("ascii"))]
    if by_uid:
        words.append(b"UID")
    for name, value in ((b"MIN", minimum), (b"MAX", maximum), (b"COUNT", count)):
        if value is not None:
            words.append(b"%b %d" % (name, value))
    if found:
        words.append(b"ALL " + sequence.encode(found))
    return line(*words)


def namespace(delimiter: str = "/") -> bytes:
    """One personal namespace without prefix and no other, RFC 2342 section 5."""
    return line(b"NAMESPACE", b'(("" %b))' % quoted(delimiter.encode("ascii")), NIL, NIL)


def identification(fields: Iterable[tuple[str, str | None]]) -> bytes:
    """`id-response`, RFC 2971; NIL for no fields."""
    words = [
        part
        for name, value in fields
        for part in (string(name.encode("utf-8")), nstring(None if value is None else value.encode("utf-8")))
    ]
    return line(b"ID", listed(words) if words else NIL)


# --- response codes with arguments ---


def capability_code(capabilities: Iterable[str]) -> str:
    """`CAPABILITY …`."""
    return " ".join(("CAPABILITY", *capabilities))


def permanent_flags(flags: Iterable[str]) -> str:
    """`PERMANENTFLAGS (…)`; a flag `\\*` says that new keywords may be made."""
    return f"PERMANENTFLAGS ({' '.join(flags)})"


def uid_validity(value: int) -> str:
    return f"UIDVALIDITY {value}"


def uid_next(value: int) -> str:
    return f"UIDNEXT {value}"


def unseen(number: int) -> str:
    """`UNSEEN n`, the first unseen message's sequence number."""
    return f"UNSEEN {number}"


def highest_modseq(value: int) -> str:
    """RFC 7162 section 3.1.2.1."""
    return f"HIGHESTMODSEQ {value}"


def append_uid(validity: int, uids: Iterable[tuple[int, int]]) -> str:
    """`APPENDUID validity uids`, RFC 4315 section 3."""
    return f"APPENDUID {validity} {sequence.encode(uids).decode('ascii')}"


def copy_uid(validity: int, pairs: Sequence[tuple[int, int]]) -> str:
    """`COPYUID validity sources targets` of (source UID, target UID) pairs in order, RFC 4315 section 3."""
    sources, targets = (sequence.encode(sequence.runs(side)).decode("ascii") for side in zip(*pairs, strict=True))
    return f"COPYUID {validity} {sources} {targets}"
