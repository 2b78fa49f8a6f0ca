"""Attempts to get more than a role gives: across domains, without a step-up, from pseudonym to person."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bridge.api.policy import STEP_UP_SECONDS
from storage.oversight import pseudonyms
from storage.records import Role
from tests.control import NOW, SECOND, Desk

from .asking import refused


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data") as opened:
        yield opened


@pytest.mark.parametrize("address", ["ceo@other.test", "Xena@OTHER.test", "ceo@other.test."])
async def test_nobody_writes_as_an_address_of_another_domain_of_the_bridge(desk: Desk, address: str) -> None:
    """Neither in its name, nor to keep the address from its admin, nor to learn whether it is taken."""
    admin, anna = desk.person("admin", Role.DOMAIN_ADMIN), desk.person("anna")
    desk.person("xena", domain=SECOND)
    given = {"address": address}
    assert await refused(desk, "POST", f"{anna.path}/identities", admin, given) == (403, "domain-not-yours")
    made = {"email": "eva@example.test", "identities": [address]}
    assert await refused(desk, "POST", "/v1/accounts", admin, made) == (403, "domain-not-yours")
    elsewhere = await desk.ask("POST", f"{anna.path}/identities", admin, {"address": "post@elsewhere.test"})
    assert elsewhere.status_code == 201
    desk.grant(admin.account, Role.DOMAIN_ADMIN, SECOND)
    both = await desk.ask("POST", f"{anna.path}/identities", admin, {"address": "free@other.test"})
    assert both.status_code == 201


@pytest.mark.parametrize("more", [{"role": "owner"}, {"device": "phone"}])
async def test_an_account_that_brings_rights_needs_a_step_up(desk: Desk, more: dict[str, str]) -> None:
    """An owner is made like a role is given, and a first device like any other."""
    owner = desk.person("owner", role=Role.OWNER)
    desk.clock.turn(STEP_UP_SECONDS + 1)
    body = {"email": "eva@example.test", **more}
    assert await refused(desk, "POST", "/v1/accounts", owner, body) == (403, "step-up-needed")
    assert (await desk.ask("POST", "/v1/accounts", owner, {"email": "eva@example.test"})).status_code == 201


async def test_a_new_invitation_needs_a_step_up(desk: Desk) -> None:
    """It opens the escrow, as a reset does."""
    admin = desk.person("admin", Role.DOMAIN_ADMIN)
    made = (await desk.ask("POST", "/v1/accounts", admin, {"email": "eva@example.test"})).json()["account"]["id"]
    desk.clock.turn(STEP_UP_SECONDS + 1)
    path = f"/v1/accounts/{made}/invitation"
    assert await refused(desk, "POST", path, admin) == (403, "step-up-needed")


async def test_an_auditor_learns_of_nobody_which_pseudonym_is_theirs(desk: Desk) -> None:
    """Nor which addresses there are: people are named by pseudonym alone."""
    admin, auditor = desk.person("admin", Role.DOMAIN_ADMIN), desk.person("auditor", Role.AUDITOR)
    hold = {"reason": "court", "basis": "AWR 52", "ends_at": NOW + 999}
    assert (await desk.ask("POST", f"{admin.path}/holds", admin, hold)).status_code == 201
    pseudonym = next(
        each["account"]
        for each in (await desk.ask("GET", "/v1/grants", auditor)).json()["items"]
        if each["role"] == "domain-admin"
    )
    nowhere = await desk.ask("GET", "/v1/accounts/nobody@example.test/holds", auditor)
    for path in ("/v1/accounts/{}/holds", "/v1/grants?account={}"):
        for reference in (admin.account.email, admin.account.public_id, "a-" + 16 * "a"):
            answer = await desk.ask("GET", path.format(reference), auditor)
            assert (answer.status_code, answer.content) == (404, nowhere.content)
        shown = (await desk.ask("GET", path.format(pseudonym), auditor)).json()
        (item,) = shown if isinstance(shown, list) else shown["items"]
        assert item["account"] == pseudonym


async def test_who_is_an_auditor_too_finds_nobody_of_the_own_domain_by_pseudonym(desk: Desk) -> None:
    both, anna = desk.person("both", Role.AUDITOR, Role.DOMAIN_ADMIN), desk.person("anna")
    name = pseudonyms.pseudonym(desk.store.server_keys, "account", anna.account.id)
    assert (await desk.ask("GET", f"/v1/accounts/{name}/holds", both)).status_code == 404
    assert (await desk.ask("GET", f"{anna.path}/holds", both)).status_code == 200


async def test_a_ticket_may_name_people_and_is_not_for_auditors(desk: Desk) -> None:
    auditor = desk.person("auditor", Role.AUDITOR)
    desk.person("helper", Role.SUPPORT)
    assert "T-1" not in (await desk.ask("GET", "/v1/grants", auditor)).text


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.RESELLER, Role.OWNER])
@pytest.mark.parametrize("sort", ["email", "name"])
async def test_the_order_of_a_list_tells_no_masked_name(desk: Desk, role: Role, sort: str) -> None:
    """Who renames an account of their own and looks where it stands then would read the names around it."""
    helper = desk.person("helper", role)
    for name in ("mmm", "zzz", "aaa", "kkk"):
        desk.person(name)
    shown = (await desk.ask("GET", f"/v1/accounts?sort={sort}", helper)).json()["items"]
    newest = (await desk.ask("GET", "/v1/accounts?sort=-created", helper)).json()["items"]
    assert [each["id"] for each in shown] == [each["id"] for each in newest]
    page = (await desk.ask("GET", f"/v1/accounts?limit=2&sort={sort}", helper)).json()
    rest = (await desk.ask("GET", f"/v1/accounts?sort={sort}&after={page['next']}", helper)).json()
    assert page["items"] + rest["items"] == newest


async def test_numbers_beyond_all_measure_are_refused(desk: Desk) -> None:
    owner, anna = desk.person("owner", role=Role.OWNER), desk.person("anna")
    for number in (-(10**30), -1, 0, 2**63, 10**30):
        for method, body in (("DELETE", None), ("PATCH", {"label": "x"})):
            answer = await desk.ask(method, f"/v1/accounts/me/devices/{number}", anna, body)
            assert answer.status_code == 404, answer.text
    for ends_at in (253_402_300_800, 2**52, 2**70):
        given = {"account": anna.account.email, "role": "auditor", "ends_at": ends_at}
        assert (await desk.ask("POST", "/v1/grants", owner, given)).status_code == 422


@pytest.mark.parametrize("local", ["ceo@other.test", "<b>", "a,b", '"', "a..b", ".a", "a;b", "(x)", "a\\b", "a:b"])
async def test_no_address_is_given_out_that_reads_as_another(desk: Desk, local: str) -> None:
    admin, anna = desk.person("admin", Role.DOMAIN_ADMIN), desk.person("anna")
    for path, name in (("/v1/accounts", "email"), (f"{anna.path}/aliases", "address")):
        answer = await desk.ask("POST", path, admin, {name: f"{local}@example.test"})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text
    given = await desk.ask("POST", f"{anna.path}/aliases", admin, {"address": "zoë.o'brien_1@example.test"})
    assert given.status_code == 201
