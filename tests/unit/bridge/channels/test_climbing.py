"""Thirty days of ladders: arrivals, the outbox worker, scripted carriers, a clock that the test turns (D3)."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from bridge.channels import climbing, handoff
from bridge.channels.outbox import Outbox
from bridge.notices import handing_over
from storage.access import enrolment, passwords, second_factor
from storage.deliveries import deliveries, opening, transcript
from storage.deliveries.terms import DAY, Channel, DeliveryState, JobKind
from storage.engine import statements
from storage.errors import NotFound
from storage.keys.outbox import OutboxKey
from storage.mail import documents
from storage.people import accounts
from storage.records import AccountState, DomainMode, Flag
from tests.crash.keys_driver import CHEAP, PASSWORD, SEED
from tests.ladders import PLACES, House
from tests.reading import NOW

PLAN = "3:remind 7:email 14:paper"
YEAR = 365 * DAY
HOUR = 3600


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House.create(tmp_path / "data")
    yield made
    made.store.close()


def can_open(house: House, delivery: deliveries.Delivery) -> bool:
    """Whether the server can still open the document by itself."""
    key = OutboxKey.of(house.store.server_keys.outbox)
    try:
        house.store.read_now(opening.message, house.store.bodies, key, delivery.id)
    except NotFound:
        return False
    return True


async def test_thirty_days_unread_remind_then_email(house: House) -> None:
    """What the e-mail took along goes no further: the letter is not sent."""
    house.choose_ladder(PLAN)
    delivery = house.hand_in()
    assert (delivery.state, delivery.needs_key) == (DeliveryState.WAITING, True)
    await house.live(30 * DAY, step=6 * 3600)
    assert house.carried() == [("remind", 3.0), ("email", 7.0)]
    after = house.again(delivery)
    assert (after.state, after.ladder_due_at, after.needs_key) == (DeliveryState.HANDED_OFF, None, False)
    assert house.events(delivery) == ["ladder.remind", "ladder.email", "email.handed-off"]
    assert b"Subject: Factuur" in house.carriers[JobKind.EMAIL].messages[0]
    assert (house.count("job"), house.count("outbox_key")) == (0, 0)


async def test_a_channel_that_fails_brings_the_next_rung_at_once(house: House) -> None:
    house.choose_ladder(PLAN)
    delivery = house.hand_in()
    house.carriers[JobKind.EMAIL].fails = True
    await house.live(30 * DAY, step=6 * 3600)
    assert house.carried() == [("remind", 3.0), ("paper", 7.25)]
    assert house.events(delivery)[-4:] == ["ladder.email", "email.failed", "ladder.paper", "paper.handed-off"]


async def test_an_email_that_the_relay_put_off_does_not_go_once_it_was_read(house: House) -> None:
    """An attempt was begun; the ladder stops on open all the same (D3)."""

    house.choose_ladder("1:email 5:paper")
    delivery = house.hand_in()
    relay = house.carriers[JobKind.EMAIL]
    relay.is_down = True
    await house.live(DAY + HOUR)
    house.open(delivery)
    relay.is_down = False
    await house.live(10 * DAY, step=DAY)
    assert house.carried() == []
    assert (house.again(delivery).state, can_open(house, delivery)) == (DeliveryState.OPENED, False)
    assert house.count("job") == 0


async def test_when_all_fails_it_lies_in_the_mailbox(house: House) -> None:
    house.choose_ladder(PLAN)
    delivery = house.hand_in()
    house.carriers[JobKind.EMAIL].fails = house.carriers[JobKind.PAPER].fails = True
    await house.live(30 * DAY, step=DAY)
    assert house.again(delivery).state is DeliveryState.FAILED
    assert len(await _inbox(house)) == 2  # and the message that says so
    assert house.events(delivery)[-1] == "hand-over.told"


@pytest.mark.parametrize("after", [1, 4, 8])
async def test_opening_ends_it_and_what_waits_in_the_outbox(house: House, after: int) -> None:
    house.choose_ladder(PLAN)
    house.carriers.pop(JobKind.EMAIL)  # no relay answers: the job waits
    delivery = house.hand_in()
    await house.live(after * DAY, step=DAY)
    house.open(delivery)
    assert not can_open(house, delivery)
    await house.live(30 * DAY, step=DAY)
    assert house.carried() == ([("remind", 3.0)] if after > 3 else [])
    opened = house.again(delivery)
    assert (opened.state, opened.ladder_due_at, opened.needs_key) == (DeliveryState.OPENED, None, False)
    assert house.events(delivery)[-1] == "ladder.stopped"
    assert (house.count("job"), house.count("outbox_key")) == (0, 0)


async def test_the_last_day_is_kept_when_a_carrier_never_answers(house: House) -> None:
    """The e-mail still waits on the fourteenth day: the letter takes its place."""
    house.choose_ladder(PLAN)
    house.carriers.pop(JobKind.EMAIL)
    delivery = house.hand_in()
    await house.live(20 * DAY, step=DAY)
    assert house.carried() == [("remind", 3.0), ("paper", 14.0)]
    assert house.count("job") == 0
    assert house.again(delivery).state is DeliveryState.HANDED_OFF


@pytest.mark.parametrize("begun", [True, False], ids=["put off", "never begun"])
async def test_an_email_that_could_not_go_yet_stays_due_while_reminders_go_out(house: House, begun: bool) -> None:
    """It goes once, when the relay is there again; the server can open the document till then, and no longer."""
    house.choose_ladder("3:email 5:remind 6:remind")
    delivery, relay = house.hand_in(), house.carriers[JobKind.EMAIL]
    relay.is_down = True
    if not begun:
        house.carriers.pop(JobKind.EMAIL)
    await house.live(6 * DAY + HOUR)
    assert house.carried() == [("remind", 5.0), ("remind", 6.0)]
    unread = house.again(delivery)
    assert (unread.state, unread.ladder_due_at, can_open(house, delivery)) == (DeliveryState.LEAVING, None, True)
    relay.is_down, house.carriers[JobKind.EMAIL] = False, relay
    await house.live(DAY)
    assert [rung for rung, _ in house.carried()] == ["remind", "remind", "email"]
    assert (house.again(delivery).state, house.count("job")) == (DeliveryState.HANDED_OFF, 0)
    assert house.count("outbox_key") == 0


async def test_a_letter_takes_the_place_of_an_email_that_was_put_off(house: House) -> None:
    """Also where the relay is there again in the same moment: one of them goes."""
    house.choose_ladder("3:email 5:paper")
    delivery, relay = house.hand_in(), house.carriers[JobKind.EMAIL]
    relay.is_down = True
    await house.live(5 * DAY - HOUR)
    relay.is_down = False
    house.store.write_now(statements.run, "UPDATE job SET due_at = ?", (NOW + 5 * DAY,))
    await house.live(3 * DAY)
    assert house.carried() == [("paper", 5.0)]
    assert (house.again(delivery).state, house.count("job")) == (DeliveryState.HANDED_OFF, 0)


async def test_an_email_given_up_behind_a_reminder_brings_no_second_reminder_at_once(
    house: House,
) -> None:
    house.choose_ladder("3:email 8:remind 12:remind")
    letter = house.hand_in()
    house.carriers[JobKind.EMAIL].is_down = True
    await house.live(9 * DAY, step=6 * HOUR)
    assert house.events(letter)[:3] == ["ladder.email", "ladder.remind", "email.failed"]
    assert house.again(letter).ladder_due_at == NOW + 12 * DAY
    await house.live(5 * DAY, step=6 * HOUR)
    assert house.carried() == [("remind", 8.0), ("remind", 12.0)]


async def test_an_email_that_comes_back_is_told_though_a_reminder_is_left(house: House) -> None:
    """The letter of its last day cannot follow: that is told as well, and why."""
    house.choose_ladder("1:email 3:remind 5:paper")
    delivery = house.hand_in()
    await house.live(DAY, step=DAY)
    came_back = partial(handoff.failed, delivery_id=delivery.id, channel=Channel.EMAIL, problem="5.1.1")
    house.store.write_now(came_back, int(house.clock()))
    assert house.events(delivery)[-2:] == ["email.failed", "hand-over.told"]
    await house.live(6 * DAY, step=DAY)
    assert [rung for rung, _ in house.carried()] == ["email", "remind"]
    lines = house.store.read_now(transcript.of_delivery, delivery.id)
    assert [(line.kind, line.detail) for line in lines[-2:]] == [("paper.failed", "gone"), ("hand-over.told", None)]
    assert handing_over.WHY["gone"].startswith("its key here was destroyed")


async def test_an_email_that_still_waits_ends_when_the_document_is_read(house: House) -> None:
    house.choose_ladder("3:email 5:remind")
    delivery, relay = house.hand_in(), house.carriers[JobKind.EMAIL]
    relay.is_down = True
    await house.live(5 * DAY + HOUR)
    house.open(delivery)
    relay.is_down = False
    await house.live(5 * DAY, step=6 * HOUR)
    assert house.carried() == [("remind", 5.0)]
    assert (house.again(delivery).state, house.count("job")) == (DeliveryState.OPENED, 0)
    assert not can_open(house, delivery)


async def test_after_a_month_of_downtime_a_day_lies_between_rungs(house: House) -> None:
    house.choose_ladder("3:remind 7:remind 14:paper")
    house.hand_in()
    house.clock.turn(30 * DAY)
    await house.turn()
    assert house.carried() == [("remind", 30.0)]
    await house.live(5 * DAY, step=DAY)
    assert house.carried() == [("remind", 30.0), ("remind", 31.0), ("paper", 32.0)]


@pytest.mark.parametrize("jump", [YEAR, 3600, -3600, -YEAR])
async def test_a_clock_that_jumps_and_comes_back_repeats_nothing(house: House, jump: int) -> None:
    """At most one rung comes early; the last day is kept."""
    house.choose_ladder(PLAN.replace("7:email", "7:remind"))
    house.hand_in()
    await house.live(4 * DAY, step=DAY)
    house.clock.turn(jump)
    await house.live(2 * 3600)
    house.clock.turn(-jump)
    await climbing.correct(house.store, int(house.clock()))
    await house.live(20 * DAY)
    assert house.rungs() == ["remind", "remind", "paper"]
    paper = [at for rung, at in house.carried() if rung == "paper"]
    assert paper == [14.0]


async def test_a_clock_that_stands_still_does_nothing_twice(house: House) -> None:
    house.choose_ladder(PLAN)
    house.hand_in()
    house.clock.turn(3 * DAY)
    for _ in range(5):
        await house.turn()
    assert house.carried() == [("remind", 3.0)]


async def test_whom_nothing_reaches_outside_is_reminded_in_the_mailbox(house: House) -> None:
    house.store.write_now(statements.run, "UPDATE account SET contact_email_verified_at = NULL")
    house.choose_ladder("3:remind")
    delivery = house.hand_in()
    await house.live(5 * DAY, step=DAY)
    assert house.carried() == []
    assert len(await _inbox(house)) == 2
    assert (house.again(delivery).state, house.count("job")) == (DeliveryState.DELIVERED, 0)


async def test_deleted_unread_is_handled_but_not_read(house: House) -> None:
    house.choose_ladder(PLAN)
    delivery = house.hand_in()
    inbox = house.store.read_now(accounts.recipient, house.anna.email)
    assert inbox is not None
    store = house.store
    store.write_now(documents.store_flags, inbox.inbox_id, [(1, 1)], documents.FlagMode.ADD, Flag.DELETED)
    assert house.again(delivery).ladder_due_at is not None
    store.write_now(documents.expunge, inbox.inbox_id, None, NOW + 60)
    gone = house.again(delivery)
    assert (gone.state, gone.opened_at, gone.document_id) == (DeliveryState.REMOVED, None, None)
    assert (house.events(delivery), house.count("outbox_key")) == (["ladder.stopped"], 0)
    await house.live(30 * DAY, step=DAY)
    assert house.carried() == []


async def test_a_closed_account_waits(house: House) -> None:
    house.choose_ladder(PLAN)
    house.hand_in()
    house.store.write_now(accounts.close, house.anna.id, NOW, "system")
    await house.live(20 * DAY, step=DAY)
    assert house.carried() == []


async def test_two_runs_at_once_make_one_job(house: House) -> None:
    """What both saw as due is done by one of them."""
    house.choose_ladder(PLAN)
    house.hand_in()
    house.clock.turn(3 * DAY)
    now = int(house.clock())
    await climbing.climb(PLACES, house.store, now)
    await climbing.climb(PLACES, house.store, now)
    assert house.count("job") == 1


async def test_the_server_cannot_open_what_only_reminds(house: House) -> None:
    house.choose_ladder("3:remind 5:email 9:remind")
    house.carriers[JobKind.EMAIL].fails = True
    delivery = house.hand_in()
    assert can_open(house, delivery)
    await house.live(12 * DAY, step=DAY)
    assert house.carried() == [("remind", 3.0), ("remind", 6.0)]
    assert not can_open(house, delivery)


# --- recipients who have not registered (S9) ---


@pytest.fixture
def invited(tmp_path: Path) -> Iterator[House]:
    made = House.create(tmp_path / "data", AccountState.INVITED)
    yield made
    made.store.close()


async def test_the_domains_channel_has_its_turn_after_the_deadline(invited: House) -> None:
    invited.choose(of_domain=True, channel=Channel.PAPER)
    delivery = invited.hand_in()
    assert (delivery.channel, delivery.state) == (Channel.MAILBOX, DeliveryState.WAITING)
    await invited.live(20 * DAY, step=DAY)
    assert invited.carried() == [("paper", 14.0)]


async def test_a_ladder_of_the_domain_has_its_own_days(invited: House) -> None:
    invited.choose_ladder("5:paper", of_domain=True)
    invited.hand_in()
    await invited.live(20 * DAY, step=DAY)
    assert invited.carried() == [("paper", 5.0)]


async def test_without_a_way_out_it_waits_for_the_recipient(invited: House) -> None:
    delivery = invited.hand_in()
    assert (delivery.state, delivery.needs_key, delivery.ladder_due_at) == (DeliveryState.WAITING, False, None)
    assert "not-registered" in (delivery.reasons or "")
    assert not can_open(invited, delivery)


def register(house: House) -> None:
    """With the code of the invitation, as its owner does."""
    store, now, anna = house.store, int(house.clock()), house.anna
    lock = (store.server_keys, store.shred)
    code = store.write_now(enrolment.add_enrolment, *lock, anna, house.keys, now).code
    store.write_now(second_factor.begin, anna.id, now, lambda _: SEED)
    stretched, digits = passwords.stretch(PASSWORD, CHEAP), second_factor.code_at(SEED, now)
    store.write_now(enrolment.finish, *lock, anna.email, code, stretched, digits, DomainMode.MANAGED, now)


async def test_registration_ends_the_hold(invited: House) -> None:
    invited.choose(of_domain=True, channel=Channel.PAPER)
    delivery = invited.hand_in()
    invited.clock.turn(14 * DAY)
    await climbing.climb(PLACES, invited.store, int(invited.clock()))
    register(invited)
    after = invited.again(delivery)
    assert (after.state, after.needs_key, after.ladder_due_at) == (DeliveryState.DELIVERED, False, None)
    assert (invited.events(delivery)[-1], invited.count("job")) == ("ladder.stopped", 0)
    await Outbox(invited.store, invited.clock, tuple(invited.carriers.values()), lambda: 1.0).turn()
    assert invited.carried() == []
    next_one = invited.hand_in()
    assert next_one.channel is Channel.PAPER


async def _inbox(house: House) -> list[object]:
    reader = house.store.read_now(accounts.recipient, house.anna.email)
    assert reader is not None
    return list(house.store.read_now(documents.copies_of, reader.inbox_id))


async def test_the_log_does_not_say_which_document_lies_unread(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its id stands in lists that admins and its sender see (D9)."""
    house.choose_ladder(PLAN)
    delivery = house.hand_in()
    await house.live(8 * DAY, step=DAY)
    logged = "".join(capsys.readouterr())
    assert logged.count("ladder.rung") == 2
    assert not [each for each in (delivery.public_id, delivery.document_public_id) if each in logged]


async def test_deliveries_that_cannot_be_read_hold_up_no_other_ladder(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many: more than are read at a time."""
    monkeypatch.setattr(climbing, "SLICE", 1)
    house.choose_ladder("3:remind")
    first, second, third = house.hand_in(), house.hand_in(), house.hand_in()
    house.store.write_now(statements.run, "UPDATE delivery SET ladder = 'x' WHERE id = ?", (second.id,))
    assert await climbing.climb(PLACES, house.store, NOW + 3 * DAY) == 2
    assert [house.again(each).ladder_step for each in (first, third)] == [1, 1]
