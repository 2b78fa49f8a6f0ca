"""Reports about documents: delivery status (RFC 3464) and disposition (RFC 8098), in the frame of RFC 6522.

    multipart/report ── text for people ── fields for programs ── what the report is about, or its header

Contract. As `writing`: a whole message with CRLF line ends whose values become no line and no field of their own. An
address that is not ASCII is written as RFC 6533 section 3 has it for seven bits. What is returned stands as it was
received, and makes the message 8bit where it is.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bridge.mail.writing import Letter, flat, head, moment, text_part

Fields = Iterable[tuple[str, str | None]]
_MESSAGE_ID = re.compile(r"[!-;=?-~]{1,900}")


class Action(StrEnum):
    """What became of one recipient (RFC 3464 section 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    """Given to others who may not report in their turn."""


@dataclass(frozen=True, slots=True)
class Status:
    """Of one recipient."""

    address: str = field(repr=False)
    """As the sender gave it."""
    action: Action
    code: str
    """RFC 3463, such as 5.7.1."""
    original: str | None = field(default=None, repr=False)
    """ORCPT, decoded: `rfc822;anna@example.org`."""
    diagnostic: str | None = None
    """An answer of ours as SMTP gave or would have given it."""


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What `write_delivery` makes a message of."""

    letter: Letter
    reporter: str
    """Name of this server."""
    arrived_at: int
    """Epoch seconds."""
    statuses: Sequence[Status]
    """At least one."""
    envelope_id: str | None = None
    returned: bytes = field(default=b"", repr=False)
    """Header block, or the whole message; empty: nothing."""
    is_whole: bool = False
    message_id: str | None = None
    """Of what was handed in, with its brackets."""


@dataclass(frozen=True, slots=True)
class DispositionReport:
    """What `write_disposition` makes a message of: that a document was displayed, with its reader's consent."""

    letter: Letter
    reporter: str
    address: str = field(repr=False)
    """Of the reader, as the sender gave it."""
    original: str | None = field(default=None, repr=False)
    message_id: str | None = None
    """Of the document, with its brackets."""


def write_delivery(report: DeliveryReport, boundary: str) -> bytes:
    """A delivery status notification. `boundary`: random letters and digits. ValueError as `writing.write`."""
    message = [
        ("Reporting-MTA", f"dns; {report.reporter}"),
        ("Original-Envelope-Id", report.envelope_id),
        ("Arrival-Date", moment(report.arrived_at)),
    ]
    groups = "\r\n".join([_fields(message), *(_fields(_of_recipient(status)) for status in report.statuses)])
    parts = [text_part(report.letter.text, report.letter.language), _part("message/delivery-status", groups.encode())]
    if report.returned:
        kind = "message/rfc822" if report.is_whole else "text/rfc822-headers"
        parts.append(_part(kind, report.returned))
    return _report(report.letter, "delivery-status", parts, boundary, report.message_id)


def write_disposition(report: DispositionReport, boundary: str) -> bytes:
    """A message disposition notification; arguments as `write_delivery`."""
    fields = [
        ("Reporting-UA", f"{report.reporter}; Postex"),
        ("Original-Recipient", report.original and _typed(report.original)),
        ("Final-Recipient", _address(report.address)),
        ("Original-Message-ID", report.message_id),
        ("Disposition", "manual-action/MDN-sent-automatically; displayed"),
    ]
    parts = [
        text_part(report.letter.text, report.letter.language),
        _part("message/disposition-notification", _fields(fields).encode()),
    ]
    return _report(report.letter, "disposition-notification", parts, boundary, report.message_id)


def _of_recipient(status: Status) -> Fields:
    return (
        ("Original-Recipient", status.original and _typed(status.original)),
        ("Final-Recipient", _address(status.address)),
        ("Action", status.action),
        ("Status", status.code),
        ("Diagnostic-Code", status.diagnostic and f"smtp; {status.diagnostic}"),
    )


def _fields(fields: Fields) -> str:
    """Lines of those that have a value; no value can end one."""
    return "".join(f"{name}: {flat(value)}\r\n" for name, value in fields if value)


def _typed(original: str) -> str:
    kind, _, address = original.partition(";")
    return f"{kind}; {address}"


def _address(address: str) -> str:
    if address.isascii():
        return f"rfc822; {address}"
    return "utf-8; " + "".join(each if each.isascii() else f"\\x{{{ord(each):X}}}" for each in address)


def _part(kind: str, content: bytes) -> bytes:
    encoding = b"" if content.isascii() else b"Content-Transfer-Encoding: 8bit\r\n"
    return b"Content-Type: " + kind.encode() + b"\r\n" + encoding + b"\r\n" + content


def _report(letter: Letter, kind: str, parts: Sequence[bytes], boundary: str, about: str | None) -> bytes:
    known = about.strip("<>") if about is not None else ""
    reply_to = known if _MESSAGE_ID.fullmatch(known) else None
    lines = [f'Content-Type: multipart/report; report-type={kind};\r\n\tboundary="{boundary}"']
    if not all(part.isascii() for part in parts):
        lines.append("Content-Transfer-Encoding: 8bit")
    border = f"--{boundary}".encode()
    body = b"".join(border + b"\r\n" + part + b"\r\n" for part in parts) + border + b"--\r\n"
    return head(letter, "auto-replied", reply_to) + "\r\n".join([*lines, "", ""]).encode() + body
