"""Accounts' keys in memory, for as long as a session of the account lives.

`AccountKeys` does all that needs the account key AK: it opens identity keys, re-wraps the keys of adopted documents,
seals their cards and the account's own folder names. HKDF gives a key of its own to each of these uses, when it is
first wanted; associated data binds what is sealed to account, document, generation or folder.

`KeyRing` holds one `AccountKeys` per signed-in account and drops it with the last session. Python cannot wipe
memory, and this does not claim to: what is dropped is no longer reachable, no more.
"""

import os
from collections.abc import Callable
from functools import cached_property
from hmac import compare_digest, digest
from threading import Lock
from typing import NoReturn

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from storage.errors import Invalid, NotFound, Tampered
from storage.keys.cards import DEFAULT_BUDGET, CardCache
from storage.keys.context import KEY_SIZE, Label, context, derive, field
from storage.keys.seal import Seal
from storage.randomness import Rng

_TAG_SIZE = 16


class AccountKeys:
    """What AK opens. Not safe to copy, print or store; `repr` shows the account only."""

    def __init__(self, account: str, account_key: bytes, rng: Rng = os.urandom) -> None:
        """`account`: public id. Invalid if the key has not 32 bytes."""
        if len(account_key) != KEY_SIZE:
            raise Invalid(f"an account key has {KEY_SIZE} bytes")
        self.account = account
        self.card_cache = CardCache().shelf(account)
        """Decoded cards by document id; the ring puts the shared one here."""
        self._account_key = account_key
        self._rng = rng
        self._identities: dict[int, bytes] = {}
        self._private_keys: dict[int, X25519PrivateKey] = {}
        """Made of `_identities` when first wanted: X25519 computes the public half again, tens of microseconds."""
        self._contexts: dict[tuple[Label, int], bytes] = {}

    def __repr__(self) -> str:
        return f"AccountKeys(account={self.account!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys of an account stay in their process")

    # identity keys

    def new_identity(self, generation: int) -> tuple[bytes, bytes]:
        """A new X25519 identity key: (public half, 32 bytes; both halves sealed under AK)."""
        return self._seal_identity(generation, self._rng(KEY_SIZE))

    def take_identity(self, generation: int, other: "AccountKeys") -> bytes:
        """The identity key of this generation, which `other` has open, sealed under this AK. NotFound."""
        return self._seal_identity(generation, other.private(generation).private_bytes_raw())[1]

    def open_identity(self, generation: int, sealed_private: bytes, public_key: bytes | None = None) -> bytes:
        """Make `private(generation)` available; returns the public half.

        Tampered, also if that is not the `public_key` that stands beside it: then nothing is made available.
        """
        halves = self._identity_seal.open(sealed_private, self._identity_context(generation))
        if public_key is not None and halves[KEY_SIZE:] != public_key:
            raise Tampered("an identity key whose halves do not match")
        self._hold(generation, halves[:KEY_SIZE])
        return halves[KEY_SIZE:]

    def private(self, generation: int) -> X25519PrivateKey:
        """The identity key, as `envelope.unwrap` takes it. NotFound until it is made or opened here."""
        private_key = self._private_keys.get(generation)
        if private_key is None:
            if generation not in self._identities:
                raise NotFound("no identity key of this generation is open")
            private_key = X25519PrivateKey.from_private_bytes(self._identities[generation])
            self._private_keys[generation] = private_key
        return private_key

    def _seal_identity(self, generation: int, secret: bytes) -> tuple[bytes, bytes]:
        public = X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
        self._hold(generation, secret)
        return public, self._identity_seal.seal(secret + public, self._identity_context(generation))

    def _hold(self, generation: int, secret: bytes) -> None:
        self._identities[generation] = secret
        self._private_keys.pop(generation, None)

    # adopted documents

    def rewrap(self, dek: bytes, *, document: str, generation: int) -> bytes:
        """A document's key, opened with identity key `generation`, sealed under AK."""
        return self._wrap_seal.seal(dek, self._document_context(Label.ADOPTED_WRAP, document, generation))

    def open_rewrapped(self, sealed: bytes, *, document: str, generation: int) -> bytes:
        """The DEK; Tampered if altered or of another account, document or generation."""
        return self._wrap_seal.open(sealed, self._document_context(Label.ADOPTED_WRAP, document, generation))

    def seal_indexed_card(self, card_plain: bytes, *, document: str, generation: int) -> bytes:
        """A card in clear (`envelope.join_card`) sealed under the index key."""
        return self._index_seal.seal(card_plain, self._document_context(Label.ADOPTED_CARD, document, generation))

    def open_indexed_card(self, sealed: bytes, *, document: str, generation: int) -> bytes:
        """The card in clear, for `envelope.split_card`; Tampered as `open_rewrapped`."""
        return self._index_seal.open(sealed, self._document_context(Label.ADOPTED_CARD, document, generation))

    # folder names

    def name_tag(self, name: str) -> bytes:
        """16 bytes, the same for the same name in this account and only here: for uniqueness and look-up."""
        return digest(self._name_tag_key, name.encode(), "sha256")[:_TAG_SIZE]

    def seal_name(self, name: str, *, mailbox: str) -> bytes:
        """The name of the folder whose unchanging id is `mailbox`."""
        return self._name_seal.seal(name.encode(), context(Label.NAME, self.account, mailbox))

    def open_name(self, sealed: bytes, *, mailbox: str) -> str:
        """The name; Tampered if altered or of another folder or account."""
        return self._name_seal.open(sealed, context(Label.NAME, self.account, mailbox)).decode()

    # the keys themselves

    @cached_property
    def _wrap_seal(self) -> Seal:
        return Seal(derive(self._account_key, context(Label.ADOPTED_WRAP, self.account)), self._rng)

    @cached_property
    def _index_seal(self) -> Seal:
        return Seal(derive(self._account_key, context(Label.ADOPTED_CARD, self.account)), self._rng)

    @cached_property
    def _identity_seal(self) -> Seal:
        return Seal(derive(self._account_key, context(Label.IDENTITY, self.account)), self._rng)

    @cached_property
    def _name_seal(self) -> Seal:
        return Seal(derive(self._account_key, context(Label.NAME, self.account)), self._rng)

    @cached_property
    def _name_tag_key(self) -> bytes:
        return derive(self._account_key, context(Label.NAME_TAG, self.account))

    def _identity_context(self, generation: int) -> bytes:
        return context(Label.IDENTITY, self.account, generation)

    def _document_context(self, label: Label, document: str, generation: int) -> bytes:
        """`context(label, account, generation, document)`; all but the document is kept, as listings ask per card."""
        start = self._contexts.get((label, generation))
        if start is None:
            start = self._contexts[label, generation] = context(label, self.account, generation)
        return start + field(document)

    # slots

    @property
    def account_key(self) -> bytes:
        """AK itself, 32 bytes: for sealing it into a slot or an escrow, and nothing else."""
        return self._account_key

    # the ring

    def same_key(self, other: "AccountKeys") -> bool:
        """Whether both are made from one AK."""
        return compare_digest(self._account_key, other._account_key)

    def learn(self, other: "AccountKeys") -> None:
        """Take over the identity keys that `other` has open."""
        self._identities.update(other._identities)


