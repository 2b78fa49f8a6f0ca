"""Our trace header (RFC 5321 section 4.4), written above what was received.

It has no `for` clause, as one document serves many recipients, and no network address: the header can never be cut,
and addresses are kept for a while only (S20). For the same reason an address literal in EHLO is not repeated.
"""

import re
from ipaddress import ip_address
from time import gmtime

_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def received(client: str, server: str, protocol: str, transaction: str, now: float) -> bytes:
    """`client` is what EHLO gave; `protocol` as in RFC 3848 and RFC 6531; `transaction` is our id of it."""
    lines = f"Received: from {_shown(client)}\r\n\tby {server} with {protocol} id {transaction};\r\n\t{date(now)}\r\n"
    return lines.encode("ascii")


def protocol(*, extended: bool, encrypted: bool, authenticated: bool, utf8: bool) -> str:
    """The keyword of the `with` clause (RFC 3848, RFC 6531 section 4.3)."""
    if not extended:
        return "SMTP"
    return ("UTF8SMTP" if utf8 else "ESMTP") + "S" * encrypted + "A" * authenticated


def date(now: float) -> str:
    """RFC 5322 section 3.3, in UTC and without regard to the locale."""
    t = gmtime(now)
    day = f"{_DAYS[t.tm_wday]}, {t.tm_mday} {_MONTHS[t.tm_mon - 1]} {t.tm_year:04}"
    return f"{day} {t.tm_hour:02}:{t.tm_min:02}:{t.tm_sec:02} +0000"


def _shown(client: str) -> str:
    """The name given in EHLO if it is one, else `unknown`."""
    if not _NAME.fullmatch(client):
        return "unknown"
    try:
        ip_address(client)
    except ValueError:
        return client
    return "unknown"
