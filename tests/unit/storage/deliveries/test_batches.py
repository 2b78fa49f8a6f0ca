"""What a batch holds: its states, the seals of what it held, and what counts as the same document again."""

from dataclasses import dataclass, replace

import pytest

from storage.deliveries import (
    arrivals,
    batches,
    deliveries,
    dispositions,
    own_copies,
    release,
    sent,
    superseding,
    transcript,
)
from storage.deliveries.arrivals import Acceptance
from storage.deliveries.batches import BatchState
from storage.deliveries.deliveries import Delivery
from storage.deliveries.terms import DAY, Channel, Decided, DeliveryState, DocumentType
from storage.errors import Conflict, Invalid
from storage.keys.envelope import seal_document
from storage.keys.outbox import OutboxKey
from tests.unit.storage.conftest import NOW, Office, Person

KEPT = Decided(
    0, DocumentType.LETTER, Channel.MAILBOX, DeliveryState.DELIVERED, "nl", "[]", message_tag=b"tag", wants_mdn=True
)
HELD = replace(KEPT, state=DeliveryState.HELD, needs_key=True)


@dataclass
class Desk:
    """Bram sends to Anna."""

    office: Office
    anna: Person
    bram: Person

    def hand_in(self, decided: Decided = KEPT, batch: str | None = None, at: int = NOW, *others: Person) -> str:
        """The document's public id."""
        public = OutboxKey.of(self.office.store.server_keys.outbox).public_key
        sender = self.bram.account.id
        draft = self.office.draft(b"x", *(self.anna, *others), sender_account_id=sender)
        sealed = seal_document(b"x", b"card", draft.recipients, outbox_public=public)
        each = {reader.account_id: replace(decided, account_id=reader.account_id) for reader in draft.recipients}
        acceptance = Acceptance(replace(draft, sealed=sealed), each, sender, public, batch, b"content")
        return self.office.store.write_now(arrivals.accept, acceptance, at).document_public_id

    def batch(self, name: str = "nov") -> batches.Batch:
        return self.office.store.read_now(batches.named, self.bram.account.id, name)

    def begin(self, count: int) -> batches.Batch:
        return self.office.store.write_now(batches.begin, self.batch().id, count, NOW, "system")

    def release(self, decided: Decided = KEPT) -> None:
        """All that is held."""
        store = self.office.store
        for each in store.read_now(batches.held, self.batch().id, 9):
            mine = replace(decided, account_id=self.anna.account.id)
            store.write_now(release.release, each, mine, b"", (), NOW)

    def count(self, table: str) -> int:
        ((found,),) = self.office.rows(f"SELECT count(*) FROM {table}")
        return int(found)

    def delivery(self, document: str) -> Delivery:
        ((number,),) = self.office.rows("SELECT id FROM delivery WHERE document_public_id = ?", document)
        return self.office.store.read_now(deliveries.get, number)


@pytest.fixture
def desk(office: Office, anna: Person, bram: Person) -> Desk:
    return Desk(office, anna, bram)


def test_begun_with_one_count_it_is_not_begun_with_another(desk: Desk) -> None:
    desk.hand_in(HELD, "nov")
    with pytest.raises(Invalid):
        desk.begin(2)
    assert desk.begin(1) == desk.begin(1)
    with pytest.raises(Conflict):
        desk.begin(2)


def test_it_is_over_when_nothing_of_it_is_held(desk: Desk) -> None:
    desk.hand_in(HELD, "nov")
    desk.begin(1)
    for state in (BatchState.COMMITTING, BatchState.COMMITTED):
        desk.office.store.write_now(batches.finish, desk.batch().id, NOW + 1)
        assert desk.batch().state is state
        desk.release()
    assert (desk.batch().ended_at, desk.count("copy")) == (NOW + 1, 1)


def test_reopened_its_sender_is_told_anew(desk: Desk) -> None:
    desk.hand_in(HELD, "nov")
    desk.office.store.write_now(batches.told, desk.batch().id, NOW)
    desk.begin(1)
    assert desk.office.store.write_now(batches.reopen, NOW + 9) == 1
    found = desk.batch()
    assert (found.state, found.declared, found.opened_at, found.told_at) == (BatchState.OPEN, None, NOW + 9, None)


@pytest.mark.parametrize(
    ("decided", "seals", "documents"),
    [
        (KEPT, 0, 1),
        (replace(KEPT, channel=Channel.PAPER, state=DeliveryState.LEAVING, needs_key=True), 1, 1),
        (replace(KEPT, channel=Channel.REFUSE, state=DeliveryState.REFUSED), 0, 0),
    ],
)
def test_released_it_is_open_to_the_server_only_for_a_channel_that_leaves(
    desk: Desk, decided: Decided, seals: int, documents: int
) -> None:
    desk.hand_in(HELD, "nov")
    assert (desk.count("outbox_key"), desk.count("copy")) == (1, 0)
    assert desk.office.store.read_now(own_copies.listing, desk.anna.account.id) == [], "nobody sees it yet"
    desk.begin(1)
    desk.release(decided)
    assert (desk.count("outbox_key"), desk.count("document"), desk.count("copy")) == (seals, documents, documents)


