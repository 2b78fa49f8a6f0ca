"""The mailbox channel: a document into the mailboxes of its readers, sealed once (design.md, A document's way).

`seal` makes the card and seals message and card; it is pure and may run in any thread. `deliver` does the whole way:
card → seals → body file, durable → one transaction with a wrap and a copy per reader. The body is stored once for any
number of readers, inline in the row up to `INLINE_BYTES` (docs/performance.md), as a file above. A file whose
transaction did not commit is deleted again; what a crash leaves is swept at the next start.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO

from bridge.mail.scanner import scan
from storage import documents
from storage.bodies import new_name
from storage.database import Store
from storage.documents import DeliveryDraft
from storage.errors import StorageError
from storage.keys.envelope import SealedDocument, seal_document
from storage.randomness import Rng
from storage.records import Delivered, Recipient

INLINE_BYTES = 16_384
"""Sealed bodies up to here lie in the database: one fsync instead of three."""
LOOP_BYTES = 32_768
"""A larger message, or more readers than `LOOP_READERS`, is sealed beside the event loop."""
LOOP_READERS = 4
STOCK_BYTES = 128


@dataclass(frozen=True, slots=True)
class HandIn:
    """A document as it comes in; `readers` are different accounts."""

    message: bytes = field(repr=False)
    readers: tuple[Recipient, ...]
    sender_account_id: int | None = None
    dedupe_tag: bytes | None = None
    """The same tag within a day is the same hand-in: it is stored once."""


def is_light(size: int, readers: int) -> bool:
    """Whether sealing takes less than handing it to a thread would hold everyone up."""
    return size <= LOOP_BYTES and readers <= LOOP_READERS


def seal(message: bytes, readers: Sequence[Recipient]) -> SealedDocument:
    """Card and body of `message` under a new key, that key once per reader."""
    return seal_document(message, scan(message).encode(), readers, _drawn_at_once())


def _drawn_at_once() -> Rng:
    """The randomness of one document from one call of the operating system: each call gives up the interpreter, and
    under load that costs more than all the sealing.
    """
    stock = BytesIO(os.urandom(STOCK_BYTES))

    def draw(count: int) -> bytes:
        drawn = stock.read(count)
        return drawn if len(drawn) == count else os.urandom(count)

    return draw


async def deliver(store: Store, hand_in: HandIn, now: int) -> Delivered:
    """Returns once everything is durable. OverQuota, WriterUnavailable: nothing was kept."""
    sealed = await _sealed(store, hand_in)
    return await store_sealed(store, hand_in, sealed, now)


async def store_sealed(store: Store, hand_in: HandIn, sealed: SealedDocument, now: int) -> Delivered:
    """The second half of `deliver`, for who sealed already."""
    if len(sealed.sealed_body) <= INLINE_BYTES:
        return await store.write(documents.deliver, _draft(hand_in, sealed, None, now), now)
    name = new_name()
    try:
        await store.put_body(name, sealed.sealed_body)
        return await store.write(documents.deliver, _draft(hand_in, sealed, name, now), now)
    except Exception:
        # Not when cancelled: the write goes on without us. Nor when the disk failed: the row may be there after all.
        if not store.failed.is_set():
            await _discard(store, name)
        raise


async def _discard(store: Store, name: str) -> None:
    """A body that stays behind does no harm: the next start sweeps it."""
    with suppress(StorageError):
        await store.in_body_pool(store.bodies.delete, name)


async def _sealed(store: Store, hand_in: HandIn) -> SealedDocument:
    if is_light(len(hand_in.message), len(hand_in.readers)):
        return seal(hand_in.message, hand_in.readers)
    return await store.in_body_pool(seal, hand_in.message, hand_in.readers)


def _draft(hand_in: HandIn, sealed: SealedDocument, body_name: str | None, now: int) -> DeliveryDraft:
    return DeliveryDraft(
        sealed=sealed,
        body_name=body_name,
        recipients=hand_in.readers,
        mailbox_ids=tuple(reader.inbox_id for reader in hand_in.readers),
        internal_date=now,
        stored_size=len(sealed.sealed_body) + len(sealed.sealed_card),
        sender_account_id=hand_in.sender_account_id,
        dedupe_tag=hand_in.dedupe_tag,
    )
