"""The hot folder: each letter appears once, whole, whatever dies in between."""

# ruff: noqa: ASYNC240 - looking into a folder of a few files
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.channels.outbox import Done, Later, Outcome, Task, Uncertain
from bridge.channels.paper import folder
from bridge.channels.paper.folder import READY, HotFolder
from bridge.channels.paper.letter import Composed, Letter
from bridge.channels.paper.press import Press
from storage.deliveries.deliveries import Delivery
from storage.deliveries.terms import DeliveryState
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


async def attempt(office: PaperOffice, hot: Path, delivery: Delivery) -> Outcome:
    job = office.job(delivery)
    assert job is not None
    task = Task(job, office.store, OutboxKey.of(office.store.server_keys.outbox), int(office.clock()))
    return await office.carrier(HotFolder(hot, None), Ready()).carry(task)


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
