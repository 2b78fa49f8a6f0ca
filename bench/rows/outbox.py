"""The outbox in this process: how fast jobs go, and whether a hundred thousand that wait slow an arrival down.

Arrivals are transactions of the writer alone (document, copy, delivery, job), so that nothing but the waiting rows
differs between the two rows; processor time, as a commit of its own each waits for the disk most of the time.
"""

import asyncio
import time
from collections.abc import Iterator

from sqlmodel import Session

from bench.rows.row import OURS, Measurement, Row, Samples, Scale, above, below, median
from bench.rows.storage import opened_store
from bench.servers.base import Server
from bridge.channels.outbox import Done, Limits, Outbox, Outcome, Task
from storage.database import Store
from storage.deliveries import arrivals
from storage.deliveries.arrivals import Acceptance
from storage.deliveries.terms import Channel, Decided, DeliveryState, DocumentType, JobKind, NewJob
from storage.engine import statements
from storage.keys.envelope import seal_document
from storage.keys.outbox import OutboxKey
from storage.mail.documents import DeliveryDraft
from storage.people import accounts, domains
from storage.people.accounts import AccountDraft
from storage.records import Recipient, Role

_NOW = 1_760_000_000
_WAITING = 100_000
_ARRIVALS = 100
"""Arrivals in a sample for each message of the scale's thousand."""
_WARM = 100


class _Instant:
    """Carries at once."""

    kind = JobKind.EMAIL

    async def carry(self, task: Task) -> Outcome:
        return Done()


def throughput(_server: Server, scale: Scale) -> Iterator[tuple[str, Samples]]:
    """Jobs a second with a carrier that needs no time, each of another account."""
    with opened_store() as store:
        yield "outbox", [_carried(store, scale.messages) for _ in range(scale.rounds)]


def _carried(store: Store, count: int) -> float:
    store.write_now(_fill, count, _NOW)

    async def run() -> float:
        worker = Outbox(store, lambda: _NOW, (_Instant(),), lambda: 0.5, Limits())
        started = time.perf_counter()
        while await worker.turn():
            pass
        return count / (time.perf_counter() - started)

    return asyncio.run(run())


def _fill(session: Session, count: int, due_at: int) -> None:
    statements.run(session, "DELETE FROM job")
    rows = ((f"bench-{number}", JobKind.EMAIL, due_at, _NOW) for number in range(count))
    statements.run_many(
        session,
        "INSERT INTO job (key, kind, state, due_at, attempts, created_at) VALUES (?, ?, 'waiting', ?, 0, ?)",
        rows,
    )


def arrival(_server: Server, scale: Scale) -> Iterator[tuple[str, Samples]]:
    """Processor time of a transaction with an empty outbox and a full one, by turns; and the ratio of the medians."""
    with opened_store() as store:
        reader = store.write_now(_add_reader, store)
        found: dict[int, Samples] = {0: [], _WAITING: []}
        for waiting in [0, _WAITING] * scale.rounds:
            store.write_now(_fill, waiting, _NOW + 86_400)
            _arrive(store, reader, _WARM)  # pays for the checkpoint of what was filled
            found[waiting].append(_arrive(store, reader, _ARRIVALS * scale.messages // 1000))
        yield "arrival-outbox-empty", found[0]
        yield "arrival-outbox-full", found[_WAITING]
        yield "arrival-outbox-ratio", [median(found[_WAITING]) / median(found[0])]


def _add_reader(session: Session, store: Store) -> Recipient:
    draft = AccountDraft("r0@bench.test", "Anna de Vries", Role.RECIPIENT)
    accounts.create(session, store.shred, draft, domains.by_name(session, "bench.test"), _NOW)
    found = accounts.recipient(session, draft.email)
    assert found is not None
    return found


def _arrive(store: Store, reader: Recipient, count: int) -> float:
    """Milliseconds of processor time for each; each queues a job of its own."""
    public = OutboxKey.of(store.server_keys.outbox).public_key
    accepted = [_acceptance(reader, public) for _ in range(count)]
    started = time.process_time()
    for each in accepted:
        store.write_now(arrivals.accept, each, _NOW)
    return 1000 * (time.process_time() - started) / count


def _acceptance(reader: Recipient, public: bytes) -> Acceptance:
    sealed = seal_document(b"x" * 5000, b"card", (reader,), outbox_public=public)
    draft = DeliveryDraft(sealed, (reader,), mailbox_ids=(reader.inbox_id,), internal_date=_NOW, stored_size=5000)
    decided = Decided(
        account_id=reader.account_id,
        document_type=DocumentType.LETTER,
        channel=Channel.EMAIL,
        state=DeliveryState.LEAVING,
        language="nl",
        reasons="[]",
        needs_key=True,
        jobs=(NewJob(JobKind.EMAIL, "email", _NOW + 86_400),),
    )
    return Acceptance(draft, {reader.account_id: decided}, "bench@outside.test", public)


MEASUREMENTS = (
    Measurement(
        (Row("outbox", "jobs of the outbox, carrier that needs no time", "1/s", above(200, "≥ 200")),),
        (OURS,),
        lambda _: 1,
        throughput,
    ),
    Measurement(
        (
            Row("arrival-outbox-empty", "an arrival that queues a job, in the writer, outbox empty", "ms/doc", None),
            Row("arrival-outbox-full", "… with 100 000 jobs waiting", "ms/doc", None),
            Row("arrival-outbox-ratio", "… the one over the other", "×", below(1.1, "≤ 1.1")),
        ),
        (OURS,),
        lambda _: 1,
        arrival,
    ),
)
