"""Aliases, identities of senders, domains and roles through the control API."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from storage.engine import statements
from storage.records import Role
from tests.control import FIRST, NOW, SECOND, Desk, Person

from .asking import asked, notices, refused

DAY = 86_400


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data") as opened:
        yield opened


# --- aliases and identities ---


async def test_people_make_aliases_of_their_own_address(desk: Desk) -> None:
    anna = desk.person("anna")
    body = {"address": "anna-shop@example.test", "only_from": "@shop.test", "label": "shop"}
    made = await asked(desk, "POST", "/v1/accounts/me/aliases", anna, body, 201)
    assert (made["address"], made["only_from"]) == ("anna-shop@example.test", "@shop.test")
    assert await refused(desk, "POST", "/v1/accounts/me/aliases", anna, body) == (409, "conflict")
    for address in ("director@example.test", "annabel@example.test", "postmaster@example.test"):
        assert await refused(desk, "POST", "/v1/accounts/me/aliases", anna, {"address": address}) == (
            422,
            "alias-form",
        )
    left = await asked(desk, "DELETE", "/v1/accounts/me/aliases/anna-shop@example.test", anna)
    assert left == {"aliases": []}
    assert (await desk.ask("DELETE", "/v1/accounts/me/aliases/anna-shop@example.test", anna)).status_code == 404


async def test_an_admin_makes_any_alias_of_the_domain(desk: Desk) -> None:
    admin, anna = desk.person("admin", Role.DOMAIN_ADMIN), desk.person("anna")
    await asked(desk, "POST", f"{anna.path}/aliases", admin, {"address": "director@example.test"}, 201)
    shown = await asked(desk, "GET", f"{anna.path}/aliases", admin)
    assert [each["address"] for each in shown["aliases"]] == ["director@example.test"]


async def test_the_former_address_cannot_be_removed_for_a_day(desk: Desk) -> None:
    anna = desk.person("anna")
    await asked(desk, "PATCH", "/v1/me", anna, {"email": "anna-jansen@example.test"})
    path = "/v1/accounts/me/aliases/anna@example.test"
    assert await refused(desk, "DELETE", path, anna) == (409, "alias-kept")


async def test_identities_of_a_sender(desk: Desk) -> None:
    admin, erp, anna = (
        desk.person("admin", Role.DOMAIN_ADMIN),
        desk.person("erp", role=Role.SENDER),
        desk.person("anna"),
    )
    path = f"{erp.path}/identities"
    added = await asked(desk, "POST", path, admin, {"address": "Post@Energie.test"}, 201)
    assert added == {"identities": ["post@energie.test"]}
    assert await refused(desk, "POST", path, admin, {"address": anna.account.email}) == (409, "conflict")
    assert await asked(desk, "DELETE", f"{path}/post@energie.test", admin) == {"identities": []}
    assert await refused(desk, "DELETE", f"{path}/post@energie.test", admin) == (404, "not-found")


# --- domains ---


async def test_an_owner_makes_a_domain_and_keeps_its_escrow_until_it_has_an_admin(desk: Desk) -> None:
    owner = desk.person("owner", role=Role.OWNER)
    made = await asked(desk, "POST", "/v1/domains", owner, {"name": "Zorg.Example", "country": "be"}, 201)
    assert made == {"name": "zorg.example", "mode": "managed", "country": "BE"}
    assert await refused(desk, "POST", "/v1/domains", owner, {"name": "zorg.example", "country": "BE"}) == (
        409,
        "conflict",
    )
    private = {"name": "own.example", "mode": "private", "country": "NL"}
    await asked(desk, "POST", "/v1/domains", owner, private, 201)
    page = await asked(desk, "GET", "/v1/domains?limit=3", owner)
    assert [each["name"] for each in page["items"]] == ["example.test", "other.test", "own.example"]
    rest = await asked(desk, "GET", f"/v1/domains?after={page['next']}", owner)
    assert [each["name"] for each in rest["items"]] == ["zorg.example"]
    sql = "SELECT name, account_id, custodian FROM escrow_holder JOIN domain ON domain.id = domain_id"
    holders = desk.store.read_now(statements.rows, sql)
    assert holders == [("zorg.example", owner.account.id, 1)]


async def test_an_admin_sees_the_own_domain_alone(desk: Desk) -> None:
    admin = desk.person("admin", Role.DOMAIN_ADMIN)
    page = await asked(desk, "GET", "/v1/domains", admin)
    assert [each["name"] for each in page["items"]] == [FIRST]
    assert await refused(desk, "GET", f"/v1/domains/{SECOND}", admin) == (404, "not-found")
    assert (await asked(desk, "GET", f"/v1/domains/{FIRST}", admin))["mode"] == "managed"


# --- roles ---


async def test_roles_are_given_reviewed_and_taken_away(desk: Desk) -> None:
    owner, anna = desk.person("owner", role=Role.OWNER), desk.person("anna")
    body = {"account": anna.account.email, "role": "domain-admin", "domain": FIRST}
    given = await asked(desk, "POST", "/v1/grants", owner, body, 201)
    assert (given["email"], given["lapses_at"], given["ends_at"]) == ("a…@e…", NOW + 90 * DAY, None)
    assert await refused(desk, "POST", "/v1/grants", owner, body) == (409, "conflict")
    assert len(await notices(desk, anna)) == 1
    assert len((await asked(desk, "GET", "/v1/accounts", anna))["items"]) == 2
    assert [each["role"] for each in (await asked(desk, "GET", "/v1/me", anna))["grants"]] == ["domain-admin"]
    of_anna = await asked(desk, "GET", f"/v1/grants?account={anna.account.email}", owner)
    assert [each["id"] for each in of_anna["items"]] == [given["id"]]
    assert (await asked(desk, "GET", "/v1/grants/review", owner))["items"] == []
    await asked(desk, "POST", f"/v1/grants/{given['id']}/review", owner)
    revoked = await asked(desk, "DELETE", f"/v1/grants/{given['id']}", owner)
    assert revoked["escrow_holders_left"] == 0
    assert await refused(desk, "DELETE", f"/v1/grants/{given['id']}", owner) == (404, "not-found")
    assert (await desk.ask("GET", "/v1/accounts", anna)).json()["code"] == "forbidden"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"role": "support", "domain": FIRST, "ticket": "T-1"}, "time-box-needed"),
        ({"role": "support", "domain": FIRST, "ends_at": NOW + DAY}, "time-box-needed"),
        ({"role": "reseller", "domain": FIRST, "ticket": "T", "ends_at": NOW + 30 * DAY + 1}, "time-box-needed"),
        ({"role": "support", "ticket": "T-1", "ends_at": NOW + DAY}, "role-domain"),
        ({"role": "auditor", "domain": FIRST}, "role-domain"),
        ({"role": "domain-admin", "domain": FIRST, "ends_at": NOW}, "end-past"),
        ({"role": "sender", "domain": FIRST}, "role-not-granted"),
    ],
)
async def test_roles_outside_their_limits(desk: Desk, body: dict[str, Any], code: str) -> None:
    owner, anna = desk.person("owner", role=Role.OWNER), desk.person("anna")
    assert await refused(desk, "POST", "/v1/grants", owner, {"account": anna.account.email, **body}) == (422, code)


async def test_an_admin_gives_roles_in_the_own_domain_alone(desk: Desk) -> None:
    admin, anna = desk.person("admin", Role.DOMAIN_ADMIN), desk.person("anna")
    stranger = desk.person("stranger", domain=SECOND)
    there = {"role": "domain-admin", "domain": SECOND, "account": anna.account.email}
    assert await refused(desk, "POST", "/v1/grants", admin, there) == (404, "not-found")
    whole = {"role": "owner", "account": anna.account.email}
    assert await refused(desk, "POST", "/v1/grants", admin, whole) == (403, "role-not-yours")
    theirs = {"role": "domain-admin", "domain": FIRST, "account": stranger.account.email}
    assert await refused(desk, "POST", "/v1/grants", admin, theirs) == (404, "not-found")
    desk.grant(stranger.account, Role.DOMAIN_ADMIN, SECOND)
    desk.grant(anna.account, Role.AUDITOR, None)
    shown = (await asked(desk, "GET", "/v1/grants", admin))["items"]
    assert [each["email"] for each in shown] == ["admin@example.test"]
    for grant in (2, 3):
        assert await refused(desk, "DELETE", f"/v1/grants/{grant}", admin) == (404, "not-found")


async def test_an_auditor_reads_who_has_which_role_by_pseudonym(desk: Desk) -> None:
    auditor, admin = desk.person("auditor", Role.AUDITOR), desk.person("admin", Role.DOMAIN_ADMIN)
    shown = (await asked(desk, "GET", "/v1/grants", auditor))["items"]
    assert [each["role"] for each in shown] == ["auditor", "domain-admin"]
    assert {each["email"] for each in shown} == {each["name"] for each in shown} == {None}
    assert admin.account.public_id not in str(shown)


async def test_an_unused_role_falls_away_between_two_requests(desk: Desk) -> None:
    admin = desk.person("admin", Role.DOMAIN_ADMIN)
    desk.clock.turn(90 * DAY)
    late = Person(admin.account, admin.keys, desk.token(admin.account, admin.keys))
    assert await refused(desk, "GET", "/v1/accounts", late) == (403, "forbidden")


async def test_what_vouches_for_a_sender(desk: Desk) -> None:
    admin = desk.person("admin", Role.DOMAIN_ADMIN)
    erp = desk.person("erp", role=Role.SENDER)
    path = f"{erp.path}/trust"
    wanted = {"networks": ["10.0.0.0/24"], "dkim_domains": ["energie.test"]}
    assert await asked(desk, "PUT", path, admin, wanted) == wanted
    assert await asked(desk, "GET", path, erp) == wanted
    refused = await desk.ask("PUT", path, admin, {"networks": ["everywhere"]})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    assert (await desk.ask("PUT", path, erp, wanted)).status_code == 403
    assert await asked(desk, "PUT", path, admin, {}) == {"networks": [], "dkim_domains": []}