class KeyRing:
    """Keys of the accounts that are signed in now. Safe to call from several threads."""

    def __init__(self, card_budget: int = DEFAULT_BUDGET) -> None:
        """`card_budget`: bytes of decoded cards kept for all accounts together."""
        self._lock = Lock()
        self._held: dict[str, tuple[AccountKeys, int]] = {}
        self.cards = CardCache(card_budget)

    def __repr__(self) -> str:
        return f"KeyRing({len(self._held)} accounts)"

    def acquire(self, account: str, keys: AccountKeys | Callable[[], AccountKeys]) -> AccountKeys:
        """One more session of `account`, which has just signed in; returns the keys that all its sessions share.

        `keys` (or what makes them, called only if none are held) serve if this is the first session; else the ones
        held are returned, and learn the identity keys opened in `keys`. Tampered if they belong to another account
        or another AK. Each acquire is paired with one `release`.
        """
        with self._lock:
            held, sessions = self._held.get(account, (None, 0))
            if held is None or isinstance(keys, AccountKeys):
                held = self._joined(account, held, keys if isinstance(keys, AccountKeys) else keys())
            self._held[account] = (held, sessions + 1)
            return held

    def release(self, account: str) -> None:
        """One session less; with the last one keys and cards are dropped. NotFound if there is none."""
        with self._lock:
            if account not in self._held:
                raise NotFound("the account holds no keys")
            keys, sessions = self._held.pop(account)
            if sessions > 1:
                self._held[account] = (keys, sessions - 1)
            else:
                self.cards.drop(account)

    def __contains__(self, account: str) -> bool:
        return account in self._held

    def __len__(self) -> int:
        return len(self._held)

    def _joined(self, account: str, held: AccountKeys | None, keys: AccountKeys) -> AccountKeys:
        if keys.account != account or (held is not None and not held.same_key(keys)):
            raise Tampered("keys that are not the account's")
        if held is None:
            keys.card_cache = self.cards.shelf(account)
            return keys
        held.learn(keys)
        return held
