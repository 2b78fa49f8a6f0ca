"""The audit log over the API: each role sees its part, and nothing of anybody else's name."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from storage.database import Store
from storage.engine import statements
from storage.keys.envelope import seal_document
from storage.mail import documents
from storage.mail.documents import DeliveryDraft
from storage.oversight import audit
from storage.people import accounts
from storage.records import Role
from tests.control import FIRST, NOW, SECOND, Desk, Person

NAMES = ("Anna", "Bram", "Ziggy", "anna@", "bram@", "ziggy@", "planted")
"""In the accounts' names and addresses, and in details where no name belongs."""


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def anna(desk: Desk) -> Person:
    return desk.person("anna")


@pytest.fixture
def bram(desk: Desk) -> Person:
    return desk.person("bram")


@pytest.fixture
def ziggy(desk: Desk) -> Person:
    """Of another domain."""
    return desk.person("ziggy", domain=SECOND)


@pytest.fixture
def world(desk: Desk, anna: Person, bram: Person, ziggy: Person) -> Desk:
    """Events of all sorts, with planted words in their details."""
    a, b, z = (f"account:{person.account.id}" for person in (anna, bram, ziggy))
    ids = [person.account.id for person in (anna, bram, ziggy)]
    for number, (actor, subject) in enumerate(
        [
            (a, a),
            (a, b),
            (b, a),
            (z, z),
            (z, a),
            (a, z),
            ("operator", "system"),
            (a, "domain:1"),
            ("system", "domain:2"),
        ]
    ):
        detail = {
            "n": number,
            "accounts": ids,
            "by": ids[1],
            "role": "support",
            "reason": "planted",
            "names": ["planted"],
        }
        desk.store.write_now(audit.append, "test.done", actor, subject, detail, NOW + number)
    deliver(desk.store, anna)
    return desk


def deliver(store: Store, person: Person) -> str:
    reader = store.read_now(accounts.recipient, person.account.email)
    assert reader is not None
    sealed = seal_document(b"From: a\r\n\r\nx", b"card", [reader])
    draft = DeliveryDraft(sealed, (reader,), mailbox_ids=(reader.inbox_id,), internal_date=NOW, stored_size=9)
    store.write_now(documents.deliver, draft, NOW)
    return sealed.public_id


async def listed(desk: Desk, who: Person | None, **query: object) -> list[dict[str, Any]]:
    """All pages."""
    items, after = [], None
    while True:
        params = httpx.QueryParams({**query, **({"after": after} if after else {})})
        answer = await desk.ask("GET", f"/v1/audit/events?{params}", who)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        if page["next"] is None:
            return items
        after = page["next"]


def positions(desk: Desk, condition: str) -> list[int]:
    found = desk.store.read_now(statements.rows, f"SELECT position FROM audit_event WHERE {condition}")
    return sorted((position for (position,) in found), reverse=True)


def of(items: list[dict[str, Any]]) -> list[int]:
    return [item["position"] for item in items]


# --- who sees which events ---


async def test_an_auditor_sees_every_event_in_order(world: Desk) -> None:
    auditor = world.person("carla", Role.AUDITOR)
    assert of(await listed(world, auditor)) == positions(world, "1 = 1")
    assert of(await listed(world, auditor, limit=3)) == positions(world, "1 = 1")


async def test_an_owner_sees_what_is_about_no_account_and_no_document(world: Desk) -> None:
    owner = world.person("olga", role=Role.OWNER)
    expected = positions(world, "subject NOT LIKE 'account:%' AND subject NOT LIKE 'document:%'")
    assert expected
    assert of(await listed(world, owner)) == expected


@pytest.mark.parametrize("role", [Role.DOMAIN_ADMIN, Role.SUPPORT, Role.RESELLER])
async def test_those_of_a_domain_see_what_was_done_to_it_and_its_accounts(
    world: Desk, role: Role, anna: Person, bram: Person, ziggy: Person
) -> None:
    helper = world.person("dora", role)
    mine = [f"account:{person.account.id}" for person in (anna, bram, helper)]
    subjects = ", ".join(f"'{subject}'" for subject in (*mine, "domain:1"))
    items = await listed(world, helper)
    assert of(items) == positions(world, f"subject IN ({subjects})")
    assert of(await listed(world, helper, limit=2)) == of(items)
    abroad = world.person("dirk", domain=SECOND)
    world.grant(abroad.account, role, SECOND)
    assert not set(of(await listed(world, abroad))) & set(of(items))


