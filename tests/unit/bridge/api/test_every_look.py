"""Every question whose answer names somebody is a look that they can see, or stands below with a reason (S26, D7)."""

from collections.abc import AsyncIterator, Collection
from pathlib import Path

import pytest
import pytest_asyncio
from fastapi.routing import APIRoute

from bridge.api import portraits
from bridge.api.access import Access
from bridge.api.routes import ROUTERS
from storage.deliveries.terms import Channel
from storage.erasures import holds
from storage.records import Role
from tests.control import NOW, Desk, Person
from tests.unit.bridge.api.test_reader_acts import ENDLESS, Office, filled

UNNOTED = {
    "/v1/accounts": "who there is, as one looks for somebody",
    "/v1/audit/events": "the log of a domain; searching it for somebody is a look (test_audit.py)",
    "/v1/accounts/{account}/holds": "the domain's own act, which binds the domain",
    "/v1/holds": "as above",
    "/v1/deliveries": "the domain's traffic; looking for a recipient in it is a look (test_outbox.py)",
    "/v1/outbox": "what the domain has to hand off",
}
"""Lists by which a domain is run, and why they are no looks. A new one needs a reason, or a look."""


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with Desk.open(tmp_path / "data") as desk:
        people = {"admin": desk.person("admin", Role.DOMAIN_ADMIN), "anna": desk.person("anna")}
        yield Office(desk, people | {"erp": desk.person("erp", role=Role.SENDER)})


async def test_whoever_is_named_can_see_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = office.hand_in(Channel.PAPER)
    anna, admin = office.people["anna"], office.people["admin"]
    desk = office.desk
    facts = {"reason": "a claim", "basis": "law", "ends_at": NOW + 9999, "by": admin.account.id, "now": NOW}
    desk.store.write_now(holds.place, anna.account.id, **facts)
    desk.grant(anna.account, Role.AUDITOR, None)
    looked: list[int] = []

    async def note(_: Access, account_ids: Collection[int], what: str) -> None:
        looked.extend(account_ids)

    monkeypatch.setattr(portraits, "note_looks", note)
    found = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    silent = set()
    for route in found:
        if "GET" in route.methods and route.path not in ENDLESS:
            looked.clear()
            place = filled(route, anna.account.public_id, delivery.document_public_id)
            answer = await desk.ask("GET", place.replace("/deliveries/1", f"/deliveries/{delivery.public_id}"), admin)
            if names(answer.text, anna) and anna.account.id not in looked:
                silent.add(route.path)
    assert silent == set(UNNOTED)


def names(answer: str, who: Person) -> bool:
    return any(each in answer for each in (who.account.email, who.account.public_id, f'"{who.account.name}"'))
