"""Attempts with the id of a thing that somebody of another domain has: of every kind that a path names."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest_asyncio
from fastapi.routing import APIRoute

from storage.access import escrow
from storage.engine import statements
from storage.people import grants, tickets
from storage.records import Role
from tests.control import NOW, SECOND, Desk, Person
from tests.departures import job_of, leave
from tests.unit.bridge.api.house import House
from tests.unit.bridge.api.test_matrix import GUARDED

GENERAL = frozenset({"account", "domain"})
NO_THINGS = frozenset({"name", "category", "field", "processor"})
"""Words: of a batch (test_attacks_states), of what is counted, of a column, of who carries."""
NAMED = [each for each in GUARDED if set(each[1].param_convertors) - GENERAL - NO_THINGS]
BODIES = {"answer": {"text": "x"}, "settlement": {"done": True}, "return": {"cause": "moved"}}


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House.found(tmp_path / "data")
    async with made.desk:
        yield made


async def things(house: House) -> dict[str, str]:
    """One of each kind, of the second domain: its id by the name that paths have for it."""
    desk = house.desk
    key = desk.store.write_now(escrow.create_key, desk.domains[SECOND], (), house.kit.public_key, NOW, "operator")
    admin, xena = desk.person("xadmin", Role.DOMAIN_ADMIN, domain=SECOND), desk.person("xena", domain=SECOND)
    desk.store.write_now(escrow.entrust, key, admin.account, NOW, "operator", custodian=False)
    helper, gone = desk.person("xhelp", Role.SUPPORT, domain=SECOND), desk.person("xgone", domain=SECOND)
    asked = {
        "hold": (f"{xena.path}/holds", {"reason": "r", "basis": "b", "ends_at": NOW + 9999}),
        "purge": ("/v1/purges", {"domain": SECOND, "reason": "r", "accounts": [helper.account.email]}),
        "request": ("/v1/break-glass", {"account": xena.account.email, "reason": "r", "hours": 4}),
        "erasure": (f"{gone.path}/erasure", {"now": False}),
        "address": (f"{xena.path}/aliases", {"address": f"alias@{SECOND}"}),
    }
    made = {}
    for name, (path, body) in asked.items():
        answer = await desk.ask("POST", path, admin, body)
        assert answer.is_success, answer.text
        made[name] = str(answer.json()["address" if name == "address" else "id"])
    return made | await _found(desk, xena, helper)


async def _found(desk: Desk, xena: Person, helper: Person) -> dict[str, str]:
    """What is not made by its admin."""
    delivery, number = leave(desk.store, xena.account, NOW), tickets.new_number(NOW)
    desk.store.write_now(tickets.open_one, number, xena.account.id, xena.account.domain_id, "support", NOW)
    device = await desk.ask("POST", "/v1/accounts/me/devices", xena, {"label": "phone", "scopes": ["imap"]})
    changed = await desk.ask("PATCH", "/v1/me", xena, {"name": "Xena the Second"})
    session = await desk.ask("GET", "/v1/accounts/me/sessions", xena)
    agreed = {"sender": desk.person("xerp", domain=SECOND, role=Role.SENDER).account.email, "receipts": True}
    consent = await desk.ask("PATCH", "/v1/accounts/me/preferences", xena, agreed)
    assert changed.is_success, changed.text
    return {
        "delivery": delivery.public_id,
        "document": delivery.document_public_id,
        "job": str(job_of(desk.store, delivery)),
        "number": number,
        "device": str(device.json()["device"]["id"]),
        "session": session.json()["sessions"][0]["id"],
        "consent": str(consent.json()["changes"][0]["sender"]["id"]),
        "change": _newest(desk, "id FROM identity_change"),
        "position": _newest(desk, "position FROM audit_event"),
        "grant": str(desk.store.read_now(grants.effective, helper.account, NOW)[0].id),
    }


def _newest(desk: Desk, what: str) -> str:
    ((number,),) = desk.store.read_now(statements.rows, f"SELECT {what} ORDER BY 1 DESC LIMIT 1")
    return str(number)


def filled(route: APIRoute, ids: Mapping[str, str], account: str) -> str:
    known = {"account": account, "domain": SECOND, **ids}
    if "consents" in route.path:
        known["number"] = ids["consent"]
    return "/".join(known[part[1:-1]] if part.startswith("{") else part for part in route.path.split("/"))


async def test_it_answers_as_one_that_is_nowhere(house: House) -> None:
    """Whoever asks, and by whatever account the path names it."""
    desk, there = house.desk, await things(house)
    nowhere = {name: "99999" if its.isdigit() else "nothing" for name, its in there.items()}
    nowhere["address"] = f"nothing@{SECOND}"
    late = desk.person("late")
    desk.grant(late.account, Role.DOMAIN_ADMIN, SECOND)
    desk.store.write_now(
        statements.run, "UPDATE role_grant SET ends_at = ? WHERE account_id = ?", (NOW, late.account.id)
    )
    asking = [house.admin("admin"), desk.person("help", Role.SUPPORT), desk.person("erp", role=Role.SENDER), late]
    for method, route, _ in NAMED:
        for who in asking:
            for account in ("me", f"xena@{SECOND}") if "{account}" in route.path else ("",):
                seen = [
                    await desk.ask(
                        method, filled(route, ids, account), who, BODIES.get(route.path.split("/")[-1], {})
                    )
                    for ids in (there, nowhere)
                ]
                found, missing = ((each.status_code, each.content) for each in seen)
                assert found == missing, f"{method} {route.path} as {who.account.email}: {found} {missing}"
                assert found[0] in (403, 404), f"{method} {route.path} as {who.account.email}: {found}"
