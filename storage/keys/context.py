"""What a key or a seal is for: the label, the cipher suite and the things it is bound to, as unambiguous bytes.

Every key derived in Postex (HKDF-SHA256, RFC 5869) and everything sealed (AES-256-GCM, RFC 5116; HPKE, RFC 9180)
carries such a context: as HKDF or HPKE `info`, or as associated data. A seal moved to another account, document,
generation or purpose meets another context there, and does not open.
"""

from enum import StrEnum

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.errors import Tampered

SUITE = b"\x01"
"""First byte of what is sealed: X25519, HKDF-SHA256, AES-256-GCM. Another value leaves room for ML-KEM-768+X25519."""

KEY_SIZE = 32


class Label(StrEnum):
    """Every purpose there is. One list, so that no two can be the same."""

    DATABASE = "postex database"
    KEYRING_DATABASE = "postex keyring database"
    PEPPER = "postex pepper"
    DEDUPE = "postex dedupe"
    AUDIT = "postex audit"
    LOG_PSEUDONYM = "postex log pseudonym"
    MASTER = "postex master key"
    RECOVERY_KIT = "postex recovery kit"
    SLOT = "postex slot"
    SLOT_KEY = "postex slot account key"
    IDENTITY = "postex identity"
    WRAP = "postex wrap"
    CARD = "postex card"
    BODY = "postex body"
    ADOPTED_WRAP = "postex adopted wrap"
    ADOPTED_CARD = "postex adopted card"
    NAME = "postex name"
    NAME_TAG = "postex name tag"
    ESCROW_INNER = "postex escrow inner"
    ESCROW_SLOT = "postex escrow slot"
    ESCROW_HOLDER = "postex escrow holder"
    ESCROW_KIT = "postex escrow recovery kit"
    SIGNING = "postex signing"
    SIGNED = "postex signed"
    CANARY = "postex canary"
    OUTBOX = "postex outbox"
    OUTBOX_WRAP = "postex outbox wrap"
    OUTBOX_PAYLOAD = "postex outbox payload"
    OUTBOX_SECRET = "postex outbox secret"  # noqa: S105 - a label
    MESSAGE_TAG = "postex message tag"


def field(value: str | bytes | int) -> bytes:
    """One bound value behind its length (4 bytes): no two lists of values give the same bytes.

    Values come from rows, which may have been altered: Tampered for one that nothing was ever bound to.
    """
    if isinstance(value, str):
        value = value.encode()
    elif isinstance(value, int):
        value = _number(value)
    elif not isinstance(value, bytes):
        raise Tampered("nothing is bound to a value of this kind")
    return len(value).to_bytes(4, "big") + value


def _number(value: int) -> bytes:
    try:
        return value.to_bytes(8, "big")
    except OverflowError:
        raise Tampered("nothing is bound to a number below zero or over 64 bits") from None


def context(label: Label, *bound_to: str | bytes | int) -> bytes:
    """Label, suite and bound values in one string; the order of the values is part of the meaning."""
    return b"".join((field(label), SUITE, *map(field, bound_to)))


def derive(secret: bytes, info: bytes, salt: bytes | None = None, size: int = KEY_SIZE) -> bytes:
    """HKDF-SHA256 of `secret` for one purpose, which `info` names: a `context`. `size` bytes."""
    return HKDF(SHA256(), size, salt, info).derive(secret)
