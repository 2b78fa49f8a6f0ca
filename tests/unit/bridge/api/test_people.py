"""Accounts and identity through the control API (S45)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from storage.access import devices, enrolment, escrow
from storage.engine import server_facts, statements
from storage.engine.server_facts import Fact
from storage.keys.recovery import RecoveryKit
from storage.people import accounts, aliases, identity_changes
from storage.records import AccountState, Role, Scope
from tests.control import FIRST, NOW, SECOND, Desk, Person

from .asking import asked, notices, refused

DAY = 86_400


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data") as opened:
        yield opened


@pytest_asyncio.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Desk]:
    """Where a request without a session is the operator's."""
    async with Desk.open(tmp_path / "machine", operator=True) as opened:
        yield opened


# --- making ---


async def test_an_admin_makes_an_account_with_a_device_that_works_at_once(desk: Desk) -> None:
    admin = desk.person("admin", Role.DOMAIN_ADMIN)
    body = {
        "email": "Eva@example.test",
        "name": "Eva de Boer",
        "locale": "en",
        "legal_name": "E. de Boer",
        "phone": "020 555",
        "contact_email": "eva@home.test",
        "aliases": ["boer@example.test"],
        "device": "phone",
    }
    made = await asked(desk, "POST", "/v1/accounts", admin, body, 201)
    account = made["account"]
    assert (account["email"], account["state"], account["view"]) == ("eva@example.test", "invited", "full")
    assert (account["legal_name"], account["contact_email_verified"]) == ("E. de Boer", False)
    store = desk.store
    signed_in = store.read_now(
        devices.sign_in,
        store.server_keys,
        store.shred,
        made["device"]["username"],
        made["device"]["password"],
        Scope.IMAP,
        NOW,
    )
    assert signed_in.keys is not None
    assert signed_in.device.origin == "admin"
    eva = Person(signed_in.account, signed_in.keys, "")
    (told,) = await notices(desk, eva)
    assert "phone" in told.get_content()
    assert "enrol" in told.get_content()
    opened, _ = store.read_now(
        enrolment.open_code, store.server_keys, store.shred, "eva@example.test", made["enrolment_code"], NOW
    )
    assert opened.id == signed_in.account.id
    kinds = [
        kind
        for (kind,) in store.read_now(statements.rows, "SELECT kind FROM audit_event WHERE kind NOT LIKE 'document%'")
    ]
    assert {"account.created", "enrolment.added", "device.added"} <= set(kinds)


async def test_a_refused_account_leaves_nothing(desk: Desk) -> None:
    admin = desk.person("admin", Role.DOMAIN_ADMIN)
    before = desk.store.read_now(accounts.listing)
    bodies: list[tuple[dict[str, Any], tuple[int, str]]] = [
        ({"email": "admin@example.test"}, (409, "conflict")),
        ({"email": "x@example.test", "identities": ["admin@example.test"]}, (409, "conflict")),
        ({"email": f"x@{SECOND}"}, (404, "not-found")),
        ({"email": "x@nowhere.test"}, (404, "not-found")),
        ({"email": "x@example.test", "role": "owner"}, (403, "role-not-yours")),
    ]
    for body, expected in bodies:
        assert await refused(desk, "POST", "/v1/accounts", admin, body) == expected
    for body in ({"email": "x"}, {"email": "x@example.test", "phone": "?"}):
        assert (await desk.ask("POST", "/v1/accounts", admin, body)).json()["code"] == "invalid"
    for body in ({}, {"email": "x@example.test", "role": "support"}, {"email": "x@example.test", "odd": 1}):
        assert (await desk.ask("POST", "/v1/accounts", admin, body)).json()["code"] == "invalid-request"
    assert desk.store.read_now(accounts.listing) == before


# --- listing and looking ---


