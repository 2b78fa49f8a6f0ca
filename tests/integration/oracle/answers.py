"""IMAP responses as comparable values: parsed by the grammar of RFC 3501 section 9, freed of what may differ.

What two correct servers may say differently is taken away here and nowhere else: prose, UIDVALIDITY values, the order
of flags, of FETCH items (section 7.4.2) and of LIST lines, codes of extensions that only one of them announces, and
the letter case of words that have none.
"""

import re
from dataclasses import dataclass, field

Value = str | int | bytes | tuple["Value", ...] | frozenset["Value"] | None
"""Atoms become upper-cased `str` or `int`, strings `bytes`, lists tuples, NIL None."""

CONDITIONS = ("OK", "NO", "BAD", "BYE", "PREAUTH")
KEPT_CODES = {
    "ALREADYEXISTS", "APPENDUID", "BADCHARSET", "COPYUID", "PERMANENTFLAGS",
    "READ-ONLY", "READ-WRITE", "TRYCREATE", "UIDNEXT", "UIDVALIDITY", "UIDNOTSTICKY", "UNSEEN",
}  # fmt: skip
COMPARED_ATTRIBUTES = {"\\NOSELECT", "\\NOINFERIORS", "\\SUBSCRIBED"}
"""Of LIST; children and special uses have tests of their own, as \\Marked and the like are a server's choice."""
OURS_ALONE = frozenset({b"BEZORGING", b"DELIVERY"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What one command brought: the tagged condition with its code, and the untagged responses before it."""

    status: str
    code: Value
    untagged: tuple[Value, ...]

    def lines(self) -> list[str]:
        return [f"* {shown(each)}" for each in self.untagged] + [f"{self.status} {shown(self.code)}"]


def shown(value: Value) -> str:
    """One spelling for equal values, to sort by and to print."""
    if isinstance(value, frozenset):
        return "{" + ", ".join(sorted(map(shown, value))) + "}"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(shown, value)) + ")"
    return repr(value) if isinstance(value, bytes) else str(value)


def without_uid(value: Value) -> Value:
    """A FETCH response without the UID that nobody asked for: any response may carry it, and ours always do."""
    if isinstance(value, tuple) and value[1:2] == ("FETCH",) and isinstance(value[2], frozenset):
        return (
            *value[:2],
            frozenset(each for each in value[2] if not (isinstance(each, tuple) and each[0] == "UID")),
        )
    return value


def without_order(untagged: list[Value]) -> tuple[Value, ...]:
    """What SELECT, LIST and the like bring has no order of its own; what changes message numbers keeps its place.

    RECENT after EXPUNGE is left out: RFC 3501 section 7.3.2 has it sent when the number changes, RFC 9051 has none.
    So are the folders that choose, which no other server has.
    """
    untagged = [each for each in untagged if not _is_of_ours_alone(each)]
    kinds = {each[1] if isinstance(each, tuple) and len(each) > 1 else None for each in untagged}
    if "EXPUNGE" in kinds:
        return tuple(each for each in untagged if not (isinstance(each, tuple) and each[1:2] == ("RECENT",)))
    return tuple(untagged) if "FETCH" in kinds else tuple(sorted(untagged, key=shown))


def _is_of_ours_alone(value: Value) -> bool:
    """LIST or LSUB of a delivery folder or the name above them."""
    if not (isinstance(value, tuple) and len(value) == 4 and value[0] in ("LIST", "LSUB")):
        return False
    return isinstance(value[3], bytes) and value[3].partition(b"/")[0] in OURS_ALONE


@dataclass(slots=True)
class _Reader:
    """A cursor over one response, literals included."""

    data: bytes
    at: int = 0
    _atom: re.Pattern[bytes] = field(default=re.compile(rb'[^\s()\[\]"{]*'), repr=False)

    def values(self, end: bytes) -> tuple[Value, ...]:
        found: list[Value] = []
        while self.at < len(self.data) and self.data[self.at : self.at + 1] != end:
            if self.data[self.at] == 0x20:
                self.at += 1
            else:
                found.append(self.value())
        self.at += 1
        return tuple(found)

    def value(self) -> Value:
        first = self.data[self.at : self.at + 1]
        if first == b"(":
            self.at += 1
            return self.values(b")")
        if first == b'"':
            return self._quoted()
        if first == b"{":
            return self._literal()
        return self._word()

    def _quoted(self) -> bytes:
        match = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.DOTALL).match(self.data, self.at)
        assert match, f"quoted string does not end: {self.data[self.at : self.at + 80]!r}"
        self.at = match.end()
        return re.sub(rb"\\(.)", rb"\1", match[1])

    def _literal(self) -> bytes:
        match = re.compile(rb"\{(\d+)\}\r\n").match(self.data, self.at)
        assert match, f"no literal: {self.data[self.at : self.at + 80]!r}"
        self.at = match.end() + int(match[1])
        return self.data[match.end() : self.at]

    def _word(self) -> Value:
        start = self.at
        while match := self._atom.match(self.data, self.at):
            self.at = match.end()
            if self.data[self.at : self.at + 1] != b"[":
                break
            self.at = self.data.index(b"]", self.at) + 1
        assert self.at > start, f"no value at {self.data[start : start + 80]!r}"
        text = self.data[start : self.at].decode("utf-8", "replace").upper().replace('"', "")
        return None if text == "NIL" else int(text) if text.isdigit() else text


def parsed(response: bytes) -> tuple[Value, ...]:
    """One untagged response without its `* ` and final CRLF, or what follows a tag; prose is dropped."""
    match = re.match(rb"(OK|NO|BAD|BYE|PREAUTH)(?: \[([^]]*(?:\([^)]*\))?[^]]*)\])?", response, re.IGNORECASE)
    if match:
        code = _Reader(match[2]).values(b"") if match[2] else ()
        return (match[1].decode().upper(), _code(code))
    return _normalised(_Reader(response).values(b""))


def _code(values: tuple[Value, ...]) -> Value:
    if not values or values[0] not in KEPT_CODES:
        return None
    if values[0] in ("UIDVALIDITY", "BADCHARSET"):
        return values[:1]
    if values[0] in ("APPENDUID", "COPYUID"):
        return (values[0], *values[2:])
    return _sorted_flags(values)


def _sorted_flags(values: tuple[Value, ...]) -> Value:
    return tuple(frozenset(each) if isinstance(each, tuple) else each for each in values)


def _normalised(values: tuple[Value, ...]) -> tuple[Value, ...]:
    if len(values) > 2 and values[1] == "FETCH" and isinstance(values[2], tuple):
        return (values[0], "FETCH", _items(values[2]))
    if values[:1] in (("LIST",), ("LSUB",)) and isinstance(values[1], tuple):
        attributes = frozenset(each for each in values[1] if each in COMPARED_ATTRIBUTES)
        return (values[0], attributes, values[2], _name(values[3]))
    if values[:1] == ("STATUS",) and isinstance(values[2], tuple):
        return ("STATUS", _name(values[1]), _pairs(values[2]))
    if values[:1] == ("SEARCH",):
        return ("SEARCH", *sorted(each for each in values[1:] if isinstance(each, int)))
    return values if values[:1] != ("FLAGS",) else ("FLAGS",)


def _name(value: Value) -> Value:
    """A mailbox name as bytes, whether it came as an atom or a string."""
    return value.upper() if isinstance(value, bytes) else str(value).encode()


def _pairs(values: tuple[Value, ...]) -> Value:
    pairs = zip(values[::2], values[1::2], strict=True)
    return frozenset((name, 0 if name == "UIDVALIDITY" else value) for name, value in pairs)


def _items(values: tuple[Value, ...]) -> Value:
    """FETCH items as a set of (name, value), flags as sets."""
    pairs = zip(values[::2], values[1::2], strict=True)
    return frozenset((name, _item(name, value)) for name, value in pairs)


def _item(name: Value, value: Value) -> Value:
    if name == "FLAGS" and isinstance(value, tuple):
        return frozenset(value)
    if name == "INTERNALDATE" and isinstance(value, bytes):
        return re.sub(rb"\A[ 0]", b"", value)  # date-day-fixed has both forms
    if name in ("BODY", "BODYSTRUCTURE") and isinstance(value, tuple):
        return _structure(value)
    if str(name).startswith("BODY[") and value is None:
        return b""  # section 7.4.2 has an nstring: no such part may be either
    return value


def _structure(body: tuple[Value, ...]) -> Value:
    """BODY or BODYSTRUCTURE with words in lower case, and the charset that RFC 2045 section 5.2 supplies."""
    if body and isinstance(body[0], tuple):
        at = next((index for index, each in enumerate(body) if not isinstance(each, tuple)), len(body))
        return (
            *(_structure(each) for each in body[:at] if isinstance(each, tuple)),
            *map(_lower, body[at : at + 1]),
            *map(_parameters, body[at + 1 : at + 2]),
            *body[at + 2 :],
        )
    kind, subtype, parameters, *rest = (_lower(body[0]), _lower(body[1]), _parameters(body[2]), *body[3:])
    if kind == b"text" and not any(name == b"charset" for name, _ in parameters or ()):
        parameters = frozenset({*(parameters or ()), (b"charset", b"us-ascii")})
    rest[2] = _lower(rest[2])
    if (kind, subtype) == (b"message", b"rfc822") and len(rest) > 5 and isinstance(rest[5], tuple):
        rest[5] = _structure(rest[5])
    return (kind, subtype, parameters, *rest)


def _parameters(values: Value) -> Value:
    """A parameter list as a set of pairs; the charset's value has no case."""
    if not isinstance(values, tuple):
        return values
    pairs = zip(map(_lower, values[::2]), values[1::2], strict=True)
    return frozenset((name, _lower(value) if name == b"charset" else value) for name, value in pairs)


def _lower(value: Value) -> Value:
    return value.lower() if isinstance(value, bytes) else value
