"""Read receipts (RFC 8098): that a document was opened, told to its sender with the recipient's consent only.

Contract. A document that asks for a receipt gets the keyword `$MDNSent` (RFC 3503) as it arrives: no mail client
asks its reader, and none sends one by itself. Whether its sender is told is a preference with its consent. Where it
holds at arrival and still at the opening, the chore `dispositions` writes the receipt into the mailbox of the sender,
an account of this bridge, and forgets in the same transaction that it was asked for: exactly once. Without consent
nothing is kept of the wish, so that nothing can be told later.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import replace

from sqlmodel import Session

from bridge.channels import status
from bridge.channels.sealing import seal
from bridge.housekeeping import apart
from bridge.mail.reports import DispositionReport, write_disposition
from bridge.mail.status_wishes import Wish
from bridge.notices import reports as words_of
from bridge.notices.rendering import Words
from storage.choices import consents, correspondents
from storage.choices.consents import Purpose
from storage.database import Store
from storage.deliveries import deliveries, disclosures, dispositions
from storage.deliveries.deliveries import Delivery
from storage.deliveries.terms import Decided, DeliveryState
from storage.keys.outbox import OutboxKey, seal_secret
from storage.mail import documents
from storage.mail.documents import DeliveryDraft
from storage.records import Account, Recipient

SENT = "$MDNSent"
PURPOSE = "receipt"
MOST = 100
"""Receipts of one turn of the chore."""


def remembered(
    decided: Mapping[int, Decided], wishes: Mapping[int, Wish], message_id: str | None, outbox_public: bytes
) -> dict[int, Decided]:
    """With what a receipt will need, where one is asked for and agreed to; without the wish where not."""
    return {
        account_id: _remembered(each, wishes.get(account_id), message_id, outbox_public) if each.wants_mdn else each
        for account_id, each in decided.items()
    }


def _remembered(decided: Decided, wish: Wish | None, message_id: str | None, outbox_public: bytes) -> Decided:
    """The Message-ID belongs to the reader: it is sealed until then. Of what is held it is decided at its release."""
    if wish is None or not (decided.receipts or decided.state is DeliveryState.HELD):
        return replace(decided, wants_mdn=False)
    if message_id is None:
        return decided
    octets = message_id.encode("utf-8", "surrogateescape")
    sealed = seal_secret(outbox_public, octets, purpose=PURPOSE, account=decided.account_id)
    return replace(decided, dsn=replace(wish, sealed_header=b64encode(sealed).decode()).text())


def settled(decided: Decided) -> Decided:
    """Of a document that was held, as it is released: without consent nothing of the wish is kept."""
    if not decided.wants_mdn or decided.receipts or decided.dsn is None:
        return decided
    return replace(decided, wants_mdn=False, dsn=replace(Wish.parse(decided.dsn), sealed_header=None).text())


async def send(store: Store, now: int) -> int:
    """The chore: receipts for what was opened since; how many."""
    outbox = OutboxKey.of(store.server_keys.outbox)
    due = await store.read(dispositions.due, MOST)
    return await apart("dispositions", due, lambda delivery_id: store.write(_settle, outbox, delivery_id, now))


def _settle(session: Session, outbox: OutboxKey, delivery_id: int, now: int) -> bool:
    """Told or not, it is not asked for any more."""
    delivery = deliveries.get(session, delivery_id)
    if not delivery.wants_mdn:
        return False
    dispositions.forget(session, delivery_id)
    sender_id = None if delivery.correspondent_id is None else _sender_of(session, delivery.correspondent_id)
    found = None if sender_id is None else status.sender(session, sender_id)
    if found is None or delivery.dsn is None or not _agreed(session, delivery, now):
        return False
    account, reader = found
    documents.deliver(session, _draft(account, reader, delivery, outbox, now), now)
    what, basis = disclosures.OPENED, Purpose.RECEIPTS
    disclosures.note(
        session, [delivery.account_id], what, now, basis=basis, road="mailbox", told_account_id=account.id
    )
    return True


def _sender_of(session: Session, correspondent_id: int) -> int | None:
    return correspondents.get(session, correspondent_id).account_id


def _agreed(session: Session, delivery: Delivery, now: int) -> bool:
    scope = delivery.document_type
    return delivery.receipts and consents.effective(
        session, delivery.account_id, Purpose.RECEIPTS, delivery.correspondent_id, now, scope
    )


def _draft(account: Account, reader: Recipient, delivery: Delivery, outbox: OutboxKey, now: int) -> DeliveryDraft:
    wish, words = Wish.parse(delivery.dsn or ""), Words(account.locale)
    text = words(
        words_of.OPENED,
        address=wish.to,
        document=delivery.document_public_id,
        handed_in_at=words.moment(delivery.decided_at),
        at=words.moment(delivery.opened_at or now),
    )
    report = DispositionReport(
        letter=status.letter(account, words(words_of.OPENED_SUBJECT), text, now),
        reporter=account.email.rpartition("@")[2],
        address=wish.to,
        original=wish.original,
        message_id=_message_id(wish, delivery, outbox),
    )
    sealed = seal(write_disposition(report, status.boundary()), [reader])
    size = len(sealed.sealed_body) + len(sealed.sealed_card)
    return DeliveryDraft(sealed, (reader,), (reader.inbox_id,), now, size, actor="system")


def _message_id(wish: Wish, delivery: Delivery, outbox: OutboxKey) -> str | None:
    """Tampered."""
    if wish.sealed_header is None:
        return None
    opened = outbox.open_secret(b64decode(wish.sealed_header), purpose=PURPOSE, account=delivery.account_id)
    return opened.decode("utf-8", "replace")
