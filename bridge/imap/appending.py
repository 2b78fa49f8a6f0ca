"""What a recipient puts into a mailbox is locked as documents are: scanned, sealed to the own identity key, stored.

Contract. `append` returns once everything is durable. A body file whose transaction did not commit is deleted again;
what a crash leaves is swept at the next start. Large messages are scanned and sealed beside the event loop.
"""

from contextlib import suppress
from dataclasses import dataclass, field

from bridge.channels.mailbox import INLINE_BYTES, is_light, seal
from storage import addresses, documents
from storage.bodies import new_name
from storage.database import Store
from storage.documents import DeliveryDraft
from storage.errors import NotFound, StorageError
from storage.keys.envelope import SealedDocument
from storage.records import Account, Delivered, Flag, Recipient


@dataclass(frozen=True, slots=True)
class Appended:
    """One message of an APPEND."""

    message: bytes = field(repr=False)
    mailbox_id: int
    flags: Flag
    keywords: tuple[str, ...]
    internal_date: int


async def append(store: Store, account: Account, appended: Appended, now: int) -> Delivered:
    """OverQuota, NotFound, Invalid keyword, WriterUnavailable: nothing was kept."""
    reader = await store.read(addresses.recipient, account.email)
    if reader is None:
        raise NotFound("recipient")
    sealed = await _sealed(store, appended.message, reader)
    if len(sealed.sealed_body) <= INLINE_BYTES:
        return await store.write(documents.append, _draft(appended, sealed, reader, None), now)
    name = new_name()
    try:
        await store.put_body(name, sealed.sealed_body)
        return await store.write(documents.append, _draft(appended, sealed, reader, name), now)
    except Exception:
        if not store.failed.is_set():  # when the disk failed the row may be there after all
            with suppress(StorageError):
                await store.in_body_pool(store.bodies.delete, name)
        raise


async def _sealed(store: Store, message: bytes, reader: Recipient) -> SealedDocument:
    if is_light(len(message), 1):
        return seal(message, [reader])
    return await store.in_body_pool(seal, message, [reader])


def _draft(appended: Appended, sealed: SealedDocument, reader: Recipient, name: str | None) -> DeliveryDraft:
    return DeliveryDraft(
        sealed=sealed,
        recipients=(reader,),
        mailbox_ids=(appended.mailbox_id,),
        internal_date=appended.internal_date,
        stored_size=len(sealed.sealed_body) + len(sealed.sealed_card),
        body_name=name,
        flags=appended.flags,
        keywords=appended.keywords,
    )
