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
from bridge.channels.outbox import Done, Outcome, Task
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

MOMENTS = (False, True) if os.environ.get("SOAK_LADDER_KILLS") else (False,)
"""Before each write, and with the other one right after it too: what differs is what a carrier did in between."""


class Tray:
    """A printer's tray: what lies in it was printed, whoever was killed after."""

    def __init__(self, file: Path, kind: JobKind) -> None:
        self.file, self.kind = file, kind

    async def carry(self, task: Task) -> Outcome:
        if task.job.step is None:
            await task.note("under way")
        if task.job.key not in self.file.read_text().split():
            with self.file.open("a") as tray:
                tray.write(f"{task.job.key}\n")
        if self.kind is JobKind.NOTICE:
            return Done()
        assert task.job.delivery_id is not None
        return Done(partial(_settle, delivery_id=task.job.delivery_id))


def _settle(session: Any, now: int, *, delivery_id: int) -> None:
    handoff.done(session, now, delivery_id=delivery_id, channel=Channel.PAPER)


def house_in(data: Path) -> House:
    store = stores.opened(data)
    anna = store.read_now(accounts.by_email, "anna@example.test")
    ((last,),) = store.read_now(statements.rows, "SELECT coalesce(max(at), 0) FROM delivery_event")
    clock = Clock(max(last, NOW))
    kinds = (JobKind.NOTICE, JobKind.PAPER)
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
        if made == number and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = await write(function, *args, **kwargs)
        if made == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    store.write = counted  # type: ignore[method-assign]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("ladder") / "data"
    house = House.create(data)
    house.choose_ladder(PLAN)
    house.hand_in()
    (data / "tray").touch()
    house.store.close()
    return data


@pytest.mark.parametrize("after", MOMENTS)
@pytest.mark.parametrize("number", range(1, WRITES + 1))
def test_killed_at_any_write_each_rung_is_carried_once(
    folder: Path, tmp_path: Path, number: int, after: bool
) -> None:
    data = shutil.copytree(folder, tmp_path / "data")
    killed_at(data, number, after)
    house = house_in(data)
    try:
        asyncio.run(house.live(20 * DAY, step=DAY))
        keys = (data / "tray").read_text().split()
        assert [key.rpartition(":ladder:")[2] for key in keys] == ["1:remind", "2:remind", "3:paper"]
        ((state,),) = house.store.read_now(statements.rows, "SELECT state FROM delivery")
        assert state == DeliveryState.HANDED_OFF
        assert (house.count("job"), house.count("outbox_key")) == (0, 0)
    finally:
        house.store.close()
