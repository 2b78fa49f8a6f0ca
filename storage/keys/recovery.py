"""The recovery kit: a printed X25519 secret that opens the sealed copy of the master key.

The text is base32 (RFC 4648 section 6) of 32 bytes of secret and 3 of checksum: 56 characters in groups of four,
read back whatever their case, spaces and dashes, with 0, 1 and 8 taken for the letters they look like. The server
keeps only the public half, so it can renew sealed copies without the kit.
"""

import os
from base64 import b32decode, b32encode
from binascii import Error
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from storage.errors import Invalid, Tampered
from storage.keys.context import KEY_SIZE, SUITE, Label, context
from storage.keys.envelope import HPKE
from storage.keys.master import MasterKey
from storage.randomness import Rng

_CHECKSUM_SIZE = 3
_CHARACTERS = 56
_GROUP = 4
_READ_AS = str.maketrans("018", "OIB", " \t\r\n-")


@dataclass(frozen=True, slots=True)
class RecoveryKit:
    """The secret half; printed by init, then forgotten by the server."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_SIZE:
            raise Invalid(f"a recovery kit has {KEY_SIZE} bytes")

    @classmethod
    def generate(cls, rng: Rng = os.urandom) -> Self:
        return cls(rng(KEY_SIZE))

    @classmethod
    def parse(cls, text: str) -> Self:
        """From what a person typed or scanned; Invalid says what is wrong with it."""
        characters = text.upper().translate(_READ_AS)
        if len(characters) != _CHARACTERS:
            raise Invalid(f"a recovery kit has {_CHARACTERS} characters; these are {len(characters)}")
        try:
            data = b32decode(characters)
        except (Error, ValueError):
            raise Invalid("a recovery kit has only the letters A to Z and the digits 2 to 7") from None
        secret = data[:KEY_SIZE]
        if _checksum(secret) != data[KEY_SIZE:]:
            raise Invalid("the checksum of the recovery kit is wrong: a character is mistyped or out of place")
        return cls(secret)

    @property
    def text(self) -> str:
        """For paper and QR: fourteen groups of four characters."""
        characters = b32encode(self.secret + _checksum(self.secret)).decode()
        return " ".join(characters[at : at + _GROUP] for at in range(0, _CHARACTERS, _GROUP))

    @property
    def public_key(self) -> bytes:
        """X25519, 32 bytes; what the server keeps."""
        return X25519PrivateKey.from_private_bytes(self.secret).public_key().public_bytes_raw()


def _checksum(secret: bytes) -> bytes:
    return sha256(context(Label.RECOVERY_KIT, secret)).digest()[:_CHECKSUM_SIZE]


def seal_master(kit_public: bytes, master: MasterKey) -> bytes:
    """A copy of the master key that only the kit opens: suite byte ‖ HPKE."""
    public_key = X25519PublicKey.from_public_bytes(kit_public)
    return SUITE + HPKE.encrypt(master.secret, public_key, info=context(Label.MASTER))


def open_master(kit: RecoveryKit, sealed: bytes) -> MasterKey:
    """The master key; Tampered if the copy was altered or sealed to another kit."""
    if sealed[:1] != SUITE:
        raise Tampered("a master key sealed under an unknown suite")
    private_key = X25519PrivateKey.from_private_bytes(kit.secret)
    try:
        return MasterKey(HPKE.decrypt(sealed[1:], private_key, info=context(Label.MASTER)))
    except InvalidTag:
        raise Tampered("the sealed master key does not open with this recovery kit") from None
