"""Attempts of one person to be two, and to keep a role beyond its end."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from storage.people import grants
from storage.records import Role
from tests.control import FIRST, NOW, Person

from .house import House


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House.found(tmp_path / "data")
    async with made.desk:
        yield made


async def give(house: House, giver: Person, to: Person, **more: object) -> Any:
    body = {"account": to.account.email, "role": "domain-admin", "domain": FIRST, **more}
    return await house.desk.ask("POST", "/v1/grants", giver, body)


async def approvals(house: House, asker: Person, approver: Person) -> list[tuple[int, str | None]]:
    """Of a break-glass access and of a purge: status and code."""
    desk, email = house.desk, "anna@example.test"
    access = {"account": email, "reason": "audit", "hours": 4, "bar_basis": "a law", "bar_until": NOW + 999}
    purge = {"domain": FIRST, "reason": "clean", "accounts": [email]}
    found = []
    for path, body in (("/v1/break-glass", access), ("/v1/purges", purge)):
        made = await desk.ask("POST", path, asker, body)
        assert made.status_code == 201, made.text
        answer = await desk.ask("POST", f"{path}/{made.json()['id']}/approval", approver)
        found.append((answer.status_code, answer.json().get("code")))
    return found


REFUSED = [(409, "second-person-needed")] * 2
AGREED = [(200, None)] * 2


async def test_nobody_agrees_by_an_account_that_they_gave_the_role(house: House) -> None:
    desk, admin = house.desk, house.admin("admin")
    desk.person("anna")
    puppet, string = desk.person("puppet"), desk.person("string")
    assert (await give(house, admin, puppet)).status_code == 201
    assert await approvals(house, admin, puppet) == REFUSED
    assert (await give(house, puppet, string)).status_code == 201
    assert await approvals(house, admin, string) == REFUSED
    dutch = await desk.ask("POST", "/v1/break-glass/1/approval", puppet, None, **{"Accept-Language": "nl"})
    assert dutch.json()["detail"].startswith("U hebt uw rol van wie")


async def test_who_has_a_role_from_elsewhere_too_is_a_second_person(house: House) -> None:
    desk, one = house.desk, house.admin("one")
    desk.person("anna")
    owner, two = desk.person("owner", role=Role.OWNER), desk.person("two")
    assert (await give(house, one, owner)).status_code == 201, "what an owner gives counts for more than that"
    assert (await give(house, owner, two)).status_code == 201
    assert await approvals(house, one, two) == AGREED
    assert await approvals(house, two, one) == [(200, None), (200, None)]


async def test_whom_the_asker_made_an_owner_is_no_second_person_and_who_made_the_asker_is(house: House) -> None:
    desk, both = house.desk, house.desk.person("both", Role.OWNER, Role.DOMAIN_ADMIN)
    desk.person("anna")
    third = desk.person("third")
    body = {"account": third.account.email, "role": "owner"}
    assert (await desk.ask("POST", "/v1/grants", both, body)).status_code == 201
    assert await approvals(house, both, third) == REFUSED
    house.entrust(third)
    assert (await give(house, both, third)).status_code == 201
    assert await approvals(house, both, third) == REFUSED
    assert await approvals(house, third, both) == AGREED


async def test_nobody_gives_a_role_to_themselves(house: House) -> None:
    """An owner would see the personal data of a domain, a custodian get its spare key, and nobody would know."""
    desk, owner = house.desk, house.desk.person("owner", role=Role.OWNER)
    house.entrust(owner, custodian=True)
    answer = await give(house, owner, owner)
    assert (answer.status_code, answer.json()["code"]) == (409, "own-role")
    body = {"account": "me", "role": "auditor"}
    assert (await desk.ask("POST", "/v1/grants", owner, body)).status_code in (404, 409)


async def test_what_was_asked_before_somebody_rose_is_not_carried_out_after_it(house: House) -> None:
    desk, one, two = house.desk, house.admin("one"), house.admin("two")
    anna, owner = desk.person("anna"), desk.person("owner", role=Role.OWNER)
    access = {"account": anna.account.email, "reason": "audit", "hours": 4}
    purge = {"domain": FIRST, "reason": "clean", "accounts": [anna.account.email]}
    assert (await desk.ask("POST", "/v1/break-glass", one, access)).status_code == 201
    assert (await desk.ask("POST", "/v1/break-glass/1/approval", two)).status_code == 200
    assert (await desk.ask("POST", "/v1/purges", one, purge)).status_code == 201
    desk.grant(anna.account, Role.OWNER, None)
    for path, who in (("/v1/break-glass/1/opening", one), ("/v1/purges/1/approval", two)):
        answer = await desk.ask("POST", path, who)
        assert (answer.status_code, answer.json()["code"]) == (403, "outranked"), answer.text
    assert (await desk.ask("POST", "/v1/purges/1/approval", owner)).status_code == 200


async def test_nobody_reviews_their_own_role(house: House) -> None:
    desk, one, two = house.desk, house.admin("one"), house.admin("two")
    shown = (await desk.ask("GET", f"/v1/grants?account={one.account.email}", one)).json()["items"]
    path = f"/v1/grants/{shown[0]['id']}/review"
    for language in ("nl", "en"):
        answer = await desk.ask("POST", path, one, None, **{"Accept-Language": language})
        assert (answer.status_code, answer.json()["code"]) == (409, "own-role")
    assert (await desk.ask("POST", path, two)).status_code == 200


@pytest.mark.parametrize(("ends_at", "status"), [(None, 403), (NOW + 3601, 403), (NOW + 3600, 201)])
async def test_a_role_for_a_time_is_not_given_on_for_longer(house: House, ends_at: int | None, status: int) -> None:
    desk, one, anna = house.desk, house.desk.person("one"), house.desk.person("anna")
    to = (one.account, Role.DOMAIN_ADMIN, desk.domains[FIRST].id, NOW)
    desk.store.write_now(grants.grant, *to, actor="system", granted_by=None, ends_at=NOW + 3600)
    answer = await give(house, one, anna, ends_at=ends_at)
    assert answer.status_code == status, answer.text
    if status == 403:
        assert (answer.json()["code"], answer.json()["latest"]) == ("role-ends-before", NOW + 3600)
        desk.grant(one.account, Role.OWNER, None)
        assert (await give(house, one, anna, ends_at=ends_at)).status_code == 201
