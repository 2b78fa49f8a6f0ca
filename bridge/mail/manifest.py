"""A sender's manifest of a batch: which documents it handed in, for whom, and how many.

    To: batch@example.org
    Postex-Document: batch=2026-11          (or the name as the subject)

    count,2
    <1@energie.example>,anna@example.org
    <2@energie.example>,bram@example.org

Contract. `read(message)` never raises. The list is the first part of type text/csv, else the first text/plain, with
commas or semicolons, quoted or not (RFC 4180); a heading, empty lines and comments (`#`) are passed over. What is no
such line makes the manifest disagree: it is kept in `wrong`.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field

from bridge.mail import headers
from bridge.mail.facts import facts_of
from bridge.mail.parts import Kind, Row
from bridge.mail.scanner import scan
from bridge.mail.text import part_text
from bridge.mail.words import decoded_words

MOST_LINES = 200_000
LONGEST = 2000
"""Characters of a line."""


@dataclass(frozen=True, slots=True)
class Line:
    message_id: str
    """With its brackets."""
    recipient: str
    """Lower case."""


@dataclass(frozen=True, slots=True)
class Manifest:
    name: str
    """Of the batch; empty if it says none."""
    count: int | None
    lines: tuple[Line, ...] = field(repr=False)
    wrong: tuple[str, ...] = field(repr=False)
    """Lines that are none."""


def read(message: bytes) -> Manifest:
    """See above."""
    head = message[: message.find(b"\r\n\r\n") + 2] if b"\r\n\r\n" in message else message
    name = facts_of(head).batch or decoded_words(headers.value(head, "Subject") or "").strip()
    count: int | None = None
    lines, wrong = [], []
    for cells in _rows(_text(message)):
        match cells:
            case ["count", number] if number.isascii() and number.isdigit() and len(number) < 10:
                count = int(number)
            case [message_id, recipient] if "@" in recipient and message_id:
                lines.append(Line(f"<{message_id.strip('<>')}>", recipient.lower()))
            case _:
                wrong.append(",".join(cells)[:LONGEST])
    return Manifest(name, count, tuple(lines), tuple(wrong))


def _rows(text: str) -> Iterator[list[str]]:
    for number, line in enumerate(text.splitlines()):
        stripped = line.strip()
        if number >= MOST_LINES or not stripped or stripped.startswith("#"):
            continue
        separator = ";" if ";" in stripped and "," not in stripped else ","
        cells = _cells(stripped[:LONGEST], separator)
        if cells and cells[0].lower() in ("count", "message-id"):
            cells[0] = cells[0].lower()
        if cells[:1] != ["message-id"]:
            yield cells


def _cells(line: str, separator: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]
    except csv.Error:
        return [line]


def _text(message: bytes) -> str:
    found: Row | None = None
    for row in scan(message).parts:
        if row.kind is not Kind.TEXT:
            continue
        kind = (headers.value(message[row.start : row.body], "Content-Type") or "text/plain").partition(";")[0]
        if kind.strip().lower() == "text/csv":
            return part_text(message, row)
        if found is None and kind.strip().lower() == "text/plain":
            found = row
    return "" if found is None else part_text(message, found)
