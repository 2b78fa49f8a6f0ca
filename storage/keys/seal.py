"""Small things sealed one by one under a key: suite byte ‖ nonce (12) ‖ AES-256-GCM ciphertext and tag (16).

Nonces are 96 random bits. Two seals under one key must not draw the same one: after n seals the chance is below
n²/2⁹⁷, so 2³³ at most in 2³² seals, the limit of NIST SP 800-38D section 8.3. The longest-lived keys, those of an
account, seal once per document adopted; UIDs of a mailbox end at 2³² too (RFC 3501 section 2.3.1.1), and a mailbox
of that size would outgrow its machine by a factor of thousands. So random nonces are enough, and cheaper than a key
per record.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.errors import Tampered
from storage.keys.context import SUITE
from storage.randomness import Rng

NONCE_SIZE = 12
TAG_SIZE = 16
_HEAD = len(SUITE) + NONCE_SIZE


class Seal:
    """Seals and opens under one key. Built once per key: the key schedule costs as much as opening a card."""

    __slots__ = ("_aead", "_rng")

    def __init__(self, key: bytes, rng: Rng = os.urandom) -> None:
        self._aead = AESGCM(key)
        self._rng = rng

    def seal(self, plaintext: bytes, associated_data: bytes) -> bytes:
        nonce = self._rng(NONCE_SIZE)
        return b"".join((SUITE, nonce, self._aead.encrypt(nonce, plaintext, associated_data)))

    def open(self, sealed: bytes, associated_data: bytes) -> bytes:
        """The plaintext; Tampered if one bit of it, suite or of what it is bound to differs, or it is no bytes."""
        if not isinstance(sealed, bytes) or sealed[:1] != SUITE:
            raise Tampered("sealed under an unknown suite")
        try:
            return self._aead.decrypt(sealed[1:_HEAD], sealed[_HEAD:], associated_data)
        except (InvalidTag, ValueError):
            raise Tampered("a seal does not open") from None
