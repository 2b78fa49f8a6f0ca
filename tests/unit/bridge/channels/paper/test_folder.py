"""The hot folder: each letter appears once, whole, whatever dies in between."""

# ruff: noqa: ASYNC240 - looking into a folder of a few files
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.channels.outbox import Done, Failed, Later, Outcome, Task, Uncertain
from bridge.channels.paper import folder
from bridge.channels.paper.folder import READY, HotFolder
from bridge.channels.paper.letter import Composed, Letter
from bridge.channels.paper.press import Press
from bridge.channels.paper.roads import LONGEST_WAIT
from storage.deliveries.deliveries import Delivery
from storage.deliveries.terms import DeliveryState
from storage.errors import NotFound
from storage.keys.outbox import OutboxKey
from tests.letters import ADDRESS, PaperOffice

PDF = b"%PDF-1.7\n%%EOF\n"


class Died(BaseException):
    """As if the process had ended here."""


class Ready(Press):
    async def compose(self, message: bytes, letter: Letter) -> Composed:
        return Composed(PDF, 2)


@pytest.fixture(scope="module")
def one_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperOffice]:
    made = PaperOffice.found(tmp_path_factory.mktemp("office") / "data")
    yield made
    made.store.close()


@pytest.fixture
def office(one_office: PaperOffice) -> PaperOffice:
    one_office.change("DELETE FROM job")
    one_office.moves(ADDRESS)
    return one_office


@pytest.fixture
def hot(tmp_path: Path) -> Path:
    place = tmp_path / "hot"
    place.mkdir()
    return place


class Taker:
    """The print system: takes what it sees."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self.taken: list[bytes] = []

    def look(self) -> None:
        for path in sorted(self._place.glob("*")):
            if not path.name.startswith("."):
                self.taken.append(path.read_bytes())
                path.unlink()


async def attempt(office: PaperOffice, hot: Path, delivery: Delivery, country: str = "NL", name: str = "") -> Outcome:
    job = office.job(delivery)
    assert job is not None
    task = Task(job, office.store, OutboxKey.of(office.store.server_keys.outbox), int(office.clock()))
    return await office.carrier(HotFolder(hot, None), Ready(), country, name).carry(task)


async def test_a_letter_appears_whole_and_is_done(office: PaperOffice, hot: Path) -> None:
    delivery, taker = office.letter(), Taker(hot)
    await office.settle(HotFolder(hot, None), delivery, Ready())
    taker.look()
    assert taker.taken == [PDF]
    assert office.now(delivery).state is DeliveryState.HANDED_OFF
    assert office.events(delivery) == [("paper.handed-off", "pages:2")]
    assert list(hot.iterdir()) == []


STEPS = ("os.open", "os.fsync", "os.rename", "note")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("after", [False, True])
async def test_killed_at_each_step_it_appears_once(
    office: PaperOffice, hot: Path, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    delivery, taker, deaths = office.letter(), Taker(hot), 0
    owner, name = (os, step[3:]) if step != "note" else (Task, "note")
    real = getattr(owner, name)

    def fatal(*args: object, **how: object) -> object:
        if after:
            real(*args, **how)
        raise Died

    async def fatal_note(*args: object, **how: object) -> None:
        if after:
            await real(*args, **how)
        raise Died

    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, fatal if owner is os else fatal_note)
            try:
                await attempt(office, hot, delivery)
            except Died:
                deaths += 1
        taker.look()
    await office.settle(HotFolder(hot, None), delivery, Ready())
    taker.look()
    assert deaths > 0
    assert taker.taken == [PDF]
    assert office.now(delivery).state is DeliveryState.HANDED_OFF


async def _left_ready(office: PaperOffice, hot: Path, monkeypatch: pytest.MonkeyPatch) -> Delivery:
    """A letter whose attempt died before it was released."""
    delivery = office.letter()
    with monkeypatch.context() as patch:
        patch.setattr(folder, "_release", _died)
        with pytest.raises(Died):
            await attempt(office, hot, delivery)
    job = office.job(delivery)
    assert job is not None
    assert job.step == READY
    return delivery


def _died(*args: object) -> None:
    raise Died


async def test_after_a_power_loss_in_between_a_person_decides(
    office: PaperOffice, hot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = await _left_ready(office, hot, monkeypatch)
    monkeypatch.setattr(folder, "boot", lambda: "another")
    assert await attempt(office, hot, delivery) == Uncertain("folder-after-power-loss")
    next(hot.glob(".*")).unlink()  # it is gone: it was released before
    assert isinstance(await attempt(office, hot, delivery), Done)


async def test_a_share_that_is_not_mounted_is_waited_for(
    office: PaperOffice, hot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = await _left_ready(office, hot, monkeypatch)
    away = hot.rename(hot.with_name("away"))
    assert await attempt(office, hot, delivery) == Later("folder-unwritable", counts=False)
    hot.mkdir()
    assert await attempt(office, hot, delivery) == Later("folder-missing", counts=False)
    hot.rmdir()
    away.rename(hot)
    assert isinstance(await attempt(office, hot, delivery), Done)
    assert [path.read_bytes() for path in hot.iterdir()] == [PDF]


async def test_a_folder_that_never_comes_back_is_for_a_person(
    office: PaperOffice, hot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as another one in the settings: whether the sheets came out of the old one, nobody here knows."""
    delivery, other = await _left_ready(office, hot, monkeypatch), hot.with_name("other")
    other.mkdir()
    assert await attempt(office, other, delivery) == Later("folder-missing", counts=False)
    office.clock.turn(LONGEST_WAIT)
    assert await attempt(office, other, delivery) == Uncertain("folder-missing")
    assert list(other.iterdir()) == []


