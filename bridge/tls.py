"""TLS: the certificate made at `init`, its fingerprint, and a context that follows the files when they change.

TLS 1.2 or later on every port (security.md, The network; RFC 8996). Renewed files serve the next handshake;
connections that stand keep the certificate they began with.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from storage.engine.durable import write_new

log = structlog.get_logger(__name__)

LIFETIME = timedelta(days=3650)
"""A self-signed certificate is known by its fingerprint: a new one makes every client ask again."""
SKEW = timedelta(days=1)
"""A client's clock may be behind."""
WATCH_SECONDS = 5.0
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class CertificateError(Exception):
    """The certificate or its key cannot be used; the text names the file and what to do."""


def create_self_signed(certificate_file: Path, key_file: Path, hostname: str, now: float) -> None:
    """Write a new P-256 key (0600) and a certificate for `hostname` and loopback; neither file may exist.

    Raises FileExistsError, OSError, storage.errors.WriterUnavailable.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for folder in (key_file.parent, certificate_file.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_new(key_file, pem, 0o600)
    certificate = _self_signed(key, hostname, datetime.fromtimestamp(now, UTC))
    write_new(certificate_file, certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _self_signed(key: ec.EllipticCurvePrivateKey, hostname: str, now: datetime) -> x509.Certificate:
    # A common name holds 64 characters at most (RFC 5280 appendix A.1); clients look at the alternative names.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hostname[:64])])
    loopback = [x509.IPAddress(ip_address("127.0.0.1")), x509.IPAddress(ip_address("::1"))]
    names = x509.SubjectAlternativeName([x509.DNSName(hostname), x509.DNSName("localhost"), *loopback])
    builder = x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - SKEW).not_valid_after(now + LIFETIME)
    builder = builder.add_extension(names, critical=False)
    # No authority: whoever trusts this certificate trusts it for this server only.
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    # Strict clients want it (RFC 5280 section 4.2.1.2).
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return builder.sign(key, hashes.SHA256())


@dataclass(frozen=True, slots=True)
class Certificate:
    """What mail clients show of it."""

    fingerprint: str
    """SHA-256: `AB:CD:…`, 32 bytes."""
    self_signed: bool
    expires_at: int
    pem: str
    """The server's own, without its chain."""
    subject: str
    """RFC 4514."""


def described(certificate_file: Path) -> Certificate:
    """Of the file as it is now. Raises `CertificateError`."""
    try:
        found = x509.load_pem_x509_certificate(certificate_file.read_bytes())
    except (OSError, ValueError) as error:
        raise CertificateError(f"{certificate_file}: no certificate in PEM ({type(error).__name__})") from None
    return Certificate(
        found.fingerprint(hashes.SHA256()).hex(":").upper(),
        found.issuer == found.subject,
        int(found.not_valid_after_utc.timestamp()),
        found.public_bytes(serialization.Encoding.PEM).decode("ascii"),
        found.subject.rfc4514_string(),
    )


def fingerprint(certificate_file: Path) -> str:
    """As in `described`. Raises `CertificateError`."""
    return described(certificate_file).fingerprint


class ServerTls:
    """The one context of all TLS ports; `refresh` loads the files again when they changed."""

    def __init__(self, certificate_file: Path, key_file: Path, minimum_version: str = "1.2") -> None:
        """Raises `CertificateError`."""
        self._files = (certificate_file, key_file)
        self._minimum = VERSIONS[minimum_version]
        self._seen = self._stamps()
        self.context = self._load()

    def _stamps(self) -> tuple[tuple[int, int, int] | None, ...]:
        """What tells a changed file from the same one, without reading it; None for one that is not there."""
        return tuple(_stamp(path) for path in self._files)

    def _load(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = self._minimum
        try:
            context.load_cert_chain(*self._files)
        except (OSError, ssl.SSLError) as error:
            names = " and ".join(str(path) for path in self._files)
            remedy = "check that both exist, can be read by this user, are PEM and belong together"
            raise CertificateError(f"{names}: {error.strerror or 'unusable'}; {remedy}") from None
        return context

    def refresh(self) -> bool:
        """Load changed files for the handshakes to come; True when new ones are in use.

        A pair that does not fit (a certificate renewed before its key) changes nothing and is looked at again.
        """
        stamps = self._stamps()
        if stamps == self._seen:
            return False
        try:
            self._load()
            # A failed load would leave the live context without its key: hence the trial above.
            self.context.load_cert_chain(*self._files)
        except (CertificateError, OSError):
            log.warning("tls.certificate_unusable")
            return False
        self._seen = stamps
        log.info("tls.certificate_loaded")
        return True

    async def watch(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Refresh for ever, at most `WATCH_SECONDS` after a change; two stat calls each time."""
        while True:
            await sleep(WATCH_SECONDS)
            self.refresh()


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_ino, found.st_mtime_ns, found.st_size)
