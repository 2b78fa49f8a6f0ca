"""Signatures of this bridge: Ed25519 (RFC 8032), the seed from the master key by HKDF.

What is signed is canonical JSON, so that a reader can take the text as it stands, and a purpose: a signed backup
manifest is no erasure receipt. Whoever has the public key can check a signature; the server needs only its master
key, and so does who restores it elsewhere.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from storage.errors import Tampered
from storage.keys.context import Label, context
from storage.keys.master import ServerKeys

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode


class Purpose(StrEnum):
    """What a signature says. One list, so that no two can be the same."""

    AUDIT_HEAD = "audit head"
    ERASURE_RECEIPT = "erasure receipt"
    BACKUP = "backup"
    KEYRING_BACKUP = "keyring backup"
    BACKUP_ORDER = "backup order"


def canonical(content: Mapping[str, Any]) -> bytes:
    """JSON with sorted keys and no blanks, in ASCII: the same content is always the same bytes."""
    return _encode(content).encode()


def public_key(keys: ServerKeys) -> bytes:
    """Ed25519, 32 bytes; may be shown to anyone."""
    return Ed25519PrivateKey.from_private_bytes(keys.signing).public_key().public_bytes_raw()


def sign(keys: ServerKeys, purpose: Purpose, content: bytes) -> bytes:
    """64 bytes over `content` (see `canonical`) and what it is."""
    return Ed25519PrivateKey.from_private_bytes(keys.signing).sign(_signed(purpose, content))


def verify(public: bytes, purpose: Purpose, content: bytes, signature: bytes) -> None:
    """Tampered unless the owner of `public` signed exactly this for this purpose."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _signed(purpose, content))
    except (InvalidSignature, ValueError, TypeError):
        raise Tampered(f"the signature of the {purpose} does not hold") from None


def _signed(purpose: Purpose, content: bytes) -> bytes:
    return context(Label.SIGNED, purpose, content)