async def test_what_was_not_released_before_a_restart_asks_anew_whether_it_may(
    office: PaperOffice, hot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The printer may be in another country by then: no sheet appears, and none stays behind."""
    delivery = await _left_ready(office, hot, monkeypatch)
    outcome = await attempt(office, hot, delivery, country="US")
    assert isinstance(outcome, Failed)
    assert (outcome.problem, list(hot.iterdir())) == ("outside-europe", [])
    await office.settle(HotFolder(hot, None), delivery, Ready())  # a person has it tried again, back in Europe
    assert [path.read_bytes() for path in hot.iterdir()] == [PDF]


async def test_a_contract_that_is_gone_by_the_restart_is_waited_for(
    office: PaperOffice, hot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = await _left_ready(office, hot, monkeypatch)
    for _ in range(2):  # what was taken back is not taken for printed
        assert await attempt(office, hot, delivery, name="Print house") == Later("no-contract")
        assert list(hot.iterdir()) == []


async def test_a_letter_left_before_its_release_goes_to_the_address_of_now(
    office: PaperOffice, hot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = await _left_ready(office, hot, monkeypatch)
    seen: list[tuple[str, ...]] = []

    async def compose(self: Press, message: bytes, letter: Letter) -> Composed:
        seen.append(letter.lines)
        return Composed(PDF, 2)

    monkeypatch.setattr(Ready, "compose", compose)
    office.moves("Coolsingel 40\n3011 AD  Rotterdam\nNL")
    assert isinstance(await attempt(office, hot, delivery), Done)
    assert "Coolsingel 40" in seen[0]


async def test_erased_before_its_release_nothing_stays_in_the_folder(
    office: PaperOffice, hot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = await _left_ready(office, hot, monkeypatch)
    assert delivery.document_id is not None
    office.change("UPDATE delivery SET needs_key = 0 WHERE id = ?", delivery.id)
    with pytest.raises(NotFound):
        await attempt(office, hot, delivery)
    assert list(hot.iterdir()) == []


async def test_sheets_that_somebody_took_before_their_release_are_for_a_person(
    office: PaperOffice, hot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery, write = office.letter(), folder._write

    def taken(hidden: Path, pdf: bytes) -> str:
        place = write(hidden, pdf)
        hidden.unlink()
        return place

    monkeypatch.setattr(folder, "_write", taken)
    assert await attempt(office, hot, delivery) == Uncertain("folder-lost-it")


async def test_a_folder_that_is_not_there_or_full_is_put_off(office: PaperOffice, tmp_path: Path) -> None:
    delivery = office.letter()
    outcome = await attempt(office, tmp_path / "nowhere", delivery)
    assert outcome == Later("folder-unwritable")
    job = office.job(delivery)
    assert job is not None
    assert job.step is None


async def test_a_link_in_the_place_of_the_sheets_is_not_followed(
    office: PaperOffice, hot: Path, tmp_path: Path
) -> None:
    delivery, victim = office.letter(), tmp_path / "victim"
    victim.write_bytes(b"keep")
    job = office.job(delivery)
    assert job is not None
    hidden, _ = HotFolder(hot, None)._names(job.key)
    hidden.symlink_to(victim)
    assert await attempt(office, hot, delivery) == Later("folder-unwritable")
    assert victim.read_bytes() == b"keep"