async def test_a_list_page_by_page(desk: Desk) -> None:
    admin = desk.person("admin", Role.DOMAIN_ADMIN)
    for number in range(7):
        desk.person(f"p{number}", domain=(FIRST, SECOND)[number % 2])
    found: list[str] = []
    path = "/v1/accounts?limit=2&sort=name"
    while path:
        page = await asked(desk, "GET", path, admin)
        found += [item["email"] for item in page["items"]]
        path = f"/v1/accounts?limit=2&sort=name&after={page['next']}" if page["next"] else ""
    assert found == ["admin@example.test", "p0@example.test", "p2@example.test", "p4@example.test", "p6@example.test"]
    for query, expected in (
        ("state=suspended", []),
        ("role=recipient&text=P4", ["p4@example.test"]),
        ("sort=-created&limit=1", ["p6@example.test"]),
        ("sort=-email&limit=1", ["p6@example.test"]),
        ("sort=created&limit=1&domain=example.test", ["admin@example.test"]),
        ("text=other.test", []),
    ):
        page = await asked(desk, "GET", f"/v1/accounts?{query}", admin)
        assert [item["email"] for item in page["items"]] == expected, query
    assert await refused(desk, "GET", "/v1/accounts?after=x", admin) == (422, "invalid-cursor")
    for domain in (SECOND, "nowhere.test"):
        assert await refused(desk, "GET", f"/v1/accounts?domain={domain}", admin) == (404, "not-found")
    assert (await desk.ask("GET", "/v1/accounts?limit=501", admin)).status_code == 422


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.RESELLER, Role.OWNER])
async def test_helpers_and_owners_see_people_masked(desk: Desk, role: Role) -> None:
    helper = desk.person("helper", role)
    anna = desk.person("anna-maria")
    page = await asked(desk, "GET", "/v1/accounts?sort=email", helper)
    shown = next(item for item in page["items"] if item["id"] == anna.account.public_id)
    assert (shown["email"], shown["name"], shown["view"]) == ("a…@e…", "A.", "masked")
    assert "anna" not in (await desk.ask("GET", "/v1/accounts?limit=1", helper)).text.lower()
    detail = await asked(desk, "GET", anna.path, helper)
    assert (detail["legal_name"], detail["phone"], detail["contact_email"]) == (None, None, None)
    for text, count in (("anna", 0), ("example.test", 0), ("anna-maria@example.test", 1), ("x@example.test", 0)):
        page = await asked(desk, "GET", f"/v1/accounts?text={text}", helper)
        assert len(page["items"]) == count, text


async def test_a_cursor_of_another_domain_points_nowhere(desk: Desk) -> None:
    admin, owner = desk.person("admin", Role.DOMAIN_ADMIN), desk.person("owner", Role.OWNER)
    desk.person("a", domain=SECOND)
    desk.person("z", domain=SECOND)
    page = await asked(desk, "GET", "/v1/accounts?limit=1", owner)
    assert await refused(desk, "GET", f"/v1/accounts?after={page['next']}", admin) == (404, "not-found")


async def test_who_looked_is_noted_and_looking_at_oneself_is_not(desk: Desk) -> None:
    admin, anna = desk.person("admin", Role.DOMAIN_ADMIN), desk.person("anna")
    for _ in range(2):
        await asked(desk, "GET", anna.path, admin)
    await asked(desk, "GET", anna.path, anna)
    found = desk.store.read_now(
        statements.rows, "SELECT actor, subject FROM audit_event WHERE kind = 'looks.account'"
    )
    assert found == [(f"account:{admin.account.id}", f"account:{anna.account.id}")]


# --- states ---


async def test_suspend_and_resume_are_told_in_the_mailbox(desk: Desk) -> None:
    admin, anna = desk.person("admin", Role.DOMAIN_ADMIN), desk.person("anna")
    path = f"{anna.path}/suspension"
    assert (await asked(desk, "POST", path, admin))["state"] == "suspended"
    assert await refused(desk, "POST", path, admin) == (409, "wrong-state")
    assert (await desk.ask("GET", "/v1/me", anna)).status_code == 401
    assert (await asked(desk, "DELETE", path, admin))["state"] == "registered"
    assert await refused(desk, "DELETE", path, admin) == (409, "wrong-state")
    assert len(await notices(desk, anna)) == 2


async def test_close_and_reopen(desk: Desk) -> None:
    admin, anna = desk.person("admin", Role.DOMAIN_ADMIN), desk.person("anna")
    assert (await asked(desk, "POST", "/v1/accounts/me/closure", anna))["state"] == "closed"
    assert (await desk.ask("GET", "/v1/me", anna)).status_code == 401
    assert await refused(desk, "POST", f"{anna.path}/closure", admin) == (409, "wrong-state")
    assert (await asked(desk, "DELETE", f"{anna.path}/closure", admin))["state"] == "registered"