async def test_a_helper_of_two_domains_sees_both_in_one_order(world: Desk) -> None:
    helper = world.person("rene", Role.RESELLER)
    world.grant(helper.account, Role.RESELLER, SECOND)
    expected = positions(world, "position IN (SELECT position FROM audit_domain)")
    for limit in (1, 4, 500):
        assert of(await listed(world, helper, limit=limit)) == expected
    inside = await listed(world, helper, domain=SECOND)
    assert of(inside) == positions(world, "position IN (SELECT position FROM audit_domain WHERE domain_id = 2)")


async def test_everyone_else_sees_what_is_by_or_about_themselves(world: Desk, anna: Person) -> None:
    me = f"account:{anna.account.id}"
    assert of(await listed(world, anna)) == positions(
        world, f"kind NOT LIKE 'document.%' AND (actor = '{me}' OR subject = '{me}')"
    )


async def test_the_operator_sees_all_with_addresses(tmp_path: Path) -> None:
    async with Desk.open(tmp_path / "alone", operator=True) as desk:
        anna = desk.person("anna")
        items = await listed(desk, None)
        assert of(items) == positions(desk, "1 = 1")
        named = {item["subject"]["name"] for item in items if item["subject"]["noun"] == "account"}
        assert named == {anna.account.email}


# --- what is shown of them ---


async def test_no_view_but_ones_own_and_the_domains_leaks_a_name(world: Desk) -> None:
    for person in (
        world.person("o1", role=Role.OWNER),
        world.person("o2", Role.AUDITOR),
        world.person("o3", Role.SUPPORT),
        world.person("o4", Role.RESELLER),
    ):
        text = json.dumps(await listed(world, person))
        assert [name for name in NAMES if name in text] == []


async def test_an_auditor_sees_stable_pseudonyms_and_can_search_by_them(world: Desk, anna: Person) -> None:
    auditor = world.person("carla", Role.AUDITOR)
    items = await listed(world, auditor)
    by_position = dict(
        world.store.read_now(
            statements.rows, "SELECT position, subject FROM audit_event WHERE subject LIKE 'account:%'"
        )
    )
    seen = {
        (by_position[item["position"]], item["subject"]["id"]) for item in items if item["position"] in by_position
    }
    assert len(seen) == len({real for real, _ in seen}) == len({name for _, name in seen})
    pseudonym = dict(seen)[f"account:{anna.account.id}"]
    text = json.dumps(items)
    for number in range(1, 10):
        assert f"account:{number}" not in text
    assert anna.account.public_id not in text
    found = await listed(world, auditor, account=pseudonym)
    me = f"account:{anna.account.id}"
    assert of(found) == positions(world, f"kind NOT LIKE 'document.%' AND (actor = '{me}' OR subject = '{me}')")
    assert {item["detail"]["accounts"][0] for item in found if item["kind"] == "test.done"} == {pseudonym}
    assert {tuple(item["detail"]) for item in found if item["kind"] == "test.done"} == {
        ("accounts", "by", "n", "role")
    }


async def test_a_document_has_a_pseudonym_too(world: Desk, anna: Person) -> None:
    public_id = deliver(world.store, anna)
    items = await listed(world, world.person("carla", Role.AUDITOR), kind="document")
    assert items[0]["subject"]["id"].startswith("d-")
    assert public_id not in json.dumps(items)


async def test_helpers_see_kinds_and_times_alone(world: Desk) -> None:
    for item in await listed(world, world.person("dora", Role.SUPPORT)):
        assert item["detail"] is None
        for party in (item["actor"], item["subject"]):
            assert (party["id"], party["name"], party["role"]) == (None, None, None)


