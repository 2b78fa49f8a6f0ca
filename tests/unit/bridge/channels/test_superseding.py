"""Documents whose sender sends a later one in their place: what was still to happen to them ends (RFC 4021)."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from bridge.channels import climbing, handoff
from bridge.channels.outbox import Done, Outbox, Outcome, Task
from bridge.mail.status_wishes import Notify, Wish
from bridge.routing import explaining
from storage.choices import preferences
from storage.choices.preferences import Preference
from storage.deliveries import jobs, ladder_runs, sent, transcript
from storage.deliveries.deliveries import Delivery
from storage.deliveries.sent import Seen
from storage.deliveries.terms import DAY, Channel, Choice, DeliveryState, JobKind, JobState
from storage.engine import statements
from storage.mail import documents
from storage.mail.flags import FlagMode
from storage.records import Flag
from tests.ladders import PLACES, QUICK, House
from tests.reading import NOW

FIRST, SECOND = "<1@energie.test>", "<2@energie.test>"
DSN = Wish("anna@example.test", (Notify.SUCCESS, Notify.FAILURE)).text()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House.create(tmp_path / "data")
    yield made
    made.store.close()


def first(house: House) -> Delivery:
    return house.hand_in("Factuur", header=f"Message-ID: {FIRST}\r\n")


def supersede(house: House) -> Delivery:
    return house.hand_in("Factuur, verbeterd", header=f"Message-ID: {SECOND}\r\nSupersedes: {FIRST}\r\n")


def openable(house: House, delivery: Delivery) -> bool:
    sql = "SELECT 1 FROM outbox_key WHERE document_id = ?"
    return bool(house.store.read_now(statements.rows, sql, (delivery.document_id,)))


def of(house: House, delivery: Delivery) -> list[str]:
    """What left of a delivery."""
    keys = [key for carrier in house.carriers.values() for key, _ in carrier.carried]
    return [key.rpartition(":")[2] for key in keys if key.startswith(f"{delivery.public_id}:")]


def explained(house: House, delivery: Delivery, locale: str = "en") -> list[str]:
    events = house.store.read_now(transcript.of_delivery, delivery.id)
    return explaining.explain(house.again(delivery), locale, events=events)[-2:]


# --- ladders ---


async def test_its_ladder_ends_and_the_later_one_has_its_own(house: House) -> None:
    house.choose_ladder("3:remind 7:email 14:paper")
    old = first(house)
    await house.live(4 * DAY, step=DAY)
    new = supersede(house)
    ended = house.again(old)
    assert (ended.state, ended.ladder_due_at, ended.needs_key) == (DeliveryState.DELIVERED, None, False)
    assert (openable(house, old), openable(house, new)) == (False, True)
    await house.live(20 * DAY, step=DAY)
    assert (of(house, old), of(house, new)) == (["remind"], ["remind", "email"])
    assert house.events(old) == ["ladder.remind", "document.superseded", "ladder.stopped"]
    assert explained(house, old) == [
        "A later document of its sender takes its place: this one stays, and nothing more is done with it.",
        "It lies in the mailbox.",
    ]
    assert explained(house, old, "nl")[0].startswith("Een later document van de afzender")


@pytest.mark.parametrize("rung", ["remind", "email", "paper"])
@pytest.mark.parametrize("begun", [True, False], ids=["put off", "never begun"])
async def test_what_waits_of_its_ladder_leaves_the_outbox(house: House, rung: str, begun: bool) -> None:
    house.choose_ladder(f"1:{rung} 5:paper")
    old = first(house)
    kind = JobKind.NOTICE if rung == "remind" else JobKind(rung)
    carrier = house.carriers.pop(kind)
    await house.live(DAY, step=DAY)
    if begun:
        house.store.write_now(statements.run, "UPDATE job SET step = 'begun', attempts = 1, problem = '4.4.1'")
    supersede(house)
    house.carriers[kind] = carrier
    await house.live(1)
    assert of(house, old) == []
    assert (house.count("job"), openable(house, old)) == (0, False)
    printing = begun and rung == "paper"
    assert house.again(old).state is (DeliveryState.FAILED if printing else DeliveryState.DELIVERED)
    assert [each for each in house.events(old) if each.startswith("ladder.")][-1] == "ladder.stopped"
    await house.live(10 * DAY, step=DAY)
    assert of(house, old) == [], "nor does it climb on"


async def test_a_ladder_that_climbs_at_the_same_time_makes_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read as due is superseded before it is written."""
    house.choose_ladder("1:email 5:paper")
    old = first(house)
    house.clock.turn(DAY)
    read = house.store.read
    came: list[Delivery] = []

    async def overtaken(function: Callable[..., object], /, *args: object) -> object:
        found = await read(function, *args)
        if function is ladder_runs.due and not came:
            assert [each.delivery_id for each in found] == [old.id]
            came.append(supersede(house))
        return found

    monkeypatch.setattr(house.store, "read", overtaken)
    assert await climbing.climb(PLACES, house.store, int(house.clock())) == 0
    assert house.events(old) == ["document.superseded", "ladder.stopped"]
    assert (len(came), house.count("job")) == (1, 0)


