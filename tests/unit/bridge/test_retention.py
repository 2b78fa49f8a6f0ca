"""What goes by itself: copies on the day that was chosen, reasons and rows after 90 days (S47, S55)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bridge import retention
from bridge.retention import Watch
from bridge.settings import Settings
from storage.deliveries import deliveries, transcript
from storage.deliveries.deliveries import Delivery
from storage.deliveries.terms import DAY
from storage.engine import statements
from storage.erasures import erasing, holds
from storage.erasures import retention as due_retention
from storage.errors import NotFound
from storage.people import accounts
from tests.ladders import House
from tests.reading import NOW


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House.create(tmp_path / "data")
    yield made
    await made.store.aclose()


def is_there(house: House, delivery: Delivery) -> bool:
    try:
        house.again(delivery)
    except NotFound:
        return False
    return True


async def test_a_copy_goes_on_its_day_with_a_receipt(house: House) -> None:
    kept = house.hand_in("kept")
    house.choose(retention_days=30)
    going = house.hand_in("going")
    assert await retention.erase_due(house.store, NOW + 30 * DAY - 1) == 0
    assert await retention.erase_due(house.store, NOW + 30 * DAY) == 1
    assert erasing.resume_all(house.store, NOW + 30 * DAY) == 1
    assert (is_there(house, kept), is_there(house, going)) == (True, False)
    ((state, target, asked_by, receipt),) = house.store.read_now(
        statements.rows, "SELECT state, target, requested_by, receipt FROM erasure"
    )
    assert (state, target, asked_by) == ("done", going.document_public_id, None)
    assert receipt
    assert (house.count("document"), house.count("card"), house.count("wrap")) == (1, 1, 1)


async def test_a_hold_keeps_it_until_it_ends_and_does_not_stand_in_others_way(house: House) -> None:
    house.choose(retention_days=30)
    held, other = house.hand_in("held"), house.hand_in("other")
    at = NOW + 40 * DAY
    house.store.write_now(
        holds.place,
        house.anna.id,
        reason="Dossier 12",
        basis="art. 52 AWR",
        by=None,
        ends_at=at,
        now=NOW,
        document_public_id=held.document_public_id,
    )
    assert await retention.erase_due(house.store, NOW + 31 * DAY) == 1
    assert (is_there(house, held), is_there(house, other)) == (True, False)
    assert await retention.erase_due(house.store, at + 1) == 1


async def test_a_ladder_is_climbed_before_the_copy_goes(house: House) -> None:
    house.choose(retention_days=30)
    house.choose_ladder("3:remind 14:paper")
    waiting = house.hand_in()
    house.store.write_now(statements.run, "UPDATE delivery SET erase_at = ?", (NOW + DAY,))
    assert await retention.erase_due(house.store, NOW + 2 * DAY) == 0
    await house.live(15 * DAY, step=DAY)
    assert house.rungs() == ["remind", "paper"]
    assert await retention.erase_due(house.store, NOW + 16 * DAY) == 1
    assert not is_there(house, waiting)


async def test_what_began_to_leave_since_it_was_found_due_stays(house: House) -> None:
    """As when a person has a dead letter tried again between the two."""
    house.choose(retention_days=30)
    going, at = house.hand_in(), NOW + 30 * DAY
    assert house.store.read_now(due_retention.due, at, (0, 0), 9) == [(at, going.id)]
    assert house.store.read_now(due_retention.due, at, (at, going.id), 9) == [], "behind it there is none"
    house.store.write_now(statements.run, "UPDATE delivery SET state = 'leaving'")
    assert not house.store.write_now(due_retention.begin_one, going.id, at)
    house.store.write_now(statements.run, "UPDATE delivery SET state = 'waiting', ladder_due_at = ?", (at,))
    assert not house.store.write_now(due_retention.begin_one, going.id, at)
    house.store.write_now(statements.run, "UPDATE delivery SET state = 'delivered', ladder_due_at = NULL")
    assert house.store.write_now(due_retention.begin_one, going.id, at)


async def test_what_a_sender_says_expires_is_not_erased(house: House) -> None:
    shown = house.hand_in()
    house.store.write_now(statements.run, "UPDATE delivery SET expires_at = ?", (NOW + 1,))
    assert await retention.erase_due(house.store, NOW + 3650 * DAY) == 0
    assert is_there(house, shown)


async def test_a_killed_turn_is_gone_on_with(house: House) -> None:
    """Each document is begun in one transaction; what was begun is finished by the next turn or start."""
    house.choose(retention_days=1)
    for number in range(5):
        house.hand_in(str(number))
    at = NOW + 2 * DAY
    assert await retention.erase_due(house.store, at) == 5
    assert await retention.erase_due(house.store, at) == 0
    assert erasing.resume_all(house.store, at) == 5
    assert house.count("document") == 0


async def test_reasons_are_forgotten_after_ninety_days_and_rows_of_what_is_gone(house: House) -> None:
    house.choose_ladder("3:remind")
    stays, gone = house.hand_in("stays"), house.hand_in("gone")
    assert gone.document_id is not None
    house.store.write_now(statements.run, "DELETE FROM copy WHERE document_id = ?", (gone.document_id,))
    house.store.write_now(deliveries.put_away, house.anna.id, [gone.document_id], NOW)
    house.store.write_now(transcript.note, house.anna.id, None, "notice.sent", NOW)
    house.open(stays)
    assert await retention.forget(house.store, NOW + 89 * DAY) == 0
    assert house.again(stays).reasons is not None
    assert await retention.forget(house.store, NOW + 91 * DAY) == 3
    after = house.again(stays)
    assert (after.reasons, after.opened_at) == (None, NOW)
    assert not is_there(house, gone)
    assert [event.kind for event in house.store.read_now(transcript.of_delivery, stays.id)] == ["ladder.stopped"]
    assert house.count("delivery_event") == 1
    assert await retention.forget(house.store, NOW + 92 * DAY) == 0


@pytest.mark.parametrize("jump", [365 * DAY, -365 * DAY, 2 * 3600])
def test_after_a_jump_the_clock_is_not_trusted_for_a_day(jump: int) -> None:
    machine = [100.0]
    watch = Watch(lambda: machine[0])
    assert watch.trusts(NOW)

    def later(seconds: float, wall: int) -> bool:
        machine[0] += seconds
        return watch.trusts(wall)

    assert later(3600, NOW + 3600)
    assert not later(3600, NOW + 7200 + jump)
    assert not later(3600, NOW + 10_800 + jump)
    assert later(DAY, NOW + 10_800 + jump + DAY)


async def test_the_chore_erases_nothing_while_it_distrusts(house: House) -> None:
    house.choose(retention_days=30)
    house.hand_in()
    machine = [0.0]
    erase = retention.chores(Settings(), Watch(lambda: machine[0]))[0]
    assert await erase.run(house.store, NOW) == 0
    machine[0] += 3600
    assert await erase.run(house.store, NOW + 365 * DAY) == 0
    machine[0] += 2 * DAY
    assert await erase.run(house.store, NOW + 367 * DAY) == 1


async def test_closed_meanwhile(house: House) -> None:
    """A closed account's copies keep their day."""
    house.choose(retention_days=5)
    house.hand_in()
    house.store.write_now(accounts.close, house.anna.id, NOW, "system")
    assert await retention.erase_due(house.store, NOW + 6 * DAY) == 1
