"""How mail programs connect."""

from typing import Literal

from bridge.api.schemas import Schema


class ServerOut(Schema):
    """One way in; those that the settings close are not there."""

    kind: Literal["imap", "smtp"]
    host: str
    port: int
    security: Literal["tls", "starttls"]
    """From the first octet on (RFC 8314), or by STARTTLS before anything else."""


class CertificateOut(Schema):
    fingerprint: str
    """SHA-256, as mail programs show it: `AB:CD:…`."""
    self_signed: bool
    """Mail programs ask about it once; the fingerprint is to be compared then."""
    expires_at: int
    pem: str


class ConnectionOut(Schema):
    servers: list[ServerOut]
    """Reading first; of two ways to hand in the one with TLS from the first octet on comes first."""
    local: str
    """The address at which programs on this machine connect to the same ports."""
    only_here: bool
    """Whether programs elsewhere cannot connect: the setting `host` is this machine alone."""
    certificate: CertificateOut


class AutoconfigOut(Schema):
    domain: str
    places: list[str]
    """Where mail programs look for it, in this order."""
    xml: str
