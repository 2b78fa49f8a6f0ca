"""What a recipient puts into a mailbox is locked as documents are: scanned, sealed to the own identity key, stored.

`append` returns once everything is durable; scanning and sealing happen beside the event loop.
"""

from dataclasses import dataclass, field

from bridge.channels.mailbox import commit, placed_beside
from bridge.channels.sealing import Placed
from storage.database import Store
from storage.errors import NotFound
from storage.mail import documents
from storage.mail.documents import DeliveryDraft
from storage.people import addresses
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
    placed = await placed_beside(store, appended.message, (reader,))
    return await commit(store, documents.append, _draft(appended, placed, reader), placed.body_name, now)


def _draft(appended: Appended, placed: Placed, reader: Recipient) -> DeliveryDraft:
    return DeliveryDraft(
        sealed=placed.sealed,
        recipients=(reader,),
        mailbox_ids=(appended.mailbox_id,),
        internal_date=appended.internal_date,
        stored_size=placed.stored_size,
        body_name=placed.body_name,
        flags=appended.flags,
        keywords=appended.keywords,
    )
