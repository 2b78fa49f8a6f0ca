"""`value; name=value; …` of Content-Type and Content-Disposition (RFC 2045 section 5.1, RFC 2183, RFC 2231).

Contract: never raises, linear time, at most 128 parameters. RFC 2231 section 6 asks an IMAP server to join parameter
continuations in BODYSTRUCTURE; charset and percent-encoding stay for the client, under the name with its asterisk:
`filename*0*=utf-8''a%20; filename*1=b` becomes `filename*` = `utf-8''a%20b`. Pieces that cannot be joined (the
first is missing) stay under their own names.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import quote

from bridge.mail.words import unicode_of

MAX_PARAMETERS = 128

_QUOTED = r'"(?:[^"\\]++|\\.)*+"?'
_PARAMETER = re.compile(rf';([^;="]*+)(?:=[ \t\r\n]*+({_QUOTED}|[^;"]*+))?+(?:[^;"]++|{_QUOTED})*+', re.DOTALL)
_FIRST = re.compile(r'[^;"]*+')
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_PIECE = re.compile(r"(.+)\*(0|[1-9][0-9]{0,3})(\*?)", re.DOTALL)
_COMMENT_MARK = re.compile(r'[()]|"(?:[^"\\]++|\\.)*+"?|\\.', re.DOTALL)
_FREE_TEXT = frozenset({"name", "filename"})
"""Parameters whose unquoted value may hold spaces in practice: read up to the semicolon."""


@dataclass(frozen=True, slots=True)
class Parameterised:
    """`value` trimmed and without comments; `parameters` by lower-case name, the first of a name wins."""

    value: str
    parameters: dict[str, str] = field(default_factory=dict)


def parse(text: str) -> Parameterised:
    if "(" in text:
        text = without_comments(text)
    first = _FIRST.match(text)
    end = first.end() if first else 0
    value = text[:end].strip(" \t\r\n")
    if end >= len(text):
        return Parameterised(value)
    return Parameterised(value, _joined(_raw(text, end)))


def _raw(text: str, start: int) -> dict[str, str]:
    raw: dict[str, str] = {}
    for found in _PARAMETER.finditer(text, start):
        name = found[1].strip(" \t\r\n").lower()
        if name and found[2] is not None:
            raw.setdefault(name, _plain(name, found[2]))
            if len(raw) >= MAX_PARAMETERS:
                break
    return raw


def _plain(name: str, value: str) -> str:
    if value.startswith('"'):
        inner = value[1:-1] if len(value) > 1 and value.endswith('"') else value[1:]
        return _ESCAPE.sub(r"\1", inner) if "\\" in inner else inner
    value = value.strip(" \t\r\n")
    if name in _FREE_TEXT or " " not in value:
        return value
    return value.split(None, 1)[0]


def without_comments(text: str) -> str:
    """`text` with its comments, nested ones too, cut out (RFC 5322 section 3.2.2); an open one runs to the end."""
    kept: list[str] = []
    depth = start = 0
    for mark in _COMMENT_MARK.finditer(text):
        if mark[0] == "(":
            if depth == 0:
                kept.append(text[start : mark.start()])
            depth += 1
        elif mark[0] == ")" and depth:
            depth -= 1
            start = mark.end()
    if depth == 0:
        kept.append(text[start:])
    return " ".join(kept)


def _joined(raw: dict[str, str]) -> dict[str, str]:
    if not any("*" in name for name in raw):
        return raw
    joined: dict[str, str] = {}
    for name, value in raw.items():
        piece = _PIECE.fullmatch(name)
        if piece is None or not _has_first(raw, piece[1]):
            joined.setdefault(name, value)
        elif piece[2] == "0":
            whole, extended = _continued(raw, piece[1])
            joined.setdefault(piece[1] + "*" * extended, whole)
    return joined


def _has_first(raw: dict[str, str], name: str) -> bool:
    return f"{name}*0" in raw or f"{name}*0*" in raw


def _continued(raw: dict[str, str], name: str) -> tuple[str, bool]:
    """The pieces 0, 1, 2 … of `name` as one value, and whether it is in the extended form."""
    pieces: list[tuple[str, bool]] = []
    while True:
        plain, extended = f"{name}*{len(pieces)}", f"{name}*{len(pieces)}*"
        if extended in raw:
            pieces.append((raw[extended], True))
        elif plain in raw:
            pieces.append((raw[plain], False))
        else:
            break
    if not any(extended for _, extended in pieces):
        return "".join(value for value, _ in pieces), False
    # The charset stands in the first piece; without it there the value has none, which RFC 2231 section 4 allows.
    prefix = "" if pieces[0][1] else "''"
    return prefix + "".join(v if extended else quote(unicode_of(v)) for v, extended in pieces), True


def seven_bit(parameters: dict[str, str]) -> dict[str, str]:
    """Parameters ready for an IMAP string: a raw 8-bit value turns into RFC 2231's extended form in UTF-8."""
    if all(value.isascii() for value in parameters.values()):
        return parameters
    safe: dict[str, str] = {}
    for name, value in parameters.items():
        if value.isascii():
            safe[name] = value
        elif name.endswith("*"):
            safe[name] = quote(unicode_of(value), safe="%'" + _ATTRIBUTE_CHARS)
        elif f"{name}*" not in parameters:
            safe[f"{name}*"] = "utf-8''" + quote(unicode_of(value), safe="")
    return safe


_ATTRIBUTE_CHARS = "!#$&+^`{}|"
