"""kill -9 before and after each write of a ladder's whole life: every rung is carried once, none is left out (D3)."""

import asyncio
import os
import shutil
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bridge.channels import handoff
from bridge.channels.outbox import Done, Later, Outcome, Task
from storage.database import Store
from storage.deliveries.terms import DAY, Channel, DeliveryState, JobKind
from storage.engine import statements
from storage.people import accounts
from tests import stores
from tests.control import Clock
from tests.ladders import House
from tests.reading import NOW

PLAN = "3:remind 7:remind 14:paper"
WRITES = 9
"""What a ladder of this plan writes in all: its rungs, notes of carriers, ends of jobs."""

AWAY = "3:email 5:remind"
"""The relay is away until the sixth day."""
AWAY_WRITES = range(1, 11) if os.environ.get("SOAK_LADDER_KILLS") else (5, 6, 7, 9, 10)
"""Of this plan: around its reminder, and the e-mail behind it."""

MOMENTS = (False, True) if os.environ.get("SOAK_LADDER_KILLS") else (False,)
"""Before each write, and with the other one right after it too: what differs is what a carrier did in between."""


class Tray:
    """A printer's tray: what lies in it was printed, whoever was killed after."""

    def __init__(self, file: Path, kind: JobKind) -> None:
        self.file, self.kind = file, kind

    async def carry(self, task: Task) -> Outcome:
        if self.kind is not JobKind.NOTICE:
            await task.message()
        if task.job.step is None:
            await task.note("under way")
        if self.kind is JobKind.EMAIL and task.now < NOW + 6 * DAY:
            return Later("4.4.1")
        if task.job.key not in self.file.read_text().split():
            with self.file.open("a") as tray:
                tray.write(f"{task.job.key}\n")
        if self.kind is JobKind.NOTICE:
            return Done()
        assert task.job.delivery_id is not None
        return Done(partial(handoff.done, delivery_id=task.job.delivery_id, channel=Channel(self.kind)))


def house_in(data: Path) -> House:
    store = stores.opened(data)
    anna = store.read_now(accounts.by_email, "anna@example.test")
    ((last,),) = store.read_now(statements.rows, "SELECT coalesce(max(at), 0) FROM delivery_event")
    clock = Clock(max(last, NOW))
    kinds = (JobKind.NOTICE, JobKind.EMAIL, JobKind.PAPER)
    carriers: dict[JobKind, Any] = {kind: Tray(data / "tray", kind) for kind in kinds}
    return House(store, clock, None, None, anna, None, None, carriers)  # type: ignore[arg-type]


def killed_at(data: Path, number: int, after: bool) -> None:
    """In a process of its own: live through twenty days, and die at a write."""
    child = os.fork()
    if child == 0:
        try:
            house = house_in(data)
            _arm(house.store, number, after)
            asyncio.run(house.live(20 * DAY, step=DAY))
        finally:
            os._exit(7)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "there are fewer writes than the test believes"
    assert os.WTERMSIG(status) == signal.SIGKILL


def _arm(store: Store, number: int, after: bool) -> None:
    write, made = store.write, 0

    async def counted(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        nonlocal made
        made += 1
        is_it = made == number  # others begin while it is written
        if is_it and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = await write(function, *args, **kwargs)
        if is_it:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    store.write = counted  # type: ignore[method-assign]


def made(data: Path, plan: str) -> Path:
    house = House.create(data)
    house.choose_ladder(plan)
    house.hand_in()
    (data / "tray").touch()
    house.store.close()
    return data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("ladder") / "data", PLAN)


@pytest.fixture(scope="module")
def away(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("away") / "data", AWAY)


@pytest.mark.parametrize("after", MOMENTS)
@pytest.mark.parametrize("number", range(1, WRITES + 1))
def test_killed_at_any_write_each_rung_is_carried_once(
    folder: Path, tmp_path: Path, number: int, after: bool
) -> None:
    killed_and_lived_on(folder, tmp_path, number, after, ["1:remind", "2:remind", "3:paper"])


@pytest.mark.parametrize("after", MOMENTS)
@pytest.mark.parametrize("number", AWAY_WRITES)
def test_killed_at_any_write_an_email_that_waits_goes_once_behind_the_reminder(
    away: Path, tmp_path: Path, number: int, after: bool
) -> None:
    killed_and_lived_on(away, tmp_path, number, after, ["1:email", "2:remind"])


def killed_and_lived_on(folder: Path, tmp_path: Path, number: int, after: bool, expected: list[str]) -> None:
    data = shutil.copytree(folder, tmp_path / "data")
    killed_at(data, number, after)
    house = house_in(data)
    try:
        asyncio.run(house.live(20 * DAY, step=DAY))
        keys = (data / "tray").read_text().split()
        assert sorted(key.rpartition(":ladder:")[2] for key in keys) == expected
        ((state,),) = house.store.read_now(statements.rows, "SELECT state FROM delivery")
        assert state == DeliveryState.HANDED_OFF
        assert (house.count("job"), house.count("outbox_key")) == (0, 0)
    finally:
        house.store.close()
