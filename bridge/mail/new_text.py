"""What the writer of a reply wrote: without the quoted thread, the signature and the lines of phones.

Contract: pure, never raises, linear time. `new_text(message)` gives the first text part as far as it is the writer's
own, plain or HTML; None if there is no such part, or nobody can say what it shows. Only `MOST` octets are read: a
command is short.

    quoted lines (`>`) go, with the line that introduces them; text below them stays
    what begins like the header of a forwarded or answered message goes with all that follows
    so does what follows the signature mark `-- ` (RFC 3676 section 4.3)
"""

import re

from bridge.mail import headers
from bridge.mail.own_hypertext import own_text
from bridge.mail.parts import Kind, Row
from bridge.mail.scanner import scan
from bridge.mail.text import part_text

MOST = 65_536
PLAIN, HTML = "text/plain", "text/html"
_QUOTED = re.compile(r"\s*[>|]")
_SAID = r"(wrote|schreef|geschreven|a écrit|écrit|schrieb|geschrieben|escribió|ha scritto)"
_INTRODUCES = re.compile(rf"(on|op|le|am|el|il)\b.{{0,300}}\b{_SAID}\b.{{0,200}}$", re.IGNORECASE)
_BEGINS_INTRODUCTION = re.compile(r"(on|op|le|am|el|il)\b.{0,100}(\d{1,2}[:.h]\d{2}|\b20\d\d\b)", re.IGNORECASE)
_ENDS_INTRODUCTION = re.compile(rf".{{0,300}}(\b{_SAID}\b.{{0,100}}|>\s{{0,20}}):$", re.IGNORECASE)
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}\b.{0,200}<[^<>]{3,300}>:$")
_REST_IS_QUOTED = re.compile(
    r"\s*(-{2,}\s*(original message|oorspronkelijk bericht|forwarded message|doorgestuurd bericht|ursprüngliche"
    r" nachricht|weitergeleitete nachricht|message d['’]origine|message transféré)\b|_{20,}\s*$"
    r"|begin (forwarded message|doorgestuurd bericht)"
    r"|[*_]{0,2}(from|van|von|de)\s{0,2}:[*_]{0,2}\s*\S.{0,300}@)",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"[*_]{0,2}(from|van|von|de|sent|verzonden|gesendet|envoyé|date|datum|to|aan|an|à|subject|onderwerp|betreff|objet)"
    r"[\s\u00a0]{0,2}:[*_]{0,2}\s*\S",
    re.IGNORECASE,
)
"""A line of the header that programs put above an answered message, in their language."""
_SIGNATURE = re.compile(
    r"-- ?$|\s*(sent from my|sent from|get outlook for|verzonden vanaf|verstuurd vanaf|verzonden met|verstuurd met"
    r"|gesendet von|von meinem .{1,60} gesendet|envoyé de(puis)? mon|téléchargez outlook|holen sie sich outlook)\b",
    re.IGNORECASE,
)


def new_text(message: bytes) -> str | None:
    """See above."""
    row, kind = _first(message)
    if row is None:
        return None
    text = part_text(message, row)[:MOST]
    written = own_text(text) if kind == HTML else text
    return None if written is None else own_lines(written)


def own_lines(text: str) -> str:
    """The lines of a text that its writer wrote."""
    lines = text.replace("\r\n", "\n").split("\n")
    kept: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if _SIGNATURE.match(line) or _REST_IS_QUOTED.match(line) or _is_header(lines, at):
            break
        taken = _introduction(lines, at)
        if taken and not _quotes_follow(lines, at + taken):
            break
        if not taken and not _QUOTED.match(line):
            kept.append(line.strip())
        at += taken or 1
    return "\n".join(kept).strip()


def _is_header(lines: list[str], at: int) -> bool:
    """Whether two lines of a header begin here."""
    return bool(_FIELD.match(lines[at])) and at + 1 < len(lines) and bool(_FIELD.match(lines[at + 1]))


def _introduction(lines: list[str], at: int) -> int:
    """How many lines from `at` on introduce a quotation: none, one or two."""
    line = lines[at].strip()
    if _INTRODUCES.match(line) or _DATED.match(line):
        return 1
    following = lines[at + 1].strip() if at + 1 < len(lines) else ""
    return 2 if _BEGINS_INTRODUCTION.match(line) and _ENDS_INTRODUCTION.match(following) else 0


def _quotes_follow(lines: list[str], at: int) -> bool:
    """Whether the next line that is not empty is marked as quoted: else all of the rest is the quotation."""
    following = next((lines[place] for place in range(at, len(lines)) if lines[place].strip()), "")
    return bool(_QUOTED.match(following))


def _first(message: bytes) -> tuple[Row | None, str]:
    """The first text part that is neither attached nor inside an attached message, and whether plain or HTML."""
    parts, at = scan(message[:MOST]).parts, 0
    while at < len(parts):
        row = parts.row(at)
        kind = _shown(message[row.start : row.body]) if row.kind is Kind.TEXT else ""
        if kind in (PLAIN, HTML):
            return row, kind
        at += 1 + (row.below if row.kind is Kind.MESSAGE else 0)
    return None, ""


def _shown(header: bytes) -> str:
    """The type of a part; none of one that is attached."""
    attached = (headers.value(header, "Content-Disposition") or "").lower().startswith("attachment")
    return "" if attached else (headers.value(header, "Content-Type") or PLAIN).partition(";")[0].strip().lower()
