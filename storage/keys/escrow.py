"""Escrow: how a domain of mode managed can open an account again, without the server being able to.

    account key ── sealed under HKDF(shred secret) ── HPKE to the domain's escrow public key        the escrow slot
    escrow private key ── HPKE to the identity key of a person who holds it                         one per holder
    escrow private key ── HPKE to the recovery kit                                                  one per key

The server has the shred secrets and every public half, and no private one: the master key alone opens no escrow slot.
Deleting a shred secret closes the slot for the holders as well, so an erasure reaches it.

Bound by label and context (HPKE `info`, associated data): the slot to domain, generation of the escrow key and
account; a holder's copy to domain, generation, the holder's account and the generation of its identity key; the kit's
copy to domain and generation. Moved or altered, each is refused. The inner seal names domain and account alone, so
that slots move to a new escrow key without the account key coming to light.

An escrow key has a generation of its own, from 1, within its domain.
"""

import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from storage.errors import Tampered
from storage.keys.context import KEY_SIZE, SUITE, Label, context, derive
from storage.keys.envelope import HPKE
from storage.keys.recovery import RecoveryKit
from storage.keys.seal import Seal
from storage.randomness import Rng


@dataclass(frozen=True, slots=True)
class Holder:
    """To whom a private half is sealed."""

    account: str
    """Public id."""
    generation: int
    """Of the identity key."""


@dataclass(frozen=True, slots=True)
class EscrowKey:
    """Both halves, in memory for as long as something is sealed or opened with them."""

    domain: int
    """Row id: it never changes, as a name might."""
    generation: int
    secret: bytes = field(repr=False)

    @classmethod
    def generate(cls, domain: int, generation: int, rng: Rng = os.urandom) -> "EscrowKey":
        return cls(domain, generation, rng(KEY_SIZE))

    @property
    def public_key(self) -> bytes:
        """X25519, 32 bytes; what the server seals account keys to."""
        return self._private.public_key().public_bytes_raw()

    def seal_for_holder(self, holder: Holder, identity_public: bytes) -> bytes:
        """The private half for a person. Tampered if what stands as their public key is none."""
        return _encrypt(self.secret, identity_public, self._holder_context(holder))

    def seal_for_kit(self, kit_public: bytes) -> bytes:
        """The private half for the recovery kit."""
        return _encrypt(self.secret, kit_public, context(Label.ESCROW_KIT, self.domain, self.generation))

    def open_slot(self, sealed: bytes, shred_secret: bytes, *, account: str) -> bytes:
        """The account key. Tampered if altered, of another account, domain or generation, or after a shredding."""
        inner = self._inner(sealed, account)
        return _inner_seal(shred_secret, self.domain, account).open(inner, _inner_context(self.domain, account))

    def move_slot(self, sealed: bytes, target_public: bytes, generation: int, *, account: str) -> bytes:
        """The slot, sealed to the next escrow key of the domain; what is inside stays closed. Tampered."""
        info = context(Label.ESCROW_SLOT, self.domain, generation, account)
        return _encrypt(self._inner(sealed, account), target_public, info)

    @property
    def _private(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(self.secret)

    def _inner(self, sealed: bytes, account: str) -> bytes:
        return _decrypt(sealed, self._private, context(Label.ESCROW_SLOT, self.domain, self.generation, account))

    def _holder_context(self, holder: Holder) -> bytes:
        return context(Label.ESCROW_HOLDER, self.domain, self.generation, holder.account, holder.generation)


def seal_slot(
    account_key: bytes, shred_secret: bytes, escrow_public: bytes, *, domain: int, generation: int, account: str
) -> bytes:
    """The account key for the domain's holders: nobody needs to be there. Tampered if the public key is none."""
    inner = _inner_seal(shred_secret, domain, account).seal(account_key, _inner_context(domain, account))
    return _encrypt(inner, escrow_public, context(Label.ESCROW_SLOT, domain, generation, account))


def open_for_holder(
    sealed: bytes, identity: X25519PrivateKey, public_key: bytes, *, domain: int, generation: int, holder: Holder
) -> EscrowKey:
    """The escrow key, from a holder's copy. Tampered, also if it does not fit the `public_key` that is sealed to."""
    info = context(Label.ESCROW_HOLDER, domain, generation, holder.account, holder.generation)
    return _fitting(EscrowKey(domain, generation, _decrypt(sealed, identity, info)), public_key)


def open_with_kit(sealed: bytes, kit: RecoveryKit, public_key: bytes, *, domain: int, generation: int) -> EscrowKey:
    """The escrow key, from the kit's copy. Tampered, also if it is another kit's."""
    info = context(Label.ESCROW_KIT, domain, generation)
    secret = _decrypt(sealed, X25519PrivateKey.from_private_bytes(kit.secret), info)
    return _fitting(EscrowKey(domain, generation, secret), public_key)


def _fitting(key: EscrowKey, public_key: bytes) -> EscrowKey:
    """A public half exchanged in the database shows as soon as anybody opens the private one."""
    if len(key.secret) != KEY_SIZE or key.public_key != public_key:
        raise Tampered("an escrow key whose halves do not match")
    return key


def _inner_seal(shred_secret: bytes, domain: int, account: str) -> Seal:
    return Seal(derive(shred_secret, _inner_context(domain, account)))


def _inner_context(domain: int, account: str) -> bytes:
    return context(Label.ESCROW_INNER, domain, account)


def _encrypt(secret: bytes, public_key: bytes, info: bytes) -> bytes:
    try:
        return SUITE + HPKE.encrypt(secret, X25519PublicKey.from_public_bytes(public_key), info=info)
    except (ValueError, TypeError):
        raise Tampered("not a public key") from None


def _decrypt(sealed: bytes, private_key: X25519PrivateKey, info: bytes) -> bytes:
    if not isinstance(sealed, bytes) or sealed[:1] != SUITE:
        raise Tampered("sealed for escrow under an unknown suite")
    try:
        return HPKE.decrypt(sealed[1:], private_key, info=info)
    except InvalidTag:
        raise Tampered("an escrow does not open") from None