async def test_an_admin_sees_the_addresses_of_the_domain_and_only_the_role_of_others(
    world: Desk, anna: Person, ziggy: Person
) -> None:
    admin = world.person("dora", Role.DOMAIN_ADMIN)
    items = await listed(world, admin)
    (theirs,) = [each for each in items if each["kind"] == "test.done" and each["detail"]["n"] == 4]
    assert theirs["subject"]["name"] == anna.account.email
    assert theirs["actor"] == {"noun": "account", "id": None, "name": None, "role": "recipient"}
    text = json.dumps(items)
    assert [name for name in ("Ziggy", "ziggy@", "planted", ziggy.account.public_id) if name in text] == []


async def test_one_sees_the_role_of_others_and_the_name_within_the_domain(world: Desk, anna: Person) -> None:
    world.grant(world.person("x").account, Role.DOMAIN_ADMIN, FIRST)
    by_n = {each["detail"]["n"]: each for each in await listed(world, anna, kind="test.done")}
    assert (by_n[2]["actor"]["name"], by_n[2]["actor"]["role"]) == ("Bram", "recipient")
    assert (by_n[4]["actor"]["name"], by_n[4]["actor"]["role"]) == (None, "recipient")
    assert by_n[0]["actor"]["name"] == "Anna"


# --- filters ---


async def test_filters(world: Desk, anna: Person) -> None:
    auditor = world.person("carla", Role.AUDITOR)
    assert of(await listed(world, auditor, kind="test")) == positions(world, "kind = 'test.done'")
    assert of(await listed(world, auditor, kind="test.done")) == positions(world, "kind = 'test.done'")
    assert await listed(world, auditor, kind="tes") == []
    inside = "position IN (SELECT position FROM audit_domain WHERE domain_id = 2)"
    assert of(await listed(world, auditor, domain=SECOND)) == positions(world, inside)
    found = await listed(world, auditor, since=NOW + 2, until=NOW + 5)
    assert of(found) == positions(world, f"at >= {NOW + 2} AND at < {NOW + 5}")
    admin = world.person("dora", Role.DOMAIN_ADMIN)
    me = f"account:{anna.account.id}"
    assert of(await listed(world, admin, account=anna.account.email, kind="test")) == positions(
        world,
        f"kind = 'test.done' AND (actor = '{me}' OR subject = '{me}')"
        " AND position IN (SELECT position FROM audit_domain WHERE domain_id = 1)",
    )


async def test_searching_for_somebody_is_a_look(world: Desk, anna: Person) -> None:
    await listed(world, world.person("dora", Role.DOMAIN_ADMIN), account=anna.account.email)
    looks = (await world.ask("GET", "/v1/accounts/me/looks", anna)).json()["items"]
    assert [(look["what"], look["viewer_name"], look["viewer_role"]) for look in looks] == [
        ("log", "Dora", "domain-admin")
    ]


async def test_filters_reach_no_further_than_the_role(world: Desk, anna: Person, bram: Person, ziggy: Person) -> None:
    admin, owner = world.person("dora", Role.DOMAIN_ADMIN), world.person("olga", role=Role.OWNER)
    helper = world.person("rene", Role.SUPPORT)
    for who, query, code in (
        (admin, f"account={ziggy.account.email}", "not-found"),
        (admin, "account=nobody@example.test", "not-found"),
        (admin, f"domain={SECOND}", "not-found"),
        (admin, "domain=nowhere.test", "not-found"),
        (anna, f"account={bram.account.email}", "not-found"),
        (anna, f"domain={SECOND}", "not-found"),
        (owner, f"account={anna.account.email}", "no-such-filter"),
        (helper, f"account={anna.account.email}", "no-such-filter"),
        (anna, "sight=auditor", "forbidden"),
        (admin, "sight=owner", "forbidden"),
        (admin, "sight=all", "forbidden"),
        (anna, "sight=nonsense", "invalid-request"),
        (anna, "after=nonsense", "invalid-cursor"),
        (anna, "limit=0", "invalid-request"),
        (anna, f"since={2**63}", "invalid-request"),
    ):
        answer = await world.ask("GET", f"/v1/audit/events?{query}", who)
        assert answer.json().get("code") == code, f"{query}: {answer.text}"


