"""A document under its own key, and that key once per reader.

DEK: 32 random bytes per document. HKDF gives a key for the body (STREAM) and one for the card from it; both are
bound to the document's public id. A wrap is the DEK sealed to one identity key of one reader with HPKE (RFC 9180,
base mode, X25519 / HKDF-SHA256 / AES-256-GCM): suite byte ‖ encapsulated key (32) ‖ ciphertext (48). Its `info`
binds suite, account, document and generation of the identity key.

A card in clear is `BodyShape` ‖ the bytes that the bridge wrote, opaque here.
"""

import os
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from storage.errors import Tampered
from storage.keys.context import KEY_SIZE, SUITE, Label, context, derive
from storage.keys.seal import Seal
from storage.keys.stream import SHAPE_SIZE, BodyShape, open_range, seal_stream, shape_of
from storage.randomness import Rng
from storage.records import Recipient

HPKE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True)
class SealedDocument:
    """Ready to be stored; nothing of it tells more than sizes."""

    public_id: str
    """22 URL-safe characters, 128 random bits."""
    sealed_card: bytes = field(repr=False)
    sealed_body: bytes = field(repr=False)
    wraps: tuple[bytes, ...] = field(repr=False)
    """In the order of the readers."""
    outbox_wrap: bytes | None = field(default=None, repr=False)
    """For what may have to leave while its reader is away."""


def seal_document(
    message: bytes,
    card: bytes,
    readers: Sequence[Recipient],
    rng: Rng = os.urandom,
    outbox_public: bytes | None = None,
) -> SealedDocument:
    """Seal `message` once, and its new key once per reader; once more to the outbox where `outbox_public` is given.

    HPKE draws its ephemeral keys from the operating system whatever `rng` is: wraps differ from run to run.
    """
    document, dek = urlsafe_b64encode(rng(16)).rstrip(b"=").decode(), rng(KEY_SIZE)
    plain_card = join_card(shape_of(len(message)), card)
    card_context, body_context = context(Label.CARD, document), context(Label.BODY, document)
    return SealedDocument(
        public_id=document,
        sealed_card=Seal(derive(dek, card_context), rng).seal(plain_card, card_context),
        sealed_body=seal_stream(derive(dek, body_context), message, body_context),
        wraps=tuple(wrap(dek, reader, document=document) for reader in readers),
        outbox_wrap=None if outbox_public is None else wrap_for_outbox(outbox_public, dek, document=document),
    )


def wrap(dek: bytes, reader: Recipient, *, document: str) -> bytes:
    """The document's key for one more reader. Tampered if what stands as public key is none."""
    info = context(Label.WRAP, reader.account_public_id, document, reader.generation)
    try:
        return SUITE + HPKE.encrypt(dek, X25519PublicKey.from_public_bytes(reader.public_key), info=info)
    except (ValueError, TypeError):
        raise Tampered("not a public key") from None


def wrap_for_outbox(public_key: bytes, dek: bytes, *, document: str) -> bytes:
    """The document's key for the outbox; `OutboxKey.open_wrap` opens it."""
    info = context(Label.OUTBOX_WRAP, document)
    return SUITE + HPKE.encrypt(dek, X25519PublicKey.from_public_bytes(public_key), info=info)


def unwrap(
    sealed_wrap: bytes, private_key: X25519PrivateKey, *, account: str, document: str, generation: int
) -> bytes:
    """The DEK; Tampered if the wrap was altered or made for another account, document or generation."""
    if not isinstance(sealed_wrap, bytes) or sealed_wrap[:1] != SUITE:
        raise Tampered("a wrap of an unknown suite")
    try:
        return HPKE.decrypt(sealed_wrap[1:], private_key, info=context(Label.WRAP, account, document, generation))
    except InvalidTag:
        raise Tampered("a wrap does not open") from None


def open_card(dek: bytes, sealed_card: bytes, *, document: str) -> tuple[BodyShape, bytes]:
    """Shape and the bridge's bytes from a card as it was delivered; Tampered."""
    card_context = context(Label.CARD, document)
    return split_card(Seal(derive(dek, card_context)).open(sealed_card, card_context))


def open_body(
    dek: bytes, shape: BodyShape, start: int, stop: int, read: Callable[[int, int], bytes], *, document: str
) -> bytes:
    """Bytes `start` to `stop` of the message: `stream.open_range` with this document's key and context."""
    body_context = context(Label.BODY, document)
    return open_range(derive(dek, body_context), body_context, shape, start, stop, read)


def join_card(shape: BodyShape, card: bytes) -> bytes:
    """The card in clear, as `AccountKeys.seal_indexed_card` takes it."""
    return shape.encode() + card


def split_card(plain: bytes) -> tuple[BodyShape, bytes]:
    """Shape and the bridge's bytes of a card in clear; Tampered if it is too short."""
    return BodyShape.decode(plain), plain[SHAPE_SIZE:]