class Overtaken:
    """A carrier in whose work the later document comes, at one of its moments."""

    def __init__(self, kind: JobKind, moment: str, comes: Callable[[], object]) -> None:
        self.kind, self._moment, self._comes = kind, moment, comes
        self.carried: list[str] = []

    async def carry(self, task: Task) -> Outcome:
        self._at("begun")
        await task.message()
        self._at("read")
        await task.note("sending")
        self._at("noted")
        self.carried.append(task.job.key)
        assert task.job.delivery_id is not None
        return Done(partial(handoff.done, delivery_id=task.job.delivery_id, channel=Channel(self.kind)))

    def _at(self, moment: str) -> None:
        if self._moment == moment:
            self._moment = ""
            self._comes()


@pytest.mark.parametrize("kind", [JobKind.EMAIL, JobKind.PAPER])
@pytest.mark.parametrize(("moment", "goes"), [("begun", False), ("read", False), ("noted", True)])
async def test_a_rung_under_way_goes_on_only_if_it_may_have_happened(
    house: House, kind: JobKind, moment: str, goes: bool
) -> None:
    house.choose_ladder(f"1:{kind} 9:remind")
    old = first(house)
    house.clock.turn(DAY)
    await climbing.climb(PLACES, house.store, int(house.clock()))
    carrier = Overtaken(kind, moment, lambda: supersede(house))
    worker = Outbox(house.store, house.clock, (carrier,), lambda: 1.0, QUICK)
    while await worker.turn():
        pass
    assert len(carrier.carried) == goes
    after = house.again(old)
    assert after.state is (DeliveryState.HANDED_OFF if goes else DeliveryState.DELIVERED)
    assert (f"{kind}.handed-off" in house.events(old)) is goes
    assert (openable(house, old), house.count("job")) == (False, 0)
    await house.live(5 * DAY, step=DAY)
    assert of(house, old) == []


async def test_one_that_comes_back_is_told_and_climbs_no_further(house: House) -> None:
    house.choose_ladder("1:email 9:remind")
    old = first(house)
    await house.live(2 * DAY, step=DAY)
    supersede(house)
    fail = partial(handoff.failed, delivery_id=old.id, channel=Channel.EMAIL, problem="5.1.1")
    house.store.write_now(fail, int(house.clock()))
    assert (house.again(old).state, house.again(old).ladder_due_at) == (DeliveryState.FAILED, None)
    assert house.events(old)[-1] == "hand-over.told"


# --- channels that leave at once ---


def leaving(house: House, channel: Channel) -> Delivery:
    choice = Preference(Choice(channel=channel), account_id=house.anna.id)
    house.store.write_now(preferences.put, choice, NOW)
    old = first(house)
    house.store.write_now(statements.run, "UPDATE delivery SET dsn = ? WHERE id = ?", (DSN, old.id))
    return old


def reports(house: House) -> int:
    """Messages in the sender's mailbox."""
    sql = "SELECT count(*) FROM copy WHERE account_id = ?"
    ((number,),) = house.store.read_now(statements.rows, sql, (house.erp.id,))
    return int(number)


def do_nothing(house: House, delivery: Delivery) -> None:
    """It lies unread."""


