"""Documents that are to leave the bridge: stored as a hand-in stores them, with a job and a seal to the outbox."""

from storage.database import Store
from storage.deliveries import arrivals, deliveries
from storage.deliveries.arrivals import Acceptance
from storage.deliveries.deliveries import Delivery
from storage.deliveries.terms import Channel, Decided, DeliveryState, DocumentType, JobKind, Ladder, NewJob
from storage.engine import statements
from storage.keys.envelope import seal_document
from storage.keys.outbox import OutboxKey
from storage.mail.documents import DeliveryDraft
from storage.people import accounts
from storage.records import Account

KINDS = {Channel.EXTERNAL: JobKind.EXTERNAL, Channel.EMAIL: JobKind.EMAIL, Channel.PAPER: JobKind.PAPER}


def leave(
    store: Store,
    account: Account,
    now: int,
    channel: Channel = Channel.PAPER,
    message: bytes = b"Subject: CANARY-SUBJECT\r\n\r\nCANARY-BODY\r\n",
    ladder: Ladder | None = None,
    payload: bytes | None = b"CANARY-PAYLOAD",
) -> Delivery:
    """A document for `account` with one job of the channel, due at once; `ladder`: what follows if that fails."""
    public = OutboxKey.of(store.server_keys.outbox).public_key
    reader = store.read_now(accounts.recipient, account.email)
    assert reader is not None
    sealed = seal_document(message, b"card", (reader,), outbox_public=public)
    draft = DeliveryDraft(sealed, (reader,), mailbox_ids=(reader.inbox_id,), internal_date=now, stored_size=99)
    decided = Decided(
        account_id=account.id,
        document_type=DocumentType.INVOICE,
        channel=channel,
        state=DeliveryState.LEAVING,
        language="nl",
        reasons="[]",
        needs_key=True,
        ladder=ladder or Ladder(),
        jobs=(NewJob(KINDS[channel], channel, now, payload),),
    )
    acceptance = Acceptance(draft, {account.id: decided}, "energie@outside.test", public)
    delivered = store.write_now(arrivals.accept, acceptance, now)
    return store.read_now(deliveries.of_document, account.id, delivered.document_public_id)


def job_of(store: Store, delivery: Delivery) -> int:
    """Number of its newest job."""
    rows = store.read_now(statements.rows, "SELECT max(id) FROM job WHERE delivery_id = ?", (delivery.id,))
    return int(rows[0][0])


def can_open(store: Store) -> int:
    """How many documents the server can open by itself."""
    return int(store.read_now(statements.rows, "SELECT count(*) FROM outbox_key")[0][0])
