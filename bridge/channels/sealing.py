"""Sealing a document and putting its body where it will stay: pure work and one file, in any thread or process.

A sealed body of up to `INLINE_BYTES` is stored with its row (one sync instead of three, docs/performance.md); a
larger one becomes a file, durable on return. Nothing here knows the database: a worker process needs no more.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO

from bridge.mail.scanner import scan
from storage.engine.bodies import Bodies, new_name
from storage.keys.envelope import SealedDocument, seal_document
from storage.randomness import Rng
from storage.records import Recipient

INLINE_BYTES = 16_384
LOOP_BYTES = 131_072
"""A larger message, or more readers than `LOOP_READERS`, is sealed beside the event loop."""
LOOP_READERS = 4
STOCK_BYTES = 256


@dataclass(frozen=True, slots=True)
class Placed:
    """A sealed document with its body in place, not yet named by any row."""

    sealed: SealedDocument
    """`sealed_body` is empty where the body is a file."""
    body_name: str | None
    stored_size: int
    """Bytes that count against the quota: sealed body and card."""


def is_light(size: int, readers: int) -> bool:
    """Whether sealing takes less than handing it to a thread would hold everyone up."""
    return size <= LOOP_BYTES and readers <= LOOP_READERS


def seal(message: bytes, readers: Sequence[Recipient], outbox_public: bytes | None = None) -> SealedDocument:
    """Card and body of `message` under a new key, that key once per reader, and to the outbox where it may leave."""
    return seal_document(message, scan(message).encode(), readers, _drawn_at_once(), outbox_public)


def place(bodies: Bodies, sealed: SealedDocument) -> Placed:
    """Write the body if it is to be a file; WriterUnavailable: nothing was kept."""
    size = len(sealed.sealed_body) + len(sealed.sealed_card)
    if len(sealed.sealed_body) <= INLINE_BYTES:
        return Placed(sealed, None, size)
    name = new_name()
    bodies.write(name, sealed.sealed_body)
    return Placed(replace(sealed, sealed_body=b""), name, size)


def seal_and_place(
    bodies: Bodies, message: bytes, readers: Sequence[Recipient], outbox_public: bytes | None = None
) -> Placed:
    """`seal`, then `place`."""
    return place(bodies, seal(message, readers, outbox_public))


def _drawn_at_once() -> Rng:
    """The randomness of one document from one call of the operating system: each call gives up the interpreter, and
    under load that costs more than all the sealing.
    """
    stock = BytesIO(os.urandom(STOCK_BYTES))

    def draw(count: int) -> bytes:
        drawn = stock.read(count)
        return drawn if len(drawn) == count else os.urandom(count)

    return draw
