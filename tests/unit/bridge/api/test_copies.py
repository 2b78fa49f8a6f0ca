"""What a recipient sees of own documents; numbers counted of own acts, which can be switched off (S13, S14)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from bridge.chores import CHORES
from storage.deliveries import deliveries
from storage.deliveries.terms import DAY, Channel
from storage.engine import statements
from storage.oversight import usage
from storage.oversight.usage import Category
from storage.people import accounts
from storage.people.accounts import AccountDraft
from storage.records import Role
from tests.control import FIRST, NOW, Clock, Desk, Person
from tests.ladders import House


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data") as made:
        yield made


def house(desk: Desk, anna: Person) -> House:
    store, domain = desk.store, desk.domains[FIRST]
    draft = AccountDraft("erp@example.test", "ERP", Role.SENDER)
    erp, _ = store.write_now(accounts.create, store.shred, draft, domain, NOW)
    made = House(store, Clock(NOW), domain, erp, anna.account, anna.keys, None)  # type: ignore[arg-type]
    made.make_reachable()
    return made


async def test_one_sees_what_the_server_can_still_open_and_what_comes_next(desk: Desk) -> None:
    anna, bram = desk.person("anna"), desk.person("bram")
    at_home = house(desk, anna)
    at_home.hand_in("plain")
    at_home.choose(retention_days=30)
    at_home.hand_in("kept a month")
    at_home.choose_ladder("3:remind 14:paper")
    waiting = at_home.hand_in("climbing")
    listed = (await desk.ask("GET", "/v1/me/copies", anna)).json()["items"]
    assert [(each["next_step"], each["next_step_at"], each["server_can_open"]) for each in listed] == [
        ("remind", NOW + 3 * DAY, True),
        (None, None, False),
        (None, None, False),
    ]
    assert [each["erase_at"] for each in listed] == [None, NOW + 30 * DAY, None]
    assert listed[0]["sender"] == "ERP"
    only = (await desk.ask("GET", "/v1/me/copies?open_to_server=true", anna)).json()["items"]
    assert [each["document"] for each in only] == [waiting.document_public_id]
    assert (await desk.ask("GET", "/v1/me/copies", bram)).json()["items"] == []
    assert waiting.document_id is not None
    desk.store.write_now(deliveries.downloaded, anna.account.id, [waiting.document_id], NOW + 5)
    desk.store.write_now(deliveries.opened, anna.account.id, [waiting.document_id], NOW + 9)
    first = (await desk.ask("GET", "/v1/me/copies", anna)).json()["items"][0]
    assert (first["first_downloaded_at"], first["first_opened_at"]) == (NOW + 5, NOW + 9)
    assert (first["state"], first["server_can_open"], first["next_step"]) == ("opened", False, None)


async def test_pages_go_on_below(desk: Desk) -> None:
    anna = desk.person("anna")
    at_home = house(desk, anna)
    made = [at_home.hand_in(f"number {number}").document_public_id for number in range(5)]
    seen, path = [], "/v1/me/copies?limit=2"
    while path:
        page = (await desk.ask("GET", path, anna)).json()
        seen += [each["document"] for each in page["items"]]
        path = f"/v1/me/copies?limit=2&after={page['next']}" if page["next"] else ""
    assert seen == made[::-1]


async def test_a_document_of_two_readers_is_open_to_the_server_for_the_other(desk: Desk) -> None:
    """One seal serves all readers: whoever needs it no more still sees that it is there, and why."""
    anna = desk.person("anna")
    at_home = house(desk, anna)
    at_home.choose(channel=Channel.PAPER)
    sent = at_home.hand_in()
    sql = "UPDATE delivery SET needs_key = 0 WHERE id = ?"
    desk.store.write_now(statements.run, sql, (sent.id,))
    (listed,) = (await desk.ask("GET", "/v1/me/copies", anna)).json()["items"]
    assert (listed["server_can_open"], listed["server_can_open_for_others"]) == (True, True)


async def test_usage_is_counted_by_class_and_day_and_can_be_switched_off(desk: Desk) -> None:
    anna, bram = desk.person("anna"), desk.person("bram")
    (chore,) = [each for each in CHORES if each.name == "usage"]
    for person, category, times in (
        (anna, Category.OPEN, 3),
        (anna, Category.SIGN_IN, 1),
        (bram, Category.OPEN, 7),
    ):
        desk.store.usage.note(person.account.id, category, times)
    await chore.run(desk.store, NOW)
    desk.store.usage.note(anna.account.id, Category.OPEN)
    await chore.run(desk.store, NOW + 60)
    day = NOW - NOW % DAY
    found = (await desk.ask("GET", "/v1/me/usage", anna)).json()
    assert found["days"] == [
        {"day": day, "category": "open", "times": 4},
        {"day": day, "category": "sign-in", "times": 1},
    ]
    off = (await desk.ask("PUT", "/v1/me/usage/open", anna, {"counted": False})).json()
    assert (off["off"], [each["category"] for each in off["days"]]) == (["open"], ["sign-in"])
    desk.store.usage.note(anna.account.id, Category.OPEN)
    await chore.run(desk.store, NOW + 120)
    assert len((await desk.ask("GET", "/v1/me/usage", anna)).json()["days"]) == 1
    on = (await desk.ask("PUT", "/v1/me/usage/open", anna, {"counted": True})).json()
    assert on["off"] == []
    assert (await desk.ask("PUT", "/v1/me/usage/steps", anna, {"counted": False})).status_code == 422
    assert desk.store.write_now(usage.purge, NOW + DAY) == 2


async def test_what_could_not_be_kept_is_counted_again(desk: Desk) -> None:
    anna = desk.person("anna")
    desk.store.usage.note(anna.account.id, Category.LIST, 2)
    taken = desk.store.usage.take()
    assert desk.store.usage.take() == {}
    desk.store.usage.note(anna.account.id, Category.LIST)
    desk.store.usage.give_back(taken)
    assert desk.store.usage.take() == {(anna.account.id, Category.LIST): 3}
