"""What becomes of a delivery: each end by each road, and what is left in the outbox (D3, S57)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.deliveries import deliveries, ladder_runs, opening, outbox_keys, sent
from storage.deliveries.deliveries import Delivery
from storage.deliveries.terms import DAY, Channel, DeliveryState, Rung
from storage.engine import statements
from storage.errors import NotFound
from storage.keys.outbox import OutboxKey
from storage.mail import flags
from storage.records import Flag
from tests.ladders import House
from tests.reading import NOW


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House.create(tmp_path / "data")
    yield made
    made.store.close()


def outbox_of(house: House) -> OutboxKey:
    return OutboxKey.of(house.store.server_keys.outbox)


def rung(house: House, delivery: Delivery, which: Rung, next_due_at: int | None, at: int) -> bool:
    found = house.again(delivery)
    public = outbox_of(house).public_key
    job = ladder_runs.job_of(found, which, at)
    return house.store.write_now(ladder_runs.advance, found, which, next_due_at, at, job, public)


def seals(house: House) -> int:
    return house.count("outbox_key")


def test_what_was_chosen_to_leave_leaves_though_it_was_read(house: House) -> None:
    house.choose(channel=Channel.PAPER)
    delivery = house.hand_in()
    house.open(delivery)
    read = house.again(delivery)
    assert (read.state, read.opened_at, read.needs_key, house.count("job")) == (DeliveryState.LEAVING, NOW, True, 1)
    house.store.write_now(deliveries.handed_off, delivery.id, Channel.PAPER, NOW + 1)
    assert (house.again(delivery).state, seals(house)) == (DeliveryState.HANDED_OFF, 0)


def test_a_channel_that_fails_says_so_whether_it_was_read_or_not(house: House) -> None:
    house.choose(channel=Channel.PAPER)
    delivery = house.hand_in()
    house.open(delivery)
    house.store.write_now(statements.run, "DELETE FROM job")
    house.store.write_now(deliveries.failed, delivery.id, Channel.PAPER, "jam", NOW + 1)
    assert (house.again(delivery).state, seals(house)) == (DeliveryState.FAILED, 0)


@pytest.mark.parametrize(("plan", "state"), [("1:email 5:remind", "waiting"), ("1:email 5:paper", "failed")])
def test_what_comes_back_after_it_was_handed_over_can_only_be_reminded_of(
    house: House, plan: str, state: str
) -> None:
    """The seal is gone with the hand-over: nothing else can leave."""
    house.choose_ladder(plan)
    delivery = house.hand_in()
    assert rung(house, delivery, Rung.EMAIL, NOW + 5 * DAY, NOW + DAY)
    house.store.write_now(deliveries.handed_off, delivery.id, Channel.EMAIL, NOW + DAY)
    house.store.write_now(deliveries.failed, delivery.id, Channel.EMAIL, "bounced", NOW + 2 * DAY)
    after = house.again(delivery)
    assert (after.state, after.ladder_due_at) == (state, NOW + 2 * DAY if state == "waiting" else None)
    assert (after.ended_at is None) is (state == "waiting")


def test_a_rung_is_done_once_and_only_from_where_it_was_seen(house: House) -> None:
    house.choose_ladder("1:remind 5:paper")
    delivery = house.hand_in()
    seen = house.again(delivery)
    public = outbox_of(house).public_key
    at = NOW + DAY

    def advance() -> bool:
        job = ladder_runs.job_of(seen, Rung.REMIND, at)
        return house.store.write_now(ladder_runs.advance, seen, Rung.REMIND, NOW + 5 * DAY, at, job, public)

    assert advance()
    assert not advance()
    assert house.count("job") == 1
    house.open(delivery)
    assert not rung(house, delivery, Rung.PAPER, None, NOW + 5 * DAY)


def test_what_nobody_has_begun_makes_way_for_the_next_rung(house: House) -> None:
    house.choose_ladder("1:email 5:paper")
    delivery = house.hand_in()
    rung(house, delivery, Rung.EMAIL, NOW + 5 * DAY, NOW + DAY)
    rung(house, delivery, Rung.PAPER, None, NOW + 5 * DAY)
    assert house.store.read_now(statements.rows, "SELECT kind FROM job") == [("paper",)]


def test_a_reminder_that_reached_nobody_hastens_what_leaves_and_no_other_reminder(house: House) -> None:
    house.choose_ladder("1:remind 5:remind 9:email")
    delivery = house.hand_in()
    for day, planned, hastened in ((1, 5, 5), (5, 9, 6)):
        rung(house, delivery, Rung.REMIND, NOW + planned * DAY, NOW + day * DAY)
        found, at = house.again(delivery), NOW + (day + 1) * DAY
        assert house.store.write_now(ladder_runs.hasten, found, at) == NOW + hastened * DAY
        assert house.again(delivery).ladder_due_at == NOW + hastened * DAY
    rung(house, delivery, Rung.EMAIL, None, NOW + 9 * DAY)
    assert house.store.write_now(ladder_runs.hasten, house.again(delivery), NOW + 9 * DAY) is None


def test_what_somebody_has_begun_is_not_taken_back(house: House) -> None:
    """A letter in the printer: opened, it is handed over all the same, and the seal stays until then."""
    house.choose_ladder("1:paper")
    delivery = house.hand_in()
    rung(house, delivery, Rung.PAPER, None, NOW + DAY)
    house.store.write_now(statements.run, "UPDATE job SET step = 'printing'")
    house.open(delivery)
    assert (house.again(delivery).state, house.count("job"), seals(house)) == (DeliveryState.LEAVING, 1, 1)
    house.store.write_now(deliveries.handed_off, delivery.id, Channel.PAPER, NOW + DAY)
    assert (house.again(delivery).state, seals(house)) == (DeliveryState.HANDED_OFF, 0)


def without_copies(house: House, delivery: Delivery) -> None:
    """As after an EXPUNGE of its last copy."""
    assert delivery.document_id is not None
    house.store.write_now(statements.run, "DELETE FROM copy")
    house.store.write_now(deliveries.put_away, house.anna.id, [delivery.document_id], NOW + 2 * DAY)


def test_what_is_being_printed_while_it_is_read_and_deleted_is_closed_to_the_server(house: House) -> None:
    house.choose_ladder("1:paper")
    delivery = house.hand_in()
    rung(house, delivery, Rung.PAPER, None, NOW + DAY)
    house.store.write_now(statements.run, "UPDATE job SET step = 'printing'")
    house.open(delivery)
    without_copies(house, delivery)
    after = house.again(delivery)
    assert (after.state, after.document_id, after.ended_at) == (DeliveryState.OPENED, None, NOW + 2 * DAY)
    assert (seals(house), house.count("job")) == (0, 1)


def test_only_in_the_trash_it_is_handled(house: House) -> None:
    house.choose_ladder("1:paper")
    delivery = house.hand_in()
    assert delivery.document_id is not None
    put_away = (deliveries.put_away, house.anna.id, [delivery.document_id], NOW + 1)
    trash = "(SELECT id FROM mailbox WHERE account_id = copy.account_id AND special = 'trash')"
    house.store.write_now(
        statements.run, f"INSERT INTO copy SELECT {trash}, 9, document_id, account_id, 0, NULL, 1, 0 FROM copy"
    )
    house.store.write_now(*put_away)
    assert (house.again(delivery).state, seals(house)) == (DeliveryState.WAITING, 1)
    house.store.write_now(statements.run, f"DELETE FROM copy WHERE mailbox_id <> {trash}")
    house.store.write_now(*put_away)
    after = house.again(delivery)
    assert (after.state, after.ladder_due_at, after.document_id) == (
        DeliveryState.REMOVED,
        None,
        delivery.document_id,
    )
    assert seals(house) == 0


def test_what_a_batch_holds_is_not_opened(house: House) -> None:
    delivery = house.hand_in()
    house.store.write_now(statements.run, "UPDATE delivery SET state = 'held'")
    house.open(delivery)
    assert (house.again(delivery).state, house.again(delivery).opened_at) == (DeliveryState.HELD, None)


def test_a_notice_that_is_on_its_way_keeps_no_seal(house: House) -> None:
    house.choose_ladder("1:remind 5:paper")
    delivery = house.hand_in()
    rung(house, delivery, Rung.REMIND, NOW + 5 * DAY, NOW + DAY)
    house.store.write_now(statements.run, "UPDATE job SET step = 'sending'")
    rung(house, delivery, Rung.PAPER, None, NOW + 5 * DAY)
    house.open(delivery)
    assert (house.again(delivery).state, seals(house), house.count("job")) == (DeliveryState.OPENED, 0, 1)


@pytest.mark.parametrize(("kind", "sealed"), [("notice", 0), ("paper", 1)])
def test_a_dead_letter_keeps_the_seal_and_a_dead_notice_does_not(house: House, kind: str, sealed: int) -> None:
    house.choose_ladder("1:paper")
    delivery = house.hand_in()
    rung(house, delivery, Rung.PAPER, None, NOW + DAY)
    house.store.write_now(statements.run, "UPDATE job SET state = 'dead', kind = ?", (kind,))
    house.store.write_now(deliveries.failed, delivery.id, Channel.PAPER, "jam", NOW + DAY)
    assert (house.again(delivery).state, seals(house)) == (DeliveryState.FAILED, sealed)
    house.open(delivery)
    assert "ladder.stopped" not in house.events(delivery), "it had ended before"
    assert seals(house) == 0


def test_while_a_rung_is_uncertain_another_that_fails_ends_nothing(house: House) -> None:
    house.choose_ladder("1:email 5:paper")
    delivery = house.hand_in()
    rung(house, delivery, Rung.EMAIL, NOW + 5 * DAY, NOW + DAY)
    house.store.write_now(statements.run, "UPDATE job SET state = 'uncertain'")
    rung(house, delivery, Rung.PAPER, None, NOW + 5 * DAY)
    house.store.write_now(statements.run, "UPDATE job SET state = 'dead' WHERE kind = 'paper'")
    house.store.write_now(deliveries.failed, delivery.id, Channel.PAPER, "jam", NOW + 6 * DAY)
    assert (house.again(delivery).state, seals(house)) == (DeliveryState.LEAVING, 1)


def test_a_failure_changes_nothing_while_a_later_rung_is_under_way(house: House) -> None:
    house.choose_ladder("1:email 5:paper")
    delivery = house.hand_in()
    rung(house, delivery, Rung.EMAIL, NOW + 5 * DAY, NOW + DAY)
    house.store.write_now(statements.run, "UPDATE job SET step = 'sending'")
    rung(house, delivery, Rung.PAPER, None, NOW + 5 * DAY)
    house.store.write_now(statements.run, "UPDATE job SET state = 'dead' WHERE kind = 'email'")
    house.store.write_now(deliveries.failed, delivery.id, Channel.EMAIL, "gone", NOW + 6 * DAY)
    assert (house.again(delivery).state, seals(house)) == (DeliveryState.LEAVING, 1)


def test_opening_twice_changes_nothing_and_downloads_after_it_neither(house: House) -> None:
    delivery = house.hand_in()
    assert delivery.document_id is not None
    house.open(delivery)
    before = house.again(delivery)
    house.clock.turn(60)
    house.open(delivery)
    house.store.write_now(deliveries.downloaded, house.anna.id, [delivery.document_id], NOW + 60)
    assert house.again(delivery) == before
    assert not house.store.read_now(deliveries.any_unopened, house.anna.id)
    assert not house.store.read_now(deliveries.any_unfetched, house.anna.id)


def test_nobody_elses_document_is_opened(house: House) -> None:
    delivery = house.hand_in()
    assert delivery.document_id is not None
    house.store.write_now(deliveries.opened, house.erp.id, [delivery.document_id], NOW)
    assert house.again(delivery).opened_at is None


def test_the_seal_stays_while_another_reader_needs_it(house: House) -> None:
    house.choose(channel=Channel.PAPER)
    delivery = house.hand_in()
    copied = (
        "INSERT INTO delivery (public_id, document_id, document_public_id, account_id, document_type, decided_at,"
        " channel, state, notify, language, receipts, wants_mdn, ladder_step, needs_key)"
        " SELECT 'other', document_id, document_public_id, ?, document_type, decided_at, channel, state, notify,"
        " language, receipts, wants_mdn, 0, 1 FROM delivery"
    )
    house.store.write_now(statements.run, copied, (house.erp.id,))
    house.store.write_now(outbox_keys.give_up, delivery.id)
    assert seals(house) == 1
    with pytest.raises(NotFound):  # it is there for the other alone
        house.store.read_now(opening.message, house.store.bodies, outbox_of(house), delivery.id)
    house.store.write_now(deliveries.put_away, house.erp.id, [delivery.document_id], NOW)
    assert seals(house) == 0


def test_what_was_downloaded_is_found_by_its_document(house: House) -> None:
    """Not by reading all that was never fetched, once for each chunk: that grew with the square of a mailbox."""
    sql = "EXPLAIN QUERY PLAN " + deliveries._DOWNLOADED.replace("?*", "?, ?")
    ((*_, how),) = house.store.read_now(statements.rows, sql, (NOW, house.anna.id, 1, 2))
    assert "ix_delivery_document_id_account_id" in how


def test_of_many_read_at_once_those_with_a_ladder_are_opened_in_the_same_write(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flags, "OPENED_AT_ONCE", 2)
    plain = [house.hand_in(str(number)) for number in range(2)]
    house.choose_ladder("3:paper")
    laddered = house.hand_in("2")
    ((inbox,),) = house.store.read_now(statements.rows, "SELECT DISTINCT mailbox_id FROM copy")
    house.store.write_now(flags.store_flags, inbox, ((1, 3),), flags.FlagMode.ADD, Flag.SEEN, (), NOW + 1)
    opened = [house.again(each).opened_at for each in (*plain, laddered)]
    assert (opened, seals(house)) == ([None, None, NOW + 1], 0), "the others are noted after it"


def test_what_others_see_of_a_delivery_is_the_same_in_words_and_in_sql(house: House) -> None:
    pairs = [(channel, state) for channel in Channel for state in DeliveryState]
    rows = " UNION ALL ".join(f"SELECT '{channel}' AS channel, '{state}' AS state" for channel, state in pairs)
    sql = f"SELECT {sent.SEEN} FROM ({rows}) AS delivery"
    found = house.store.read_now(statements.rows, sql)
    assert [value for (value,) in found] == [sent.seen(*pair) for pair in pairs]
