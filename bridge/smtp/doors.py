"""The four ways in. What each asks of a client, in one table."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Door:
    """One listener's rules."""

    name: str
    implicit_tls: bool = False
    offers_starttls: bool = False
    requires_sign_in: bool = True
    """Only who signed in may hand in mail."""
    takes_plain_auth: bool = False
    """AUTH without TLS: the listener is on loopback, behind a proxy that ends TLS."""


SMTPS = Door("smtps", implicit_tls=True)
"""Port 465 (RFC 8314)."""
SUBMISSION = Door("submission", offers_starttls=True)
"""Port 587 (RFC 6409): nothing but STARTTLS before TLS."""
MX = Door("mx", offers_starttls=True, requires_sign_in=False)
"""Port 25: from anyone, for recipients of this server; AUTH after STARTTLS."""
SMTP_PLAIN = Door("smtp-plain", takes_plain_auth=True)
"""Loopback only."""

DOORS = {door.name: door for door in (SMTPS, SUBMISSION, MX, SMTP_PLAIN)}