async def test_the_last_owner_stays(desk: Desk) -> None:
    owner = desk.person("owner", role=Role.OWNER)
    other = desk.person("other", Role.OWNER)
    grant = (await asked(desk, "GET", "/v1/grants", owner))["items"][0]["id"]
    await asked(desk, "POST", "/v1/accounts/me/closure", owner)
    assert await refused(desk, "POST", "/v1/accounts/me/closure", other) == (409, "last-owner")
    assert await refused(desk, "DELETE", f"/v1/grants/{grant}", other) == (409, "last-owner")
    assert desk.store.read_now(accounts.by_id, other.account.id).state is AccountState.REGISTERED


async def test_a_new_invitation_replaces_the_one_before(machine: Desk) -> None:
    made = await asked(machine, "POST", "/v1/accounts", None, {"email": "eva@example.test"}, 201)
    path = f"/v1/accounts/{made['account']['id']}/invitation"
    again = await asked(machine, "POST", path, None, None, 201)
    store = machine.store
    opener = (store.server_keys, store.shred, "eva@example.test")
    with pytest.raises(enrolment.SignInRefused):
        store.read_now(enrolment.open_code, *opener, made["enrolment_code"], NOW)
    assert store.read_now(enrolment.open_code, *opener, again["enrolment_code"], NOW)[0].email == "eva@example.test"
    anna = machine.person("anna")
    assert await refused(machine, "POST", f"{anna.path}/invitation", None) == (409, "wrong-state")


async def test_documents_that_wait_are_not_closed_by_a_new_invitation(machine: Desk) -> None:
    """Without escrow a new code brings a new key: refused while the present one has something to open."""
    body = {"email": "eva@example.test", "device": "phone"}
    made = await asked(machine, "POST", "/v1/accounts", None, body, 201)
    path = f"/v1/accounts/{made['account']['id']}/invitation"
    assert await refused(machine, "POST", path, None) == (409, "escrow-needed")


async def test_an_admin_who_holds_the_escrow_invites_again_and_nothing_is_closed(desk: Desk) -> None:
    admin = desk.person("admin", Role.DOMAIN_ADMIN)
    kit = RecoveryKit.generate()
    desk.store.write_now(server_facts.put, Fact.KIT_PUBLIC_KEY, kit.public_key)
    key = desk.store.write_now(escrow.create_key, desk.domains[FIRST], [], kit.public_key, NOW, "system")
    assert key is not None
    desk.store.write_now(_entrust, key, admin)
    body = {"email": "eva@example.test", "device": "phone"}
    made = await asked(desk, "POST", "/v1/accounts", admin, body, 201)
    again = await asked(desk, "POST", f"/v1/accounts/{made['account']['id']}/invitation", admin, None, 201)
    store = desk.store
    account, keys = store.read_now(
        enrolment.open_code, store.server_keys, store.shred, "eva@example.test", again["enrolment_code"], NOW
    )
    assert len(await notices(desk, Person(account, keys, ""))) == 1


def _entrust(session: Any, key: Any, admin: Person) -> None:
    escrow.entrust(session, key, admin.account, NOW, "system", custodian=False)


# --- identity ---


async def give(desk: Desk, person: Person, address: str) -> None:
    """An alias, from the admin."""
    domain = desk.domains[FIRST]
    await desk.store.write(aliases.add, person.account, domain, address, NOW - 5, actor="operator")


