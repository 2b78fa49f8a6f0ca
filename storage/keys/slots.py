"""Key slots: a secret that a person or a device holds opens the account key, or proves only that it is the secret.

    HKDF-SHA256(ikm = secret ‖ pepper ‖ shred secret, salt = the slot's, info = label, suite, account, slot, kind,
                whether a key is held) → 32 bytes key-encryption key ‖ 32 bytes commitment

The commitment stands in the slot and is compared in constant time; it is the only check of the secret there is, so
no second password hash can get out of step with the key. Without pepper (from the master key) or shred secret (from
keyring.db) a guess at the secret cannot be tested. Pepper and shred secret have a fixed size: where the secret ends
is never in doubt.

The key-encryption key depends on the salt, drawn anew whenever a slot is sealed, and so encrypts one account key,
once: its nonce is zero. Sealed key: suite byte ‖ ciphertext (32) ‖ tag (16).
"""

import os
from dataclasses import dataclass, field
from enum import StrEnum
from hmac import compare_digest

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.errors import Invalid, SignInRefused, Tampered
from storage.keys.context import KEY_SIZE, SUITE, Label, context, derive
from storage.keys.seal import NONCE_SIZE
from storage.randomness import Rng

SALT_SIZE = 32
LEAST_SECRET = 14
"""Bytes: 112 bits. These secrets are random, not chosen; nothing slows a guess but their size."""
_NONCE = bytes(NONCE_SIZE)


class SlotKind(StrEnum):
    """What the secret of a slot is. Part of what it is bound to."""

    DEVICE = "device"
    ENROLMENT = "enrolment"
    RESET = "reset"
    """A one-time code that an admin gave out for a new password: the second factor stays."""
    FULL_RESET = "full-reset"
    """The same for password and second factor: two people gave it out."""
    RENEWAL = "renewal"
    """A reset's code where nobody can open the account key: it holds a new one, and what lies under the old stays
    closed."""
    PASSWORD = "password"  # noqa: S105 - a kind of slot, not a password
    """Its secret is a password stretched by Argon2id."""
    RECOVERY = "recovery"
    SESSION = "session"
    """A bearer token of the control API."""
    CANARY = "canary"
    """Derived from the master key: opens the canary account of backups, and nothing else."""


@dataclass(frozen=True, slots=True)
class SealedSlot:
    """As it is stored."""

    salt: bytes = field(repr=False)
    commitment: bytes = field(repr=False)
    sealed_key: bytes | None = field(repr=False)
    """None: a device that may only send holds no key."""


def seal_slot(
    secret: bytes,
    pepper: bytes,
    shred_secret: bytes,
    *,
    account: str,
    slot: str,
    kind: SlotKind,
    account_key: bytes | None,
    rng: Rng = os.urandom,
) -> SealedSlot:
    """A new slot for a random secret; Invalid if it is too short or a key has the wrong size."""
    if len(secret) < LEAST_SECRET:
        raise Invalid(f"the secret of a slot needs at least {LEAST_SECRET} bytes")
    if account_key is not None and len(account_key) != KEY_SIZE:
        raise Invalid(f"an account key has {KEY_SIZE} bytes")
    salt = rng(SALT_SIZE)
    bound_to = (account, slot, kind, account_key is not None)
    key, commitment = _slot_keys(secret, pepper, shred_secret, salt, bound_to)
    if account_key is None:
        return SealedSlot(salt, commitment, None)
    sealed = AESGCM(key).encrypt(_NONCE, account_key, context(Label.SLOT_KEY, *bound_to))
    return SealedSlot(salt, commitment, SUITE + sealed)


def open_slot(
    secret: bytes, pepper: bytes, shred_secret: bytes, sealed: SealedSlot, *, account: str, slot: str, kind: SlotKind
) -> bytes | None:
    """The account key, or None if the slot holds none.

    SignInRefused if this is not the secret of this slot of this account, which a slot moved or altered gives too;
    Tampered if it is, and the key under it does not open.
    """
    bound_to = (account, slot, kind, sealed.sealed_key is not None)
    if not isinstance(sealed.commitment, bytes) or not _is_salt(sealed.salt):
        raise SignInRefused
    key, commitment = _slot_keys(secret, pepper, shred_secret, sealed.salt, bound_to)
    if not compare_digest(commitment, sealed.commitment):
        raise SignInRefused
    if sealed.sealed_key is None:
        return None
    if not isinstance(sealed.sealed_key, bytes) or sealed.sealed_key[:1] != SUITE:
        raise Tampered("a slot of an unknown suite")
    try:
        return AESGCM(key).decrypt(_NONCE, sealed.sealed_key[1:], context(Label.SLOT_KEY, *bound_to))
    except InvalidTag:
        raise Tampered("a slot does not open") from None


def _is_salt(salt: bytes) -> bool:
    """HMAC fills its key up with zeros: of another size, a salt could be altered and still be the same."""
    return isinstance(salt, bytes) and len(salt) == SALT_SIZE


def _slot_keys(
    secret: bytes, pepper: bytes, shred_secret: bytes, salt: bytes, bound_to: tuple[str, str, SlotKind, bool]
) -> tuple[bytes, bytes]:
    if len(pepper) != KEY_SIZE or len(shred_secret) != KEY_SIZE:
        raise Invalid(f"pepper and shred secret have {KEY_SIZE} bytes")
    keys = derive(secret + pepper + shred_secret, context(Label.SLOT, *bound_to), salt=salt, size=2 * KEY_SIZE)
    return keys[:KEY_SIZE], keys[KEY_SIZE:]
