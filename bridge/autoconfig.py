"""How a mail program finds out where to connect: Thunderbird's autoconfig file, format 1.1, which others read too.

    https://autoconfig.DOMAIN/mail/config-v1.1.xml                       looked at first
    https://DOMAIN/.well-known/autoconfig/mail/config-v1.1.xml

The user is the whole address; the password is one of a device, sent under TLS (SASL PLAIN).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, indent, tostring

PLACES = (
    "https://autoconfig.{domain}/mail/config-v1.1.xml",
    "https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
)
USER = "%EMAILADDRESS%"
"""What the mail program puts the person's address for."""
SOCKETS = {"tls": "SSL", "starttls": "STARTTLS"}


@dataclass(frozen=True, slots=True)
class Server:
    """One way in, as programs elsewhere take it."""

    kind: Literal["imap", "smtp"]
    host: str
    port: int
    security: Literal["tls", "starttls"]


def xml(domain: str, servers: Iterable[Server]) -> str:
    """The file of one domain, best servers first."""
    root = Element("clientConfig", version="1.1")
    provider = SubElement(root, "emailProvider", id=domain)
    for name, value in (("domain", domain), ("displayName", domain), ("displayShortName", domain)):
        SubElement(provider, name).text = value
    for server in servers:
        name = "incomingServer" if server.kind == "imap" else "outgoingServer"
        _fill(SubElement(provider, name, type=server.kind), server)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _fill(element: Element, server: Server) -> None:
    for name, value in (
        ("hostname", server.host),
        ("port", str(server.port)),
        ("socketType", SOCKETS[server.security]),
        ("username", USER),
        ("authentication", "password-cleartext"),
    ):
        SubElement(element, name).text = value