async def test_who_has_several_roles_chooses_the_place(world: Desk) -> None:
    both = world.person("dora", Role.DOMAIN_ADMIN, role=Role.OWNER)
    assert of(await listed(world, both, sight="owner")) != of(await listed(world, both, sight="domain"))
    assert of(await listed(world, both)) == of(await listed(world, both, sight="domain"))
    assert await listed(world, both, sight="self")


async def test_who_did_it_and_to_whom_are_asked_apart(world: Desk, anna: Person, bram: Person) -> None:
    admin = world.person("dora", Role.DOMAIN_ADMIN)
    a, b = (f"account:{person.account.id}" for person in (anna, bram))
    by, about = {"actor": anna.account.public_id}, {"subject": bram.account.email}
    reach = "position IN (SELECT position FROM audit_domain WHERE domain_id = 1)"
    assert of(await listed(world, admin, **by)) == positions(world, f"actor = '{a}' AND {reach}")
    assert of(await listed(world, admin, **by, **about)) == positions(world, f"actor = '{a}' AND subject = '{b}'")
    both = await listed(world, admin, **by, account=bram.account.email)
    assert of(both) == positions(world, f"actor = '{a}' AND subject = '{b}'")
    assert of(await listed(world, admin, actor="operator", kind="test,account")) == []
    auditor = world.person("carla", Role.AUDITOR)
    assert of(await listed(world, auditor, actor="operator")) == positions(world, "actor = 'operator'")
    refused = await world.ask("GET", "/v1/audit/events?actor=ziggy@other.test", admin)
    assert refused.status_code == 404


async def test_several_kinds_and_where_to_begin(world: Desk) -> None:
    auditor = world.person("carla", Role.AUDITOR)
    either = "kind LIKE 'domain.%' OR kind = 'test.done'"
    assert of(await listed(world, auditor, kind="domain,test.done", limit=2)) == positions(world, either)
    assert of(await listed(world, auditor, position=4)) == [4, 3, 2, 1]
    assert await listed(world, auditor, kind="none,such") == []


async def test_times_are_found_though_the_clock_was_set_back(world: Desk) -> None:
    auditor = world.person("carla", Role.AUDITOR)
    for at in (NOW + 900, NOW - 900, NOW + 901):
        world.store.write_now(audit.append, "test.late", "system", "system", {}, at)
    for since, until in ((NOW - 1000, NOW), (NOW + 900, NOW + 902), (NOW + 902, NOW + 999), (NOW, NOW)):
        expected = positions(world, f"at >= {since} AND at < {until}")
        assert of(await listed(world, auditor, since=since, until=until, limit=2)) == expected


async def test_one_event_with_its_place_in_the_chain(world: Desk, anna: Person) -> None:
    auditor, admin = world.person("carla", Role.AUDITOR), world.person("dora", Role.DOMAIN_ADMIN)
    (newest, *_) = await listed(world, admin)
    place = f"/v1/audit/events/{newest['position']}"
    whole = (await world.ask("GET", place, auditor)).json()
    before = (await world.ask("GET", f"/v1/audit/events/{newest['position'] - 1}", auditor)).json()
    assert whole["previous"] == before["hash"] != whole["hash"]
    assert (await world.ask("GET", "/v1/audit/events/1", auditor)).json()["previous"] == "00" * 32
    told = (await world.ask("GET", place, admin)).json()
    assert told == newest | {"hash": None, "previous": None}
    assert (await world.ask("GET", place, anna)).status_code == 404
    assert (await world.ask("GET", "/v1/audit/events/99999", auditor)).status_code == 404


