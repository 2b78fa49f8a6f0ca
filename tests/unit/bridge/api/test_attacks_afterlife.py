"""Attempts to go on after a right has ended: suspended, closed or erased, or the role's time over."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from storage.access import devices
from storage.errors import SignInRefused
from storage.people import grants
from storage.records import Role, Scope
from tests.control import FIRST, NOW, Person

from .house import House


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House.found(tmp_path / "data")
    async with made.desk:
        yield made


async def opened(house: House, asker: Person, approver: Person, hours: int = 72) -> dict[str, Any]:
    """Anna's mailbox, by break-glass."""
    desk, path = house.desk, "/v1/break-glass"
    body = {"account": "anna@example.test", "reason": "court order 12/34", "hours": hours}
    number = (await desk.ask("POST", path, asker, body)).json()["id"]
    assert (await desk.ask("POST", f"{path}/{number}/approval", approver)).status_code == 200
    answer = await desk.ask("POST", f"{path}/{number}/opening", asker)
    assert answer.status_code == 201, answer.text
    content: dict[str, Any] = answer.json()
    return content


def sign_in(house: House, access: dict[str, Any]) -> devices.SignIn:
    store = house.desk.store
    opener = (store.server_keys, store.shred, access["username"], access["password"])
    return store.read_now(devices.sign_in, *opener, Scope.IMAP_READ, house.desk.control.now())


@pytest.mark.parametrize("end", ["suspension", "closure", "erasure"])
async def test_who_may_not_sign_in_reads_no_mailbox_of_others(house: House, end: str) -> None:
    one, two, desk = house.admin("one"), house.admin("two"), house.desk
    desk.person("owner", role=Role.OWNER)
    desk.person("anna")
    access = await opened(house, one, two)
    assert sign_in(house, access).keys is not None
    answer = await desk.ask("POST", f"{one.path}/{end}", two, {} if end == "erasure" else None)
    assert answer.status_code in (200, 201), answer.text
    with pytest.raises(SignInRefused):
        sign_in(house, access)


async def test_an_access_ends_with_the_role(house: House) -> None:
    desk, two, one = house.desk, house.admin("two"), house.desk.person("one")
    desk.person("anna")
    to = (one.account, Role.DOMAIN_ADMIN, desk.domains[FIRST].id, NOW)
    desk.store.write_now(grants.grant, *to, actor="system", granted_by=None, ends_at=NOW + 3600)
    house.entrust(one)
    access = await opened(house, one, two)
    assert access["ends_at"] == NOW + 3600
    desk.clock.turn(3600)
    with pytest.raises(SignInRefused):
        sign_in(house, access)


async def test_sessions_do_not_come_back_with_the_account(house: House) -> None:
    desk, admin, anna = house.desk, house.admin("one"), house.desk.person("anna")
    assert (await desk.ask("POST", f"{anna.path}/suspension", admin)).status_code == 200
    assert (await desk.ask("DELETE", f"{anna.path}/suspension", admin)).status_code == 200
    assert (await desk.ask("GET", "/v1/me", anna)).status_code == 401