def test_cancelled_nothing_of_it_is_left(desk: Desk) -> None:
    desk.hand_in(HELD, "nov")
    store = desk.office.store
    store.write_now(batches.cancel, desk.batch().id, NOW, "system")
    assert [store.write_now(batches.drop_some, desk.batch().id, 9) for _ in range(2)] == [1, 0]
    assert [desk.count(each) for each in ("delivery", "outbox_key", "wrap", "document")] == [0, 0, 0, 0]


def test_the_same_again_a_week_later_is_another_document(desk: Desk) -> None:
    first = desk.hand_in()
    assert desk.hand_in(at=NOW + 7 * DAY - 1) == first
    assert desk.hand_in(at=NOW + 7 * DAY) != first
    assert desk.count("copy") == 2


def test_what_is_held_is_superseded_by_nothing(desk: Desk) -> None:
    held, store = desk.delivery(desk.hand_in(HELD, "nov")), desk.office.store
    assert held.correspondent_id is not None
    store.write_now(superseding.mark, desk.anna.account.id, held.correspondent_id, [b"tag"], 99, NOW)
    assert store.read_now(transcript.of_delivery, held.id) == []
    shown = desk.delivery(desk.hand_in())
    store.write_now(superseding.mark, desk.anna.account.id, held.correspondent_id, [b"tag"], 99, NOW)
    assert [each.kind for each in store.read_now(transcript.of_delivery, shown.id)] == [transcript.SUPERSEDED]


def test_whose_sender_wished_to_know_is_told_of_in_the_order_of_opening(desk: Desk) -> None:
    later, unwished, first, unopened = (
        desk.delivery(desk.hand_in(replace(KEPT, message_tag=bytes([number]), wants_mdn=number != 1)))
        for number in range(4)
    )
    store, account_id = desk.office.store, desk.anna.account.id
    for at, each in ((NOW + 1, first), (NOW + 2, unwished), (NOW + 3, later)):
        assert each.document_id is not None
        store.write_now(deliveries.opened, account_id, [each.document_id], at)
    assert store.read_now(dispositions.due, 9) == [first.id, later.id]
    assert store.read_now(dispositions.due, 1) == [first.id]
    store.write_now(dispositions.forget, first.id)
    assert store.read_now(dispositions.due, 9) == [later.id]
    assert unopened.opened_at is None


def test_a_sender_sees_what_it_handed_in_for_ninety_days(desk: Desk) -> None:
    sender = desk.delivery(desk.hand_in()).correspondent_id
    assert sender is not None
    for now, seen in ((NOW + 90 * DAY - 1, 1), (NOW + 90 * DAY, 0)):
        assert len(desk.office.store.read_now(sent.listing, sender, sent.NEWEST, 9, now)) == seen


@pytest.mark.parametrize("held", [False, True])
def test_a_document_lies_in_the_folder_that_was_decided(desk: Desk, held: bool) -> None:
    ((folder,),) = desk.office.rows(
        "SELECT id FROM mailbox WHERE account_id = ? AND special = 'archive'", desk.anna.account.id
    )
    chosen = replace(KEPT, mailbox_id=folder)
    if held:
        desk.hand_in(HELD, "nov")
        desk.begin(1)
        desk.release(chosen)
    else:
        desk.hand_in(chosen)
    assert desk.office.rows("SELECT mailbox_id FROM copy") == [(folder,)]


def test_a_key_that_no_decision_needs_is_not_kept(desk: Desk) -> None:
    desk.hand_in()
    assert (desk.count("delivery"), desk.count("outbox_key")) == (1, 0)


def test_whoever_has_it_gets_nothing_of_the_same_for_others(desk: Desk) -> None:
    first, cor = desk.hand_in(), desk.office.person("cor")
    second = desk.hand_in(KEPT, None, NOW + 1, cor)
    found = desk.office.rows("SELECT account_id, document_public_id FROM delivery ORDER BY id")
    assert found == [(desk.anna.account.id, first), (cor.account.id, second)]
    assert (desk.count("copy"), desk.count("wrap")) == (2, 2)


def test_what_is_being_released_counts_for_all(desk: Desk) -> None:
    first = desk.hand_in(HELD, "nov")
    desk.begin(1)
    assert desk.hand_in() == first
    desk.release()
    assert (desk.count("document"), desk.count("copy")) == (1, 1)
