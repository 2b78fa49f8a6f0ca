"""A mail transaction on its way into the store: prepared, decided for each reader, stored with its report, durable.

What each step needs is read in one look-up before it; nothing is kept of a hand-in whose answer is not 250.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from bridge.channels import disposition, mailbox, status
from bridge.channels.status import Handed
from bridge.mail.facts import HeaderFacts
from bridge.mail.status_wishes import Returned, Wish
from bridge.routing import planning
from bridge.routing.planning import Gathered
from bridge.smtp import replies
from bridge.smtp.data import DataRefused
from bridge.smtp.handin import Arrival, Prepared
from storage.deliveries import arrivals
from storage.deliveries.arrivals import Acceptance
from storage.deliveries.terms import Channel, Decided
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
    decided = _decided(office, gathered, prepared, wishes, now)
    acceptance = Acceptance(_draft(arrival, prepared, now), decided, gathered.key, office.outbox_public)
    if all(each.channel is Channel.REFUSE for each in decided.values()):
        await mailbox.commit(store, arrivals.refuse, acceptance, prepared.placed.body_name, now)
        await mailbox.drop(store, prepared.placed.body_name)
        raise DataRefused(replies.REFUSED_BY_RECIPIENT)
    told = status.of_arrival(decided, wishes)
    report = await _report(office, prepared, arrival.sender_account_id, told, now)
    return await mailbox.commit(store, status.accept, Handed(acceptance, report), prepared.placed.body_name, now)


def _goes_round(office: "Office", facts: HeaderFacts) -> bool:
    """Whether it has left this house before, or is one that no server can get rid of (RFC 5321 section 6.3)."""
    return facts.hops > MAX_HOPS or any(office.marks.of_message_id(each) is not None for each in facts.resent)


def _gathered(office: "Office", arrival: Arrival) -> Gathered:
    """A signed-in sender is its account; anybody else an address that nobody vouches for."""
    accounts = [reader.account_id for reader in arrival.readers]
    key = arrival.sender_account_id or arrival.envelope_from or None
    return office.store.look_up(planning.gather, accounts, key, arrival.sender_account_id is not None)


def _equipped(office: "Office", arrival: Arrival, gathered: Gathered, wishes: Mapping[int, Wish]) -> Arrival:
    """With what preparing needs to know of the readers' choices."""
    if gathered.may_leave():
        arrival = replace(arrival, outbox_public=office.outbox_public)
    if any(wish.returned is Returned.FULL for wish in wishes.values()) and gathered.may_be_refused():
        arrival = replace(arrival, returns_whole=True)
    return arrival


def _decided(
    office: "Office", gathered: Gathered, prepared: Prepared, wishes: Mapping[int, Wish], now: int
) -> dict[int, Decided]:
    dsn = {account_id: wish.text() for account_id, wish in wishes.items()}
    decided = planning.plan(gathered, prepared.facts, office.places, office.tag_key, now, dsn)
    return disposition.remembered(decided, wishes, prepared.facts.message_id, office.outbox_public)


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
