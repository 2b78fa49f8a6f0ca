"""The test document: a letter, handed in as a sender's program does it, over TLS that trusts one certificate."""

import smtplib
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from typing import Any

from bridge.i18n import N_
from postex_tui.answers import Refusal

SECONDS = 30.0
NO_WAY = N_("The bridge has no open port to hand documents in. See smtp.tls_port in its settings.")
REFUSED = N_("The bridge did not take the document: {reason}")
SUBJECT = N_("Welcome: this is a test document")
WORDS = N_(
    "This is a test document of your new post office.\n\nIt came by SMTP, and lies encrypted in your mailbox.\n"
)


@dataclass(frozen=True, slots=True)
class Hand:
    """Who hands in."""

    username: str
    password: str = field(repr=False)
    address: str
    """Which it writes as."""


def letter(say: Callable[..., str], sender: Hand, recipient: str) -> EmailMessage:
    """A short one."""
    made = EmailMessage(policy=SMTP)
    made["From"], made["To"], made["Subject"] = sender.address, recipient, say(SUBJECT)
    made["Date"], made["Message-ID"] = formatdate(), make_msgid(domain=sender.address.rpartition("@")[2])
    made.set_content(say(WORDS))
    return made


def hand_in(say: Callable[..., str], connection: Mapping[str, Any], sender: Hand, made: EmailMessage) -> None:
    """Blocks until the bridge has it. `Refusal` with what it said."""
    ways = [server for server in connection["servers"] if server["kind"] == "smtp"]
    if not ways:
        raise Refusal("no-way", say(NO_WAY))
    trust = only(connection["certificate"]["pem"])
    try:
        with _opened(connection["local"], ways[0], trust) as client:
            client.login(sender.username, sender.password)
            client.send_message(made)
    except (smtplib.SMTPException, OSError) as error:
        raise Refusal("not-taken", say(REFUSED, reason=_reason(error))) from None


def only(pem: str) -> ssl.SSLContext:
    """Trusts this certificate and no other: whatever name the connection is made by, it is that one's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=pem)
    return context


def _opened(host: str, way: Mapping[str, Any], trust: ssl.SSLContext) -> smtplib.SMTP:
    if way["security"] == "tls":
        return smtplib.SMTP_SSL(host, way["port"], timeout=SECONDS, context=trust)
    client = smtplib.SMTP(host, way["port"], timeout=SECONDS)
    client.starttls(context=trust)
    return client


def _reason(error: Exception) -> str:
    """The bridge's own words where it said some."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        error = smtplib.SMTPResponseException(*next(iter(error.recipients.values())))
    if isinstance(error, smtplib.SMTPResponseException):
        told = error.smtp_error
        return f"{error.smtp_code} {told.decode('utf-8', 'replace') if isinstance(told, bytes) else told}"
    return str(error)
