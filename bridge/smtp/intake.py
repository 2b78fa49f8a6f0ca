"""A mail transaction on its way into the store: prepared, decided for each reader, stored with its report, durable.

What each step needs is read in one look-up before it; nothing is kept of a hand-in whose answer is not 250.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from bridge.channels import disposition, mailbox, status
from bridge.channels.status import Handed
from bridge.mail.facts import HeaderFacts
from bridge.mail.status_wishes import Returned, Wish
from bridge.routing import control_addresses, planning
from bridge.routing.planning import Gathered
from bridge.smtp import replies
from bridge.smtp.data import DataRefused
from bridge.smtp.handin import Arrival, Prepared
from storage.choices import correspondents
from storage.deliveries import arrivals
from storage.deliveries.arrivals import Acceptance
from storage.deliveries.terms import Channel, Decided, DeliveryState
from storage.errors import Conflict, Invalid
from storage.mail.documents import DeliveryDraft
from storage.records import Delivered

if TYPE_CHECKING:
    from bridge.smtp.office import Office

MAX_HOPS = 100


async def hand_in(office: "Office", arrival: Arrival, wishes: Mapping[int, Wish]) -> Delivered:
    """DataRefused, StorageError: nothing was kept."""
    gathered = _gathered(office, arrival)
    prepared = await office.preparer.prepare(_equipped(office, arrival, gathered, wishes))
    now, store = int(office.clock()), office.store
    if _goes_round(office, prepared.facts):
        await mailbox.drop(store, prepared.placed.body_name)
        raise DataRefused(replies.LOOP)
    decided = _decided(office, arrival, gathered, prepared, wishes, now)
    acceptance = _acceptance(office, arrival, gathered, prepared, decided, now)
    if all(each.channel is Channel.REFUSE for each in decided.values()):
        await mailbox.commit(store, arrivals.refuse, acceptance, prepared.placed.body_name, now)
        await mailbox.drop(store, prepared.placed.body_name)
        raise DataRefused(replies.REFUSED_BY_RECIPIENT)
    told = status.of_arrival(decided, wishes)
    handed = Handed(acceptance, await _report(office, prepared, arrival.sender_account_id, told, now))
    try:
        return await mailbox.commit(store, status.accept, handed, prepared.placed.body_name, now)
    except (Conflict, Invalid):
        if acceptance.batch is None:
            raise
        raise DataRefused(replies.BATCH_REFUSED) from None


@lru_cache(maxsize=256)
def offers(key: bytes, sender: correspondents.Key, domain: str) -> tuple[tuple[str, str], ...]:
    """List-Id and List-Unsubscribe, by which a mail program offers to stop a sender's documents (RFC 2919, RFC 2369):
    the same for all readers.
    """
    address = control_addresses.of_sender(key, sender, domain)
    return (
        ("List-Id", f"<s{control_addresses.of_whom(key, sender)}.{control_addresses.LOCAL_PART}.{domain}>"),
        ("List-Unsubscribe", f"<mailto:{address}?subject=stop>"),
    )


def _acceptance(
    office: "Office",
    arrival: Arrival,
    gathered: Gathered,
    prepared: Prepared,
    decided: Mapping[int, Decided],
    now: int,
) -> Acceptance:
    return Acceptance(
        _draft(arrival, prepared, now),
        decided,
        gathered.key,
        office.outbox_public,
        batch=_batch(arrival, prepared),
        content_tag=prepared.content_tag,
        superseded=_superseded(office, prepared, decided) if arrival.sender_account_id is not None else {},
    )


def _batch(arrival: Arrival, prepared: Prepared) -> str | None:
    """Only who hands in with an account has batches."""
    return None if arrival.sender_account_id is None else prepared.facts.batch


def _superseded(office: "Office", prepared: Prepared, decided: Mapping[int, Decided]) -> dict[int, tuple[bytes, ...]]:
    """Not of what is held: that takes its place when it is released."""
    ids, tag = prepared.facts.supersedes, planning.message_tag
    taking = [
        account_id
        for account_id, each in decided.items()
        if ids and each.state not in (DeliveryState.HELD, DeliveryState.REFUSED)
    ]
    return {
        account_id: tuple(filter(None, (tag(office.tag_key, account_id, each) for each in ids)))
        for account_id in taking
    }


def _goes_round(office: "Office", facts: HeaderFacts) -> bool:
    """Whether it has left this house before, or is one that no server can get rid of (RFC 5321 section 6.3)."""
    return facts.hops > MAX_HOPS or any(office.marks.of_message_id(each) is not None for each in facts.resent)


def _gathered(office: "Office", arrival: Arrival) -> Gathered:
    """A signed-in sender is its account; anybody else an address that nobody vouches for."""
    accounts = [reader.account_id for reader in arrival.readers]
    key = arrival.sender_account_id or arrival.envelope_from or None
    return office.remembered.gather(accounts, key, arrival.sender_account_id is not None)


def _equipped(office: "Office", arrival: Arrival, gathered: Gathered, wishes: Mapping[int, Wish]) -> Arrival:
    """With what preparing needs to know of the sender and of the readers' choices."""
    if gathered.key is not None:
        domain = arrival.recipients[0].rpartition("@")[2]
        arrival = replace(arrival, offered=offers(office.tag_key, gathered.key, domain))
    if arrival.sender_account_id is not None:
        arrival = replace(arrival, batch_outbox=office.outbox_public)
    if gathered.may_leave():
        arrival = replace(arrival, outbox_public=office.outbox_public)
    if any(wish.returned is Returned.FULL for wish in wishes.values()) and gathered.may_be_refused():
        arrival = replace(arrival, returns_whole=True)
    return arrival


def _decided(
    office: "Office", arrival: Arrival, gathered: Gathered, prepared: Prepared, wishes: Mapping[int, Wish], now: int
) -> dict[int, Decided]:
    facts, held = prepared.facts, _batch(arrival, prepared) is not None
    if held:
        wishes = {number: _holding(office, number, wish, facts.supersedes) for number, wish in wishes.items()}
    dsn = {account_id: wish.text() for account_id, wish in wishes.items()}
    decided = planning.plan(gathered, facts, office.places, office.tag_key, now, dsn)
    if held:
        openable = prepared.placed.sealed.outbox_wrap is not None
        decided = {account_id: planning.held(each, openable) for account_id, each in decided.items()}
    return disposition.remembered(decided, wishes, facts.message_id, office.outbox_public)


def _holding(office: "Office", account_id: int, wish: Wish, supersedes: Sequence[str]) -> Wish:
    tags = (planning.message_tag(office.tag_key, account_id, each) for each in supersedes)
    return replace(wish, supersedes=tuple(tag.hex() for tag in tags if tag is not None))


def _draft(arrival: Arrival, prepared: Prepared, now: int) -> DeliveryDraft:
    keywords = (disposition.SENT,) if prepared.facts.wants_mdn else ()
    sender, tag = arrival.sender_account_id, prepared.dedupe_tag
    return mailbox.inbox_draft(prepared.placed, arrival.readers, sender, tag, now, keywords)


async def _report(
    office: "Office", prepared: Prepared, sender: int | None, told: status.Told, now: int
) -> DeliveryDraft | None:
    """Of what the sender wants to be told at once; seldom anything."""
    if sender is None or not told:
        return None
    document = prepared.placed.sealed.public_id
    about = status.About(document, now, prepared.facts.message_id, prepared.header, prepared.whole)
    return await status.placed(office.store, sender, about, told, now)
