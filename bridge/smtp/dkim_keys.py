"""Public keys of DKIM signatures, as their domains publish them (RFC 6376 section 3.6.1; RFC 8301, RFC 8463)."""

from base64 import b64decode
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import load_der_public_key

from bridge.mail import dkim_form

MOST_RECORD = 1200
"""Octets of a record: RSA of 4096 bits needs 760, and the time of a check grows with the cube of the key."""
LEAST_BITS = 1024
"""Of RSA (RFC 8301 section 3.2)."""


class BadKey(Exception):
    """Nothing can be checked with this record: there is no key, it was revoked, or it is for something else."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a record says."""

    public: rsa.RSAPublicKey | ed25519.Ed25519PublicKey = field(repr=False)
    is_tried: bool
    """`t=y`: its domain tries DKIM out, and nobody is to believe it."""
    is_strict: bool
    """`t=s`: no subdomain may sign with it."""

    @property
    def too_small(self) -> bool:
        return isinstance(self.public, rsa.RSAPublicKey) and self.public.key_size < LEAST_BITS

    def holds(self, signature: bytes, digest: bytes) -> bool:
        """Whether `signature` is one of this SHA-256 (RFC 8463 section 3: Ed25519 signs the hash)."""
        try:
            if isinstance(self.public, rsa.RSAPublicKey):
                self.public.verify(signature, digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
            else:
                self.public.verify(signature, digest)
        except InvalidSignature:
            return False
        return True


def read(record: bytes, algorithm: bytes) -> Key:
    """The key of a TXT record for signatures by `algorithm`, `rsa` or `ed25519`. BadKey."""
    if len(record) > MOST_RECORD:
        raise BadKey
    try:
        tags = dkim_form.tags(record)
        if tags.get("v", b"DKIM1") != b"DKIM1" or tags.get("k", b"rsa") != algorithm or not _is_for_us(tags):
            raise BadKey
        flags = _words(tags.get("t", b""))
        octets = b64decode(b"".join(tags["p"].split()), validate=True)
        return Key(_public(octets, algorithm), b"y" in flags, b"s" in flags)
    except (KeyError, ValueError, UnsupportedAlgorithm):
        raise BadKey from None


def _is_for_us(tags: dict[str, bytes]) -> bool:
    services, algorithms = _words(tags.get("s", b"*")), _words(tags.get("h", b"sha256"))
    return bool(services & {b"*", b"email"}) and b"sha256" in algorithms


def _words(value: bytes) -> set[bytes]:
    return {word.strip() for word in value.split(b":")}


def _public(octets: bytes, algorithm: bytes) -> rsa.RSAPublicKey | ed25519.Ed25519PublicKey:
    """ValueError, UnsupportedAlgorithm; no octets at all is a key that was revoked."""
    if algorithm == b"ed25519":
        return ed25519.Ed25519PublicKey.from_public_bytes(octets)
    key = load_der_public_key(octets)
    if not isinstance(key, rsa.RSAPublicKey):
        raise BadKey
    return key
