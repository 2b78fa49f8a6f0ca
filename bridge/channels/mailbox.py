"""The mailbox channel: a document into the mailboxes of its readers, sealed once (design.md, A document's way).

    card → seals → body in place, durable → one transaction with a wrap and a copy per reader

`sealing` does what comes before the database; `commit` the rest. A body file whose transaction did not commit is
deleted again; what a crash leaves is swept at the next start.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from sqlmodel import Session

from bridge.channels.sealing import Placed, seal_and_place
from storage.database import Store
from storage.errors import StorageError
from storage.mail.documents import DeliveryDraft
from storage.records import Recipient

Draft = TypeVar("Draft")
T = TypeVar("T")


async def placed_beside(store: Store, message: bytes, readers: tuple[Recipient, ...]) -> Placed:
    """`sealing.seal_and_place`, beside the event loop."""
    return await store.in_body_pool(seal_and_place, store.bodies, message, readers)


def inbox_draft(
    placed: Placed,
    readers: tuple[Recipient, ...],
    sender_account_id: int | None,
    dedupe_tag: bytes | None,
    now: int,
    keywords: tuple[str, ...] = (),
) -> DeliveryDraft:
    """A delivery to the inbox of each reader."""
    return DeliveryDraft(
        sealed=placed.sealed,
        body_name=placed.body_name,
        recipients=readers,
        mailbox_ids=tuple(reader.inbox_id for reader in readers),
        internal_date=now,
        stored_size=placed.stored_size,
        sender_account_id=sender_account_id,
        dedupe_tag=dedupe_tag,
        keywords=keywords,
    )


async def commit(
    store: Store, function: Callable[[Session, Draft, int], T], draft: Draft, body_name: str | None, now: int
) -> T:
    """Run `arrivals.accept` or `documents.append`; their errors, after which nothing of the draft is left."""
    try:
        return await store.write(function, draft, now)
    except Exception:
        # Not when cancelled: the write goes on without us. Nor when the disk failed: the row may be there after all.
        if not store.failed.is_set():
            await drop(store, body_name)
        raise


async def drop(store: Store, body_name: str | None) -> None:
    """Delete a body file that no row will name. One that stays behind does no harm: the next start sweeps it."""
    if body_name is not None:
        with suppress(StorageError):
            await store.in_body_pool(store.bodies.delete, body_name)
