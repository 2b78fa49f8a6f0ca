"""Authentication-Results (RFC 8601): what we checked about a message, and nobody else's claim of having done so.

Contract: functions of bytes alone, linear, never raise. A line names methods and results; its values come from
headers of strangers, so what is neither a token nor safe in quotes is left out.
"""

import re
from dataclasses import dataclass

from bridge.mail import headers

NAME = "Authentication-Results"
_TOKEN = re.compile(r"[A-Za-z0-9_.+-]{1,254}(?:@[A-Za-z0-9_.-]{1,254})?")
_QUOTABLE = re.compile(r"[A-Za-z0-9_.@+=/-]{1,254}")
_FIELD = re.compile(rb"(?<=\n)authentication-results[ \t]*:[^\n]*(?:\n|\Z)(?:[ \t][^\n]*(?:\n|\Z))*", re.IGNORECASE)
_IDENTIFIER = re.compile(rb'"((?:[^"\\]|\\.)*)"|([A-Za-z0-9_.-]+)', re.DOTALL)
_PAIR = re.compile(rb"\\(.)", re.DOTALL)
_MOST_COMMENTS = 20


@dataclass(frozen=True, slots=True)
class Result:
    """One method, such as `dkim` `pass` with (("header.d", "energie.example"),)."""

    method: str
    result: str
    properties: tuple[tuple[str, str], ...] = ()


def line(server: str, results: tuple[Result, ...]) -> bytes:
    """The field with its line end; `none` where nothing was checked (section 2.2)."""
    shown = [_shown(result) for result in results] or ["none"]
    separator = ";\r\n\t"
    return f"{NAME}: {separator.join([server, *shown])}\r\n".encode("ascii")


def _shown(result: Result) -> str:
    properties = [f"{name}={_value(value)}" for name, value in result.properties if _QUOTABLE.fullmatch(value)]
    return " ".join([f"{result.method}={result.result}", *properties])


def _value(value: str) -> str:
    return value if _TOKEN.fullmatch(value) else f'"{value}"'


def without_claims(message: bytes, header: bytes, server: str | None) -> bytes:
    """`message`, which begins with `header`, less its Authentication-Results fields: all, or those in the name of
    `server` (section 5).
    """
    if headers.value(header, NAME) is None:
        return message
    kept = _FIELD.sub(lambda found: b"" if server is None or _claims(found[0], server) else found[0], b"\n" + header)
    return kept[1:] + message[len(header) :]


def _claims(field: bytes, server: str) -> bool:
    """Whether a field's authserv-id is ours: in any case, in quotes, behind comments, folded, with a version after
    it. One that cannot be read counts as a claim.
    """
    named = _IDENTIFIER.match(_behind_comments(field.partition(b":")[2]))
    if named is None:
        return True
    identifier = _PAIR.sub(rb"\1", named[1]) if named[1] is not None else named[2]
    return identifier.strip().strip(b".").lower() == server.lower().encode("ascii", "replace")


def _behind_comments(value: bytes) -> bytes:
    """`value` without blanks and comments in front (RFC 5322 section 3.2.2); empty where those do not end."""
    for _ in range(_MOST_COMMENTS):
        value = value.lstrip()
        if not value.startswith(b"("):
            return value
        value = value[_end_of_comment(value) :]
    return b""


def _end_of_comment(value: bytes) -> int:
    depth = 0
    for found in re.finditer(rb"\\.|[()]", value, re.DOTALL):
        depth += {b"(": 1, b")": -1}.get(found[0], 0)
        if not depth:
            return found.end()
    return len(value)
