"""What the writer of a reply wrote: without the quoted thread, the signature and the lines of phones.

Contract: pure, never raises, linear time. `new_text(message)` gives the first text/plain part as far as it is the
writer's own; None if there is no such part (a reply in HTML alone). Only `MOST` octets are read: a command is short.

    quoted lines (`>`) go, with the line that introduces them; text below them stays
    what begins like the header of a forwarded or answered message goes with all that follows
    so does what follows the signature mark `-- ` (RFC 3676 section 4.3)
"""

import re

from bridge.mail import headers
from bridge.mail.parts import Kind, Row
from bridge.mail.scanner import scan
from bridge.mail.text import part_text

MOST = 65_536
_QUOTED = re.compile(r"\s*[>|]")
_INTRODUCES = re.compile(
    r"(on|op|le|am|el|il)\b.{0,300}\b(wrote|schreef|a écrit|schrieb|escribió|ha scritto)\b.{0,200}$",
    re.IGNORECASE,
)
_BEGINS_INTRODUCTION = re.compile(r"(on|op)\b.{0,100}(\d{1,2}:\d{2}|\b20\d\d\b)", re.IGNORECASE)
_ENDS_INTRODUCTION = re.compile(r".{0,300}(\b(wrote|schreef|geschreven)\b.{0,100}|>\s{0,20}):$", re.IGNORECASE)
_REST_IS_QUOTED = re.compile(
    r"\s*(-{2,}\s*(original message|oorspronkelijk bericht|forwarded message|doorgestuurd bericht|ursprüngliche"
    r" nachricht|message d'origine)\b|_{20,}\s*$|begin (forwarded message|doorgestuurd bericht)"
    r"|\*{0,2}(from|van|von|de)\s*:\*{0,2}\s*\S.{0,300}@)",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(
    r"-- ?$|\s*(sent from my|sent from|get outlook for|verzonden vanaf|verstuurd vanaf|verzonden met|gesendet von)\b",
    re.IGNORECASE,
)


def new_text(message: bytes) -> str | None:
    """See above."""
    row = _plain(message)
    return None if row is None else own_lines(part_text(message, row)[:MOST])


def own_lines(text: str) -> str:
    """The lines of a text that its writer wrote."""
    lines = text.replace("\r\n", "\n").split("\n")
    kept: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if _SIGNATURE.match(line) or _REST_IS_QUOTED.match(line):
            break
        taken = _introduction(lines, at)
        if taken and not _quotes_follow(lines, at + taken):
            break
        if not taken and not _QUOTED.match(line):
            kept.append(line.strip())
        at += taken or 1
    return "\n".join(kept).strip()


def _introduction(lines: list[str], at: int) -> int:
    """How many lines from `at` on introduce a quotation: none, one or two."""
    line = lines[at].strip()
    if _INTRODUCES.match(line):
        return 1
    following = lines[at + 1].strip() if at + 1 < len(lines) else ""
    return 2 if _BEGINS_INTRODUCTION.match(line) and _ENDS_INTRODUCTION.match(following) else 0


def _quotes_follow(lines: list[str], at: int) -> bool:
    """Whether the next line that is not empty is marked as quoted: else all of the rest is the quotation."""
    following = next((line for line in lines[at:] if line.strip()), "")
    return bool(_QUOTED.match(following))


def _plain(message: bytes) -> Row | None:
    """The first text/plain part that is neither attached nor inside an attached message."""
    parts, at = scan(message[:MOST]).parts, 0
    while at < len(parts):
        row = parts.row(at)
        if row.kind is Kind.TEXT and _is_shown(message[row.start : row.body]):
            return row
        at += 1 + (row.below if row.kind is Kind.MESSAGE else 0)
    return None


def _is_shown(header: bytes) -> bool:
    kind = (headers.value(header, "Content-Type") or "text/plain").partition(";")[0].strip().lower()
    attached = (headers.value(header, "Content-Disposition") or "").lower().startswith("attachment")
    return kind == "text/plain" and not attached