def read_it(house: House, delivery: Delivery) -> None:
    house.open(delivery)


def erase_it(house: House, delivery: Delivery) -> None:
    sql = "SELECT mailbox_id, uid FROM copy WHERE document_id = ? AND account_id = ?"
    ((box, uid),) = house.store.read_now(statements.rows, sql, (delivery.document_id, house.anna.id))
    house.store.write_now(documents.store_flags, box, [(uid, uid)], FlagMode.ADD, Flag.DELETED)
    house.store.write_now(documents.expunge, box, None, int(house.clock()))


@pytest.mark.parametrize("acts", [do_nothing, read_it, erase_it])
@pytest.mark.parametrize("begun", [True, False], ids=["put off", "never begun"])
async def test_its_own_channel_ends_and_the_sender_sees_the_same_whatever_the_reader_did(
    house: House, acts: Callable[[House, Delivery], None], begun: bool
) -> None:
    old, relay = leaving(house, Channel.EMAIL), house.carriers[JobKind.EMAIL]
    relay.is_down = True
    await house.live(3600 if begun else 0)
    acts(house, old)
    assert house.store.read_now(jobs.get, 1).state is JobState.WAITING
    new = supersede(house)
    relay.is_down = False
    await house.live(1)
    assert (of(house, old), of(house, new)) == ([], ["email"])
    assert (house.count("job"), house.count("outbox_key"), reports(house)) == (0, 0, 1)
    seen = house.store.read_now(sent.listing, old.correspondent_id, sent.NEWEST, 9, int(house.clock()))
    told = next(each for each in seen if each.id == old.id)
    assert (told.state, told.state_at, told.opened_at) == (Seen.DELIVERED, NOW, None)
    assert house.events(old)[-2 if acts is not erase_it else -1].startswith("email.failed")
    assert explained(house, old)[0] == ("It could not go by e-mail, or came back from there (superseded).")


async def test_the_recipient_is_told_why_it_did_not_go(house: House) -> None:
    old = leaving(house, Channel.PAPER)
    house.carriers[JobKind.PAPER].is_down = True
    supersede(house)
    await house.live(1)
    assert house.events(old) == ["document.superseded", "paper.failed", "hand-over.told"]
    detail = [each.detail for each in house.store.read_now(transcript.of_delivery, old.id)]
    assert detail[1] == "superseded"


@pytest.mark.parametrize(("moment", "goes"), [("begun", False), ("read", True), ("noted", True)])
async def test_its_own_channel_under_way_goes_on(house: House, moment: str, goes: bool) -> None:
    old = leaving(house, Channel.PAPER)
    carrier = Overtaken(JobKind.PAPER, moment, lambda: supersede(house))
    worker = Outbox(house.store, house.clock, (carrier,), lambda: 1.0, QUICK)
    while await worker.turn():
        pass
    assert len([key for key in carrier.carried if key.startswith(old.public_id)]) == goes
    assert house.again(old).state is (DeliveryState.HANDED_OFF if goes else DeliveryState.FAILED)
    assert not openable(house, old)


async def test_a_mailbox_elsewhere_that_may_have_it_is_asked_first(house: House) -> None:
    """The key stays for that one question, and goes with its answer."""
    old = leaving(house, Channel.PAPER)
    begun = "UPDATE job SET kind = 'external', step = 'appending', handle = '1'"
    house.store.write_now(statements.run, begun)
    supersede(house)
    assert openable(house, old)
    done = partial(handoff.done, delivery_id=old.id, channel=Channel.EXTERNAL)
    house.store.write_now(done, int(house.clock()))
    assert (house.again(old).state, openable(house, old)) == (DeliveryState.HANDED_OFF, False)


async def test_a_dead_letter_of_it_is_not_tried_again(house: House) -> None:
    house.choose_ladder("1:email")
    old = first(house)
    house.carriers[JobKind.EMAIL].fails = True
    await house.live(2 * DAY, step=DAY)
    assert (house.again(old).state, house.count("job"), openable(house, old)) == (DeliveryState.FAILED, 1, True)
    supersede(house)
    assert (house.count("job"), openable(house, old)) == (0, False)
