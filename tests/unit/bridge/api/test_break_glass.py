"""Break-glass at the API: two people, a reason, an end; and the recipient knows (S66, D7)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bridge.chores import CHORES
from storage.access import devices
from storage.engine import statements
from storage.errors import SignInRefused
from storage.records import Role, Scope
from tests.control import NOW, SECOND, Person

from .house import House

PATH, DAY = "/v1/break-glass", 86_400


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House.found(tmp_path / "data")
    async with made.desk:
        yield made


class Case:
    """Two admins with the key, an owner, and Anna."""

    def __init__(self, house: House) -> None:
        self.house, self.desk = house, house.desk
        self.one, self.two = house.admin("one"), house.admin("two")
        self.owner = self.desk.person("owner", role=Role.OWNER)
        self.anna = self.desk.person("anna")
        house.deliver(self.anna.account, "invoice")

    async def request(self, who: Person | None = None, **more: object) -> dict[str, Any]:
        body = {"account": self.anna.account.email, "reason": "court order 12/34", "hours": 4, **more}
        answer = await self.desk.ask("POST", PATH, who or self.one, body)
        assert answer.status_code == 201, answer.text
        content: dict[str, Any] = answer.json()
        return content

    async def step(self, asked: dict[str, Any], step: str, who: Person, **headers: str) -> tuple[int, dict[str, Any]]:
        answer = await self.desk.ask("POST", f"{PATH}/{asked['id']}/{step}", who, **headers)
        return answer.status_code, answer.json()

    async def opened(self, **more: object) -> dict[str, Any]:
        asked = await self.request(**more)
        status, _ = await self.step(asked, "approval", self.two)
        assert status == 200
        status, done = await self.step(asked, "opening", self.one)
        assert status == 201
        return done

    def sign_in(self, opened: dict[str, Any]) -> devices.SignIn:
        store = self.desk.store
        opener = (store.server_keys, store.shred, opened["username"], opened["password"])
        return store.read_now(devices.sign_in, *opener, Scope.IMAP_READ, self.desk.control.now())

    async def subjects(self) -> list[str]:
        return await self.house.subjects(self.anna.account, self.anna.keys)


@pytest.fixture
def case(house: House) -> Case:
    return Case(house)


async def test_the_whole_way_and_the_recipient_knows_each_step(case: Case) -> None:
    asked = await case.request()
    assert asked["state"] == "requested"
    assert await case.subjects() == ["invoice"], "nothing has happened yet"
    status, approved = await case.step(asked, "approval", case.two)
    assert (status, approved["state"], approved["told_at"]) == (200, "approved", NOW)
    (_, told) = await case.house.messages(case.anna.account, case.anna.keys)
    text = told.get_content()
    assert told["subject"] == "Twee personen mogen uw postvak openen"
    for word in ("One", "Two", "court order 12/34", "4 uur"):
        assert word in text
    status, opened = await case.step(asked, "opening", case.one)
    assert (status, opened["state"], opened["ends_at"]) == (201, "open", NOW + 4 * 3600)
    assert case.sign_in(opened).keys is not None
    assert len(await case.subjects()) == 3
    looks = (await case.desk.ask("GET", "/v1/accounts/me/looks", case.anna)).json()["items"]
    assert {"break-glass.requested", "break-glass.approved", "break-glass.opened"} <= {look["what"] for look in looks}
    shown = (await case.desk.ask("GET", "/v1/accounts/me/devices", case.anna)).json()["devices"]
    assert [device["origin"] for device in shown] == ["break-glass"]
    case.desk.clock.turn(4 * 3600)
    with pytest.raises(SignInRefused):
        case.sign_in(opened)
    again = case.desk.person("later", Role.DOMAIN_ADMIN)
    token = Person(again.account, again.keys, case.desk.token(again.account, again.keys))
    (item,) = (await case.desk.ask("GET", PATH, token)).json()["items"]
    assert item["state"] == "ended"


@pytest.mark.parametrize(("language", "words"), [("en", "a second person has to"), ("nl", "een tweede persoon moet")])
async def test_nobody_agrees_with_themselves(case: Case, language: str, words: str) -> None:
    status, problem = await case.step(await case.request(), "approval", case.one, **{"Accept-Language": language})
    assert (status, problem["code"]) == (409, "second-person-needed")
    assert words in problem["detail"]


async def test_an_owner_may_be_the_second_person(case: Case) -> None:
    asked = await case.request()
    status, _ = await case.step(asked, "approval", case.owner)
    assert status == 200
    status, problem = await case.step(asked, "opening", case.two)
    assert (status, problem["code"]) == (409, "not-yours-to-open")
    status, _ = await case.step(asked, "opening", case.owner)
    assert status == 403, "an owner opens nothing"


async def test_nothing_opens_before_somebody_agreed(case: Case) -> None:
    asked = await case.request()
    status, problem = await case.step(asked, "opening", case.one)
    assert (status, problem["code"]) == (409, "approval-needed")
    answer = await case.desk.ask("DELETE", f"{PATH}/{asked['id']}", case.two)
    assert (answer.status_code, answer.json()["state"]) == (200, "revoked")
    for step, who in (("approval", case.two), ("opening", case.one)):
        status, problem = await case.step(asked, step, who)
        assert (status, problem["code"]) == (409, "break-glass-over")


@pytest.mark.parametrize("who", ["one", "two", "owner"])
async def test_every_admin_ends_it_at_once(case: Case, who: str) -> None:
    opened = await case.opened()
    answer = await case.desk.ask("DELETE", f"{PATH}/{opened['id']}", getattr(case, who))
    assert (answer.status_code, answer.json()["state"]) == (200, "revoked")
    with pytest.raises(SignInRefused):
        case.sign_in(opened)


async def test_a_bar_keeps_all_of_it_from_the_recipient_until_its_end(case: Case) -> None:
    until = NOW + 30 * DAY
    opened = await case.opened(bar_basis="art. 126nc Sv", bar_until=until)
    assert opened["told_at"] is None
    assert await case.subjects() == ["invoice"]
    looks = (await case.desk.ask("GET", "/v1/accounts/me/looks", case.anna)).json()["items"]
    shown = (await case.desk.ask("GET", "/v1/accounts/me/devices", case.anna)).json()["devices"]
    assert (looks, shown) == ([], [])
    (chore,) = [each for each in CHORES if each.name == "bars"]
    assert await chore.run(case.desk.store, until - 1) == 0
    assert await chore.run(case.desk.store, until) == 1
    assert await chore.run(case.desk.store, until) == 0
    (_, told) = await case.house.messages(case.anna.account, case.anna.keys)
    text = told.get_content()
    for word in ("One", "Two", "court order 12/34", "art. 126nc Sv", "geopend op"):
        assert word in text


async def test_an_admin_whose_own_mailbox_it_is_learns_nothing_under_a_bar(case: Case) -> None:
    mine = case.two.account.email
    asked = await case.request(account=mine, bar_basis="law", bar_until=NOW + DAY)
    assert (await case.desk.ask("GET", PATH, case.two)).json()["items"] == []
    nowhere = await case.step({"id": 99}, "approval", case.two)
    assert await case.step(asked, "approval", case.two) == nowhere
    (shown,) = (await case.desk.ask("GET", PATH, case.one)).json()["items"]
    assert shown["id"] == asked["id"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": ""},
        {"hours": 0},
        {"hours": 73},
        {"bar_basis": "law"},
        {"bar_until": NOW + DAY},
        {"bar_basis": "law", "bar_until": NOW + 400 * DAY},
        {"reason": "two\nlines"},
        {"extra": 1},
    ],
    ids=str,
)
async def test_what_is_not_asked_properly_is_refused(case: Case, wrong: dict[str, object]) -> None:
    body = {"account": case.anna.account.email, "reason": "reason", "hours": 4, **wrong}
    answer = await case.desk.ask("POST", PATH, case.one, body)
    assert answer.status_code == 422, answer.text


async def test_who_may_do_more_is_not_opened_by_an_admin_and_who_is_elsewhere_does_not_exist(case: Case) -> None:
    body = {"account": case.owner.account.email, "reason": "reason", "hours": 4}
    answer = await case.desk.ask("POST", PATH, case.one, body)
    assert (answer.status_code, answer.json()["code"]) == (403, "outranked")
    stranger = case.desk.person("stranger", domain=SECOND)
    answer = await case.desk.ask("POST", PATH, case.one, {**body, "account": stranger.account.email})
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize(("language", "words"), [("en", "Nobody keeps a spare key"), ("nl", "Niemand bewaart")])
async def test_without_escrow_nothing_can_be_opened(case: Case, language: str, words: str) -> None:
    case.desk.store.write_now(statements.run, "DELETE FROM escrow_slot WHERE account_id = ?", (case.anna.account.id,))
    body = {"account": case.anna.account.email, "reason": "reason", "hours": 4}
    answer = await case.desk.ask("POST", PATH, case.one, body, **{"Accept-Language": language})
    assert (answer.status_code, answer.json()["code"]) == (409, "no-escrow")
    assert answer.json()["detail"].startswith(words)


async def test_an_auditor_sees_that_it_was_and_not_of_whom(case: Case) -> None:
    await case.opened()
    auditor = case.desk.person("auditor", Role.AUDITOR)
    (shown,) = (await case.desk.ask("GET", PATH, auditor)).json()["items"]
    assert (shown["state"], shown["email"], shown["reason"]) == ("open", None, None)
    assert shown["account"] != case.anna.account.public_id
    owner = (await case.desk.ask("GET", PATH, case.owner)).json()["items"][0]
    assert owner["email"] == "a…@e…"
    assert owner["reason"] == "court order 12/34", "who agrees must know the reason"


async def test_the_list_comes_in_pages(case: Case) -> None:
    ids = [(await case.request())["id"] for _ in range(3)]
    first = (await case.desk.ask("GET", f"{PATH}?limit=2", case.one)).json()
    second = (await case.desk.ask("GET", f"{PATH}?limit=2&after={first['next']}", case.one)).json()
    assert [item["id"] for item in first["items"] + second["items"]] == ids[::-1]
    assert second["next"] is None
