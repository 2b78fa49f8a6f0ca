"""Who is signed in, of all accounts in reach: paged, filtered, masked, confined, and noted once an hour."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from storage.engine import statements
from storage.oversight import looks
from storage.records import Origin, Role
from tests.control import NOW, SECOND, Desk, Person
from tests.unit.bridge.api.asking import asked
from tests.unit.bridge.api.test_devices import come_in, make


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def admin(desk: Desk) -> Person:
    return desk.person("dora", Role.DOMAIN_ADMIN)


async def shown(desk: Desk, who: Person, query: str = "") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await asked(desk, "GET", f"/v1/sessions{query}", who))["items"]
    return items


async def test_an_admin_sees_the_domain_newest_first_and_can_end_each(desk: Desk, admin: Person) -> None:
    anna, bram = desk.person("anna"), desk.person("bram", domain=SECOND)
    desk.clock.turn(10)
    guest, connection = come_in(desk, make(desk, anna).device)
    come_in(desk, make(desk, bram).device)
    items = await shown(desk, admin)
    assert {(each["email"], each["door"]) for each in items} == {
        ("anna@example.test", "imaps"),
        ("anna@example.test", "control"),
        ("dora@example.test", "control"),
    }
    first = items[0]
    assert (first["id"], first["label"], first["network"], first["tls_version"]) == (
        f"mail-{connection.number}",
        "phone",
        "192.0.2.0/24",
        "TLSv1.3",
    )
    assert [each["email"] for each in items if each["current"]] == ["dora@example.test"]
    await asked(desk, "DELETE", f"/v1/accounts/{first['account']}/sessions/{first['id']}", admin)
    assert guest.told
    assert {each["door"] for each in await shown(desk, admin, "?door=control")} == {"control"}
    assert [each["door"] for each in await shown(desk, admin, "?text=ANN&door=imap")] == ["imaps"]
    assert await shown(desk, admin, "?text=bram") == []
    assert [each["email"] for each in await shown(desk, anna)] == ["anna@example.test"] * 2, "one's own alone"


async def test_pages_hold_while_sessions_come_and_go(desk: Desk, admin: Person) -> None:
    device = make(desk, desk.person("anna")).device
    for _ in range(7):
        desk.clock.turn(1)
        come_in(desk, device)
    page = await asked(desk, "GET", "/v1/sessions?limit=3", admin)
    seen = [each["id"] for each in page["items"]]
    come_in(desk, device)
    while page["next"]:
        page = await asked(desk, "GET", f"/v1/sessions?limit=3&after={page['next']}", admin)
        seen += [each["id"] for each in page["items"]]
    assert (len(seen), len(set(seen))) == (9, 9)


async def test_helpers_see_people_masked_and_no_break_glass(desk: Desk) -> None:
    helper, anna = desk.person("hans", Role.SUPPORT), desk.person("anna")
    come_in(desk, make(desk, anna).device)
    come_in(desk, make(desk, anna, "opened", origin=Origin.BREAK_GLASS).device)
    found = await shown(desk, helper, "?door=imap")
    assert [(each["email"], each["name"], each["label"], each["network"]) for each in found] == [
        ("a…@e…", "A.", None, None)
    ]
    assert await shown(desk, helper, "?text=anna") == []
    assert len(await shown(desk, helper, "?text=anna@example.test&door=imap")) == 1


async def test_a_look_is_noted_once_an_hour_and_what_is_over_is_not_there(desk: Desk, admin: Person) -> None:
    anna = desk.person("anna")
    come_in(desk, make(desk, anna).device)
    for _ in range(3):
        await shown(desk, admin)
    found, _ = desk.store.read_now(looks.listing, anna.account.id, NOW)
    assert [look.what for look in found] == ["sessions"]
    desk.store.write_now(
        statements.run, "UPDATE api_session SET used_at = 0 WHERE account_id = ?", (anna.account.id,)
    )
    assert [each["email"] for each in await shown(desk, admin, "?door=control")] == ["dora@example.test"]