async def test_a_page_ends_where_the_window_does(world: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Little matches in a long log: pages may be empty, and all is found in the end."""
    monkeypatch.setattr("storage.oversight.audit_search.WINDOW", 3)
    auditor, helper = world.person("carla", Role.AUDITOR), world.person("rene", Role.RESELLER)
    world.grant(helper.account, Role.RESELLER, SECOND)
    assert of(await listed(world, auditor, kind="domain")) == positions(world, "kind LIKE 'domain.%'")
    assert of(await listed(world, auditor)) == positions(world, "1 = 1")
    mine = positions(world, "kind = 'test.done' AND position IN (SELECT position FROM audit_domain)")
    assert of(await listed(world, helper, kind="test")) == mine


# --- heads and verification ---


async def test_a_head_kept_outside_verifies_until_the_log_is_cut(world: Desk) -> None:
    auditor = world.person("carla", Role.AUDITOR)
    head = (await world.ask("GET", "/v1/audit/head", auditor)).json()
    public = head.pop("public_key")
    assert len(bytes.fromhex(public)) == 32
    answer = await world.ask("POST", "/v1/audit/verification", auditor, {"head": head})
    assert answer.json() | {"position": 0, "hash": ""} == {
        "holds": True,
        "position": 0,
        "hash": "",
        "first_bad": None,
        "broken_at": None,
        "misindexed_at": None,
        "head": {"position": head["position"], "at": NOW, "standing": "holds"},
    }
    world.store.write_now(statements.run, "DELETE FROM audit_event WHERE position = ?", (head["position"],))
    answer = (await world.ask("POST", "/v1/audit/verification", auditor, {"head": head})).json()
    assert (answer["holds"], answer["first_bad"], answer["head"]["standing"]) == (False, head["position"], "cut")


@pytest.mark.parametrize("head", [{}, {"position": 1}, 7, {"position": 1, "hash": "x", "at": 1, "signature": ""}])
async def test_what_is_no_head_is_refused(world: Desk, head: object) -> None:
    auditor = world.person("carla", Role.AUDITOR)
    answer = await world.ask("POST", "/v1/audit/verification", auditor, {"head": head})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")


async def test_one_verification_at_a_time(world: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from bridge.api.routes import audit as routes

    auditor = world.person("carla", Role.AUDITOR)
    routes._UNDER_WAY.add(world.store)
    answer = await world.ask("POST", "/v1/audit/verification", auditor, {})
    assert (answer.status_code, answer.json()["code"]) == (503, "verification-under-way")
    routes._UNDER_WAY.discard(world.store)
    assert (await world.ask("POST", "/v1/audit/verification", auditor, {})).json()["holds"] is True


async def test_a_number_of_accounts_is_no_account_and_a_domain_is_named_to_its_own(world: Desk, anna: Person) -> None:
    me = f"account:{anna.account.id}"
    detail = {
        "accounts": 3,
        "holders": 1,
        "domain": 2,
        "account": anna.account.id,
        "of": "account",
        "text": "planted",
    }
    world.store.write_now(audit.append, "test.counted", "system", me, detail, NOW)
    auditor, admin = world.person("carla", Role.AUDITOR), world.person("dora", Role.DOMAIN_ADMIN)
    (seen,) = await listed(world, auditor, kind="test.counted")
    assert (seen["detail"]["accounts"], seen["detail"]["holders"], seen["detail"]["domain"]) == (3, 1, SECOND)
    assert seen["detail"]["account"] == seen["subject"]["id"]
    (seen,) = await listed(world, admin, kind="test.counted")
    assert seen["detail"] == {"accounts": 3, "holders": 1, "account": anna.account.email, "of": "account"}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("detail", "nonsense"),
        ("detail", "[" * 9999),
        ("detail", "[]"),
        ("detail", b"\xff"),
        ("actor", "account:x"),
        ("actor", "account:" + "9" * 30),
        ("subject", "account:²"),
        ("subject", b"account:1"),
        ("at", "yesterday"),
    ],
)
async def test_an_altered_event_is_not_shown_as_if_it_were_sound(
    world: Desk, anna: Person, column: str, value: str | bytes
) -> None:
    last = positions(world, "kind = 'test.done'")[0]
    sql = f"UPDATE audit_event SET {column} = ? WHERE position = ?"
    world.store.write_now(statements.run, sql, (value, last))
    answer = await world.ask("GET", "/v1/audit/events", world.person("carla", Role.AUDITOR))
    assert (answer.status_code, answer.json()["code"]) == (500, "tampered")
    found = (await world.ask("POST", "/v1/audit/verification", world.person("d", Role.AUDITOR), {})).json()
    assert found["broken_at"] == last
