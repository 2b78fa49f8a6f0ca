"""What a delivery status notification says, as far as a program may believe it (RFC 3464, RFC 6522, RFC 6533).

Contract. `read` takes any bytes, never raises and does bounded work: the scanner's limits, the first 64 KiB of one
part, 20 groups of fields. A message that is no such report (an automatic reply, a person's answer) is None. The texts
of the report are not looked at: they are somebody else's words.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from bridge.mail import headers, parameters
from bridge.mail.parts import Row
from bridge.mail.scanner import scan

MAX_REPORT = 65_536
MAX_GROUPS = 20
_TYPES = ("message/delivery-status", "message/global-delivery-status")
_GROUPS = re.compile(rb"\r?\n[ \t]*\r?\n")
_CODE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


class Outcome(StrEnum):
    """RFC 3464 section 2.3.3."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True, slots=True)
class StatusReport:
    """Of the one recipient that each of our messages has; of several, the worst."""

    outcome: Outcome
    code: str
    """RFC 3463, such as 5.1.1; of the class that goes with the outcome."""


def read(message: bytes) -> StatusReport | None:
    for row in scan(message).parts:
        if _is_status(message[row.start : row.body]):
            return _worst(_decoded(message, row))
    return None


def _is_status(header: bytes) -> bool:
    given = headers.value(header, "Content-Type")
    return given is not None and parameters.parse(given).value.strip().lower() in _TYPES


def _decoded(message: bytes, row: Row) -> bytes:
    """As it is: RFC 3464 section 2.1 asks for seven bits. An encoded one tells nothing."""
    return message[row.body : min(row.stop, row.body + MAX_REPORT)]


def _worst(report: bytes) -> StatusReport | None:
    """Groups of fields with blank lines between them; the first is about the whole message."""
    order = list(Outcome)
    groups = _GROUPS.split(report.strip(b"\r\n"), MAX_GROUPS)
    found = [status for group in groups if (status := _status(group)) is not None]
    return min(found, key=lambda each: order.index(each.outcome), default=None)


def _status(group: bytes) -> StatusReport | None:
    try:
        outcome = Outcome((headers.value(group, "Action") or "").strip().lower())
    except ValueError:
        return None
    wanted = {Outcome.FAILED: "5", Outcome.DELAYED: "4"}.get(outcome, "2")
    code = _CODE.match(parameters.without_comments(headers.value(group, "Status") or "").strip())
    said = code[0] if code is not None and code[0][0] == wanted else f"{wanted}.0.0"
    return StatusReport(outcome, said)