async def test_a_person_changes_who_they_are_is_told_and_takes_it_back(desk: Desk) -> None:
    anna = desk.person("anna")
    await give(desk, anna, "jansen@example.test")
    body = {"name": "Anna Jansen", "email": "jansen@example.test", "phone": "020 555", "contact_email": "a@home.test"}
    changed = await asked(desk, "PATCH", "/v1/me", anna, body)
    assert {each["field"] for each in changed["changes"]} == set(body)
    assert changed["told"] == ["mailbox"]
    assert (changed["account"]["name"], changed["account"]["contact_email_verified"]) == ("Anna Jansen", False)
    told = await notices(desk, anna)
    assert len(told) == 4
    assert {message["To"] for message in told} == {"Anna Jansen <jansen@example.test>"}
    me = await asked(desk, "GET", "/v1/me", anna)
    assert (me["email"], me["name"]) == ("jansen@example.test", "Anna Jansen")
    for each in changed["changes"]:
        assert each["can_be_undone"]
        await asked(desk, "POST", f"/v1/me/changes/{each['id']}/undo", anna)
    me = await asked(desk, "GET", "/v1/me", anna)
    assert (me["email"], me["name"], me["phone"]) == ("anna@example.test", "Anna", None)
    assert len(await notices(desk, anna)) == 8
    shown = await asked(desk, "GET", "/v1/accounts/me/changes", anna)
    assert not any(each["can_be_undone"] for each in shown)


async def test_a_change_that_cannot_be_undone(desk: Desk) -> None:
    anna, bram = desk.person("anna"), desk.person("bram")
    first = (await asked(desk, "PATCH", "/v1/me", anna, {"phone": "1"}))["changes"][0]["id"]
    second = (await asked(desk, "PATCH", "/v1/me", anna, {"phone": "2"}))["changes"][0]["id"]
    assert await refused(desk, "POST", f"/v1/me/changes/{first}/undo", anna) == (409, "undo-later-first")
    assert await refused(desk, "POST", f"/v1/me/changes/{first}/undo", bram) == (404, "not-found")
    desk.clock.turn(DAY)
    late = Person(anna.account, anna.keys, desk.token(anna.account, anna.keys))
    assert await refused(desk, "POST", f"/v1/me/changes/{second}/undo", late) == (409, "undo-too-late")
    assert desk.store.write_now(identity_changes.sweep, int(desk.clock())) == 2


async def test_nobody_takes_an_address_that_was_not_given(desk: Desk) -> None:
    anna, admin = desk.person("anna"), desk.person("admin", Role.DOMAIN_ADMIN)
    desk.person("anna-maria")
    for address in ("director@example.test", "admin@example.test", "postmaster@example.test"):
        assert await refused(desk, "PATCH", "/v1/me", anna, {"email": address}) == (422, "address-not-given")
    assert await refused(desk, "PATCH", "/v1/me", anna, {"email": "anna-maria@example.test"}) == (409, "conflict")
    await asked(desk, "PATCH", "/v1/me", anna, {"email": "anna-jansen@example.test"})
    changed = await asked(desk, "PATCH", anna.path, admin, {"email": "director@example.test"})
    assert changed["account"]["email"] == "director@example.test"


async def test_an_admin_undoes_for_somebody_locked_out(desk: Desk) -> None:
    admin, anna = desk.person("admin", Role.DOMAIN_ADMIN), desk.person("anna")
    made = (await asked(desk, "PATCH", anna.path, admin, {"name": "Wrong", "quota_bytes": 5, "locale": "en"}))[
        "changes"
    ]
    assert [each["changed_by"] for each in made] == ["admin"]
    undone = await asked(desk, "POST", f"{anna.path}/changes/{made[0]['id']}/undo", admin)
    assert (undone["account"]["name"], undone["account"]["quota_bytes"], undone["account"]["locale"]) == (
        "Anna",
        5,
        "en",
    )


async def test_support_sees_that_something_changed_and_not_what(desk: Desk) -> None:
    helper, anna = desk.person("helper", Role.SUPPORT), desk.person("anna")
    await asked(desk, "PATCH", "/v1/me", anna, {"phone": "020 555"})
    (shown,) = await asked(desk, "GET", f"{anna.path}/changes", helper)
    assert (shown["field"], shown["old_value"], shown["new_value"]) == ("phone", None, None)


async def test_own_settings_need_no_step_up(desk: Desk) -> None:
    anna = desk.person("anna")
    desk.clock.turn(10 * 60)
    assert (await refused(desk, "PATCH", "/v1/me", anna, {"name": "X"}))[1] == "step-up-needed"
    changed = await asked(desk, "PATCH", "/v1/me/settings", anna, {"locale": "en", "client_noted": True})
    assert (changed["locale"], changed["client_noted"]) == ("en", True)
