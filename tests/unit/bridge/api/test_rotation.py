"""New keys at the API: everything of before ends, everything stays readable."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from storage.access import devices
from storage.errors import SignInRefused
from storage.records import Scope
from tests.control import NOW

from .house import House

CHOSEN = "drie fietsen in de regen"


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House.found(tmp_path / "data")
    async with made.desk:
        yield made


async def test_all_ends_and_nothing_is_lost(house: House) -> None:
    desk, store, anna = house.desk, house.desk.store, house.desk.person("anna")
    house.deliver(anna.account, "before")
    lock = (store.server_keys, store.shred, anna.account, anna.keys)
    phone = store.write_now(devices.add, *lock, "phone", frozenset({Scope.IMAP}), NOW)
    answer = await desk.ask("POST", "/v1/me/rotation", anna, {"password": CHOSEN})
    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert (done["documents"], done["refused"], len(done["recovery_codes"])) == (1, 0, 10)
    assert (await desk.ask("GET", "/v1/session", anna)).status_code == 401
    opener = (store.server_keys, store.shred, phone.username, phone.password)
    with pytest.raises(SignInRefused):
        store.read_now(devices.sign_in, *opener, Scope.IMAP, NOW)
    keys = house.keys_by_password(anna.account, CHOSEN)
    assert await house.subjects(anna.account, keys) == ["before", "Uw account heeft nieuwe sleutels"]


@pytest.mark.parametrize("password", ["short", "wachtwoord123"])
async def test_a_weak_password_changes_nothing(house: House, password: str) -> None:
    anna = house.desk.person("anna")
    answer = await house.desk.ask("POST", "/v1/me/rotation", anna, {"password": password})
    assert answer.status_code == 422
    assert answer.json()["code"].startswith("password")
    assert (await house.desk.ask("GET", "/v1/session", anna)).status_code == 200


async def test_it_needs_a_step_up(house: House) -> None:
    anna = house.desk.person("anna")
    house.desk.clock.turn(5 * 60 + 1)
    answer = await house.desk.ask("POST", "/v1/me/rotation", anna, {"password": CHOSEN})
    assert (answer.status_code, answer.json()["code"]) == (403, "step-up-needed")
