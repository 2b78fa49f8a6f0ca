"""Batches: held documents are decided and released when their sender commits, or dropped (see storage's `batches`).

Contract. `settle` goes on with a batch that was begun until nothing of it is held, `SLICE` deliveries a transaction,
so that hand-ins come in between. A crash loses no slice and repeats none; the chore `batches` goes on after it. The
decision of each delivery is made in the transaction that releases it: by the preferences of that moment.
"""

from dataclasses import dataclass, replace

from sqlmodel import Session

from bridge import notices
from bridge.channels import disposition, notice, status
from bridge.channels.status import About
from bridge.housekeeping import Chore, apart
from bridge.mail.facts import HeaderFacts
from bridge.mail.status_wishes import Wish
from bridge.notices import reports as words_of
from bridge.notices.reports import Event
from bridge.routing import places, planning
from bridge.routing.decision import Places
from bridge.settings import Settings
from storage.database import Store
from storage.deliveries import batches, release, superseding
from storage.deliveries.batches import Batch, BatchState
from storage.deliveries.deliveries import Delivery
from storage.deliveries.terms import DAY, Channel, Decided
from storage.keys.outbox import OutboxKey
from storage.people import accounts

HOUR = 3600
MINUTE = 60
SLICE = 50
"""Deliveries in one write at the least: with the last of them goes all that its reader gets of the batch."""


@dataclass(frozen=True, slots=True)
class _Release:
    """What releasing needs beside the rows."""

    places: Places
    outbox_public: bytes
    tag_key: bytes


async def settle(store: Store, where: Places, batch_id: int, now: int) -> None:
    """Release or drop what is still held of a batch that was begun; nothing of one that is open or over."""
    keys = store.server_keys
    means = _Release(where, OutboxKey.of(keys.outbox).public_key, keys.message_tag)
    while (await store.read(batches.get, batch_id)).state in batches.UNFINISHED:
        if not await store.write(_some, means, batch_id, now):
            await store.write(batches.finish, batch_id, now)


def _some(session: Session, means: _Release, batch_id: int, now: int) -> int:
    """One slice; how many."""
    batch = batches.get(session, batch_id)
    if batch.state is BatchState.CANCELLING:
        return batches.drop_some(session, batch_id, SLICE)
    found = batches.held(session, batch_id, SLICE)
    told: dict[str, list[tuple[Wish, Event]]] = {}
    for delivery, decided in _decided(session, means, batch, found, now):
        keywords = (disposition.SENT,) if delivery.wants_mdn else ()
        release.release(session, delivery, disposition.settled(decided), means.outbox_public, keywords, now)
        _follow(session, delivery, decided, told, now)
    for document, events in told.items():
        status.tell_together(session, batch.account_id, About(document, now), events, now)
    return len(found)


def _decided(
    session: Session, means: _Release, batch: Batch, found: list[Delivery], now: int
) -> list[tuple[Delivery, Decided]]:
    gathered = planning.gather(session, [each.account_id for each in found], batch.account_id, True)
    made = []
    for each in found:
        alone = replace(gathered, applying={each.account_id: gathered.applying[each.account_id]})
        dsn = {} if each.dsn is None else {each.account_id: each.dsn}
        planned = planning.plan(alone, _facts(each), means.places, means.tag_key, now, dsn)
        made.append((each, planned[each.account_id]))
    return made


def _facts(delivery: Delivery) -> HeaderFacts:
    """What the header said, as far as it was kept."""
    return HeaderFacts(
        document_type=delivery.document_type,
        sensitivity=delivery.sensitivity,
        reply_by=delivery.reply_by,
        expires_at=delivery.expires_at,
        wants_mdn=delivery.wants_mdn,
    )


def _follow(
    session: Session, delivery: Delivery, decided: Decided, told: dict[str, list[tuple[Wish, Event]]], now: int
) -> None:
    """What an arrival brings with it: earlier documents superseded, the sender told."""
    wish = None if delivery.dsn is None else Wish.parse(delivery.dsn)
    if wish is None or delivery.document_id is None:
        return
    if decided.channel is not Channel.REFUSE and delivery.correspondent_id is not None:
        tags = [bytes.fromhex(tag) for tag in wish.supersedes]
        account_id, sender = delivery.account_id, delivery.correspondent_id
        superseding.mark(session, account_id, sender, tags, delivery.document_id, now)
    event = status.OF_ARRIVAL.get(decided.channel)
    if event is not None and words_of.is_wanted(wish, event):
        told.setdefault(delivery.document_public_id, []).append((wish, event))


def chore(settings: Settings) -> Chore:
    """Goes on with what was begun; tells senders of batches that wait for long, and a day later cancels them."""
    where, patience = places.of(settings), settings.batches.hold_hours * HOUR

    async def run(store: Store, now: int) -> int:
        async def gone_on(batch: Batch) -> int:
            await settle(store, where, batch.id, now)
            return 1

        overdue = await store.read(batches.overdue, now - patience)
        done = await apart("batches", overdue, lambda batch: store.write(_remind, batch.id, now))
        return done + await apart("batches", await store.read(batches.unfinished), gone_on)

    return Chore("batches", MINUTE, run)


def _remind(session: Session, batch_id: int, now: int) -> bool:
    """First the sender is told, a day later the batch is cancelled; not if the sender has ended it meanwhile."""
    batch = batches.get(session, batch_id)
    if batch.state is not BatchState.OPEN:
        return False
    account = accounts.by_id(session, batch.account_id)
    held = batches.count(session, batch.id)
    if batch.told_at is None:
        batches.told(session, batch.id, now)
        notice.tell(session, account, notices.BatchWaits(batch.name, held, batch.opened_at, now + DAY), now)
        return True
    if now - batch.told_at < DAY:
        return False
    batches.cancel(session, batch.id, now, "system")
    notice.tell(session, account, notices.BatchCancelled(batch.name, held), now)
    return True
