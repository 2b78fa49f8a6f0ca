"""Who holds a domain's spare key: with the role of an admin it comes, and with the role it goes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from storage.records import Role
from tests.control import FIRST, SECOND, Person

from .house import House

PATH = f"/v1/domains/{FIRST}/escrow-holders"


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House.found(tmp_path / "data")
    async with made.desk:
        yield made


async def holders(house: House, who: Person) -> list[tuple[str, bool]]:
    answer = await house.desk.ask("GET", PATH, who)
    assert answer.status_code == 200, answer.text
    return [(each["account"], each["custodian"]) for each in answer.json()["holders"]]


async def test_the_first_admin_gets_the_key_from_the_owner_with_the_role(house: House) -> None:
    desk = house.desk
    owner, admin = desk.person("owner", role=Role.OWNER), desk.person("admin")
    house.entrust(owner, custodian=True)
    assert await holders(house, owner) == [(owner.account.public_id, True)]
    body = {"account": admin.account.email, "role": "domain-admin", "domain": FIRST}
    answer = await desk.ask("POST", "/v1/grants", owner, body)
    assert answer.status_code == 201, answer.text
    assert await holders(house, admin) == [(admin.account.public_id, False)]
    anna = desk.person("anna")
    assert (await desk.ask("POST", f"{anna.path}/reset", admin, {})).status_code == 201


async def test_who_was_given_the_role_by_somebody_without_the_key_gets_it_later(house: House) -> None:
    desk, first = house.desk, house.admin("first")
    owner, second = desk.person("owner", role=Role.OWNER), desk.person("second")
    body = {"account": second.account.email, "role": "domain-admin", "domain": FIRST}
    assert (await desk.ask("POST", "/v1/grants", owner, body)).status_code == 201
    assert await holders(house, owner) == [(first.account.public_id, False)]
    wanted = {"account": second.account.public_id}
    answer = await desk.ask("POST", PATH, owner, wanted)
    assert (answer.status_code, answer.json()["code"]) == (409, "no-escrow-key")
    answer = await desk.ask("POST", PATH, first, wanted)
    assert answer.status_code == 201, answer.text
    assert len(answer.json()["fingerprint"]) == 64
    assert {account for account, _ in await holders(house, owner)} == {
        first.account.public_id,
        second.account.public_id,
    }


@pytest.mark.parametrize(
    ("language", "road", "words"),
    [
        ("en", "cli", "is no admin of example.test. Give the role first: postex role grant"),
        ("en", "tui", "Give the role first: Roles (n)"),
        ("nl", "tui", "is geen beheerder van example.test. Geef eerst de rol: Rollen (n)"),
    ],
)
async def test_it_is_given_to_no_one_else(house: House, language: str, road: str, words: str) -> None:
    admin, anna = house.admin("admin"), house.desk.person("anna")
    wanted, headers = {"account": anna.account.email}, {"Accept-Language": language, "Postex-Road": road}
    answer = await house.desk.ask("POST", PATH, admin, wanted, **headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "not-an-admin")
    assert words in answer.json()["detail"]


async def test_with_the_role_goes_the_key_and_what_was_open(house: House) -> None:
    desk, one, two = house.desk, house.admin("one"), house.admin("two")
    owner, anna = desk.person("owner", role=Role.OWNER), desk.person("anna")
    body = {"account": anna.account.email, "reason": "reason", "hours": 4}
    asked = (await desk.ask("POST", "/v1/break-glass", one, body)).json()
    await desk.ask("POST", f"/v1/break-glass/{asked['id']}/approval", two)
    assert (await desk.ask("POST", f"/v1/break-glass/{asked['id']}/opening", one)).status_code == 201
    found = (await desk.ask("GET", f"/v1/grants?account={one.account.email}", owner)).json()["items"]
    answer = await desk.ask("DELETE", f"/v1/grants/{found[0]['id']}", owner)
    assert (answer.status_code, answer.json()["escrow_holders_left"]) == (200, 1)
    assert await holders(house, owner) == [(two.account.public_id, False)]
    (shown,) = (await desk.ask("GET", "/v1/break-glass", two)).json()["items"]
    assert shown["state"] == "revoked"


async def test_a_domain_without_a_key_says_so(house: House) -> None:
    owner = house.desk.person("owner", role=Role.OWNER)
    answer = await house.desk.ask("GET", f"/v1/domains/{SECOND}/escrow-holders", owner)
    assert answer.json() == {"mode": "managed", "fingerprint": None, "holders": []}


async def test_a_new_key_for_all_who_hold_it(house: House) -> None:
    desk, one, two = house.desk, house.admin("one"), house.admin("two")
    keyless, anna = house.admin("keyless", holder=False), desk.person("anna")
    before = (await desk.ask("GET", PATH, one)).json()
    path = f"/v1/domains/{FIRST}/escrow-key"
    answer = await desk.ask("POST", path, keyless, {})
    assert (answer.status_code, answer.json()["code"]) == (409, "no-escrow-key")
    done = (await desk.ask("POST", path, one, {})).json()
    assert (done["moved"], done["left"]) == (4, 0)
    assert done["fingerprint"] != before["fingerprint"]
    assert [each["account"] for each in done["holders"]] == [each["account"] for each in before["holders"]]
    assert (await desk.ask("POST", f"{anna.path}/reset", two, {})).status_code == 201
