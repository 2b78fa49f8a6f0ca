"""Authentication-Results (RFC 8601): what we checked about a message, and nobody else's claim of having done so.

Contract: functions of bytes alone, linear, never raise. A line names methods and results; its values come from
headers of strangers, so what is no plain token is left out.
"""

import re
from dataclasses import dataclass

from bridge.mail import headers

NAME = "Authentication-Results"
_VALUE = re.compile(r"[A-Za-z0-9_.@+=-]{1,254}")
_FIELD = re.compile(rb"(?<=\n)authentication-results[ \t]*:[^\n]*(?:\n|\Z)(?:[ \t][^\n]*(?:\n|\Z))*", re.IGNORECASE)


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
    properties = [f"{name}={value}" for name, value in result.properties if _VALUE.fullmatch(value)]
    return " ".join([f"{result.method}={result.result}", *properties])


def without_claims(message: bytes, header: bytes, server: str | None) -> bytes:
    """`message`, which begins with `header`, less its Authentication-Results fields: all, or those in the name of
    `server` (section 5).
    """
    if headers.value(header, NAME) is None:
        return message
    kept = _FIELD.sub(lambda found: b"" if server is None or _claims(found[0], server) else found[0], b"\n" + header)
    return kept[1:] + message[len(header) :]


def _claims(field: bytes, server: str) -> bool:
    """Whether a field's authserv-id is ours; one that cannot be read counts as a claim."""
    value = field.partition(b":")[2].strip().lower()
    named = re.match(rb"[a-z0-9_.-]+", value)
    return named is None or named[0] == server.lower().encode("ascii", "replace")
