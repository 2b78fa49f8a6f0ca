"""The outbox key: what still has to leave while its reader is away is sealed to it, and nothing else.

An X25519 key whose private half comes from MK: the server can open what waits in its outbox, a stolen database
cannot. A document's DEK is sealed to it like a wrap, bound to the document (`envelope`); a payload is bound to the
key of its job.
"""

from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from storage.errors import Tampered
from storage.keys.context import SUITE, Label, context
from storage.keys.envelope import HPKE


@dataclass(frozen=True, slots=True)
class OutboxKey:
    """Both halves; made from `ServerKeys.outbox`."""

    _private: X25519PrivateKey = field(repr=False)

    @classmethod
    def of(cls, seed: bytes) -> "OutboxKey":
        return cls(X25519PrivateKey.from_private_bytes(seed))

    @property
    def public_key(self) -> bytes:
        """32 bytes; all that sealing needs, in any process."""
        return self._private.public_key().public_bytes_raw()

    def open_wrap(self, sealed: bytes, *, document: str) -> bytes:
        """The document key. Tampered if altered or of another document."""
        return self._open(sealed, context(Label.OUTBOX_WRAP, document))

    def open_payload(self, sealed: bytes, *, job: str) -> bytes:
        """Tampered if altered or of another job."""
        return self._open(sealed, context(Label.OUTBOX_PAYLOAD, job))

    def open_secret(self, sealed: bytes, *, purpose: str, account: int) -> bytes:
        """Tampered if altered, of another account or for another purpose."""
        return self._open(sealed, context(Label.OUTBOX_SECRET, purpose, account))

    def _open(self, sealed: bytes, info: bytes) -> bytes:
        if not isinstance(sealed, bytes) or sealed[:1] != SUITE:
            raise Tampered("sealed to the outbox under an unknown suite")
        try:
            return HPKE.decrypt(sealed[1:], self._private, info=info)
        except InvalidTag:
            raise Tampered("a seal of the outbox does not open") from None


def seal_payload(public_key: bytes, payload: bytes, *, job: str) -> bytes:
    """What a job needs to know besides its rows."""
    return _seal(public_key, payload, context(Label.OUTBOX_PAYLOAD, job))


def seal_secret(public_key: bytes, secret: bytes, *, purpose: str, account: int) -> bytes:
    """A credential that the outbox uses for an account, such as the password of an external mailbox."""
    return _seal(public_key, secret, context(Label.OUTBOX_SECRET, purpose, account))


def _seal(public_key: bytes, plaintext: bytes, info: bytes) -> bytes:
    return SUITE + HPKE.encrypt(plaintext, X25519PublicKey.from_public_bytes(public_key), info=info)
