"""Erasures, holds and purges over the control API, as each role meets them, in both languages."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bridge.channels import mailbox
from storage.erasures import erasing
from storage.erasures.receipts import DAY, verify
from storage.keys import signing
from storage.mail import documents
from storage.oversight import pseudonyms
from storage.people import accounts
from storage.records import AccountState, Role
from tests.control import NOW, SECOND, Desk, Person

TRASH = 14 * DAY
HOLD: dict[str, Any] = {"reason": "case 7", "basis": "AWR 52", "ends_at": NOW + 30 * DAY}


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data") as opened:
        opened.person("chief", role=Role.OWNER)
        yield opened


async def deliver(desk: Desk, person: Person, text: bytes = b"Subject: x\r\n\r\nhello\r\n") -> str:
    reader = desk.store.read_now(accounts.recipient, person.account.email)
    assert reader is not None
    placed = await mailbox.placed_beside(desk.store, text, (reader,))
    draft = mailbox.inbox_draft(placed, (reader,), None, None, NOW)
    return (await mailbox.commit(desk.store, documents.deliver, draft, draft.body_name, NOW)).document_public_id


def state(desk: Desk, person: Person) -> AccountState:
    return desk.store.read_now(accounts.by_id, person.account.id).state


# --- accounts ---


async def test_a_person_erases_their_own_account_at_once(desk: Desk) -> None:
    anna = desk.person("anna")
    await deliver(desk, anna)
    answer = await desk.ask("POST", "/v1/accounts/me/erasure", anna, {"now": True})
    assert answer.status_code == 201, answer.text
    erased = answer.json()
    content = verify(
        answer.text.partition('"receipt":')[2].removesuffix("}"), signing.public_key(desk.store.server_keys)
    )
    assert (erased["state"], content["account"]) == ("done", anna.account.public_id)
    assert {place["left"] for place in content["places"]} == {0}
    assert content["backups"] == {"documents": NOW + 30 * DAY, "records": NOW + 35 * DAY}
    assert state(desk, anna) is AccountState.ERASED
    assert (await desk.ask("GET", "/v1/erasures", anna)).status_code == 401


async def test_an_admin_closes_it_for_the_trash_window_and_gives_it_back(desk: Desk) -> None:
    anna, admin = desk.person("anna"), desk.person("admin", Role.DOMAIN_ADMIN)
    answer = await desk.ask("POST", f"{anna.path}/erasure", admin, {})
    assert answer.status_code == 201, answer.text
    assert (answer.json()["state"], answer.json()["due_at"]) == ("requested", NOW + TRASH)
    assert state(desk, anna) is AccountState.CLOSED
    again = await desk.ask("POST", f"{anna.path}/erasure", admin, {})
    assert (again.status_code, again.json()["code"]) == (409, "erasure-requested")
    back = await desk.ask("DELETE", f"{anna.path}/erasure", admin)
    assert (back.status_code, back.json()["state"]) == (200, "cancelled")
    assert state(desk, anna) is AccountState.REGISTERED
    ((listed),) = (await desk.ask("GET", f"{anna.path}/erasures", admin)).json()
    assert (listed["id"], listed["state"]) == (answer.json()["id"], "cancelled")
    assert (await desk.ask("GET", f"{admin.path}/erasures", admin)).json() == []
    none = await desk.ask("DELETE", f"{anna.path}/erasure", admin)
    assert (none.status_code, none.json()["code"]) == (409, "no-erasure")


async def test_only_oneself_skips_the_trash_window(desk: Desk) -> None:
    anna, admin = desk.person("anna"), desk.person("admin", Role.DOMAIN_ADMIN)
    answer = await desk.ask("POST", f"{anna.path}/erasure", admin, {"now": True}, **{"Accept-Language": "nl"})
    assert (answer.status_code, answer.json()["code"]) == (403, "only-yourself")
    assert answer.json()["detail"].startswith("Alleen de eigenaar zelf")
    assert state(desk, anna) is AccountState.REGISTERED


async def test_the_only_owner_of_the_bridge_stays(desk: Desk, tmp_path: Path) -> None:
    async with Desk.open(tmp_path / "other") as other:
        chief = other.person("chief", role=Role.OWNER)
        answer = await other.ask("POST", "/v1/accounts/me/erasure", chief, {"now": True})
        assert (answer.status_code, answer.json()["code"]) == (409, "last-owner")


async def test_when_the_window_is_over_the_admin_reads_the_receipt(desk: Desk) -> None:
    anna, admin = desk.person("anna"), desk.person("admin", Role.DOMAIN_ADMIN)
    asked = (await desk.ask("POST", f"{anna.path}/erasure", admin, {})).json()
    desk.clock.turn(TRASH)
    erasing.carry_out_due(desk.store, int(desk.clock()))
    admin = Person(admin.account, admin.keys, desk.token(admin.account, admin.keys))
    found = (await desk.ask("GET", f"/v1/erasures/{asked['id']}", admin)).json()
    assert (found["state"], found["places"]) == ("done", None)
    assert found["receipt"]["content"]["done_at"] == NOW + TRASH


async def test_under_way_it_says_what_is_left(desk: Desk) -> None:
    anna, admin = desk.person("anna"), desk.person("admin", Role.DOMAIN_ADMIN)
    await deliver(desk, anna)
    with desk.store.pin_bodies():
        from storage.erasures import erasure

        begun = desk.store.write_now(erasure.begin, anna.account.id, by=None, now=NOW)
        found = (await desk.ask("GET", f"/v1/erasures/{begun.public_id}", admin)).json()
    left = {place["place"]: place["left"] for place in found["places"]}
    assert (left["copy.account_id"], left["wrap.account_id"], left["keyring.shred_secret"]) == (1, 1, 1)


async def test_auditors_see_pseudonyms_and_no_receipt(desk: Desk) -> None:
    anna, auditor = desk.person("anna"), desk.person("auditor", Role.AUDITOR)
    document = await deliver(desk, anna)
    done = (await desk.ask("POST", f"/v1/me/documents/{document}/erasure", anna, {})).json()
    ((seen),) = (await desk.ask("GET", "/v1/erasures", auditor)).json()["items"]
    assert seen["account"].startswith("a-")
    assert seen["target"].startswith("d-")
    whole = (await desk.ask("GET", f"/v1/erasures/{done['id']}", auditor)).json()
    assert whole["receipt"] is None
    assert anna.account.public_id not in str(whole)


async def test_nobody_sees_those_of_another_domain(desk: Desk) -> None:
    anna = desk.person("anna")
    stranger = desk.person("stranger", domain=SECOND)
    desk.grant(stranger.account, Role.DOMAIN_ADMIN, SECOND)
    done = (await desk.ask("POST", "/v1/me/fields/phone/erasure", anna, {})).json()
    assert (await desk.ask("GET", "/v1/erasures", stranger)).json()["items"] == []
    assert (await desk.ask("GET", f"/v1/erasures/{done['id']}", stranger)).status_code == 404
    assert (await desk.ask("GET", "/v1/erasures/nothing", stranger)).status_code == 404


async def test_the_list_comes_in_pages(desk: Desk) -> None:
    anna = desk.person("anna")
    for field in ("phone", "legal-name", "contact-email", "client-notes"):
        assert (await desk.ask("POST", f"/v1/me/fields/{field}/erasure", anna, {})).status_code == 201
    first = (await desk.ask("GET", "/v1/erasures?limit=3", anna)).json()
    rest = (await desk.ask("GET", f"/v1/erasures?limit=3&after={first['next']}", anna)).json()
    assert [each["target"] for each in first["items"] + rest["items"]] == [
        "client-notes", "contact-email", "legal-name", "phone",
    ]  # fmt: skip
    assert rest["next"] is None


# --- documents and fields ---


async def test_a_document_is_found_as_a_mail_client_knows_it(desk: Desk) -> None:
    anna = desk.person("anna")
    document = await deliver(desk, anna)
    answer = await desk.ask("POST", "/v1/me/messages/erasure", anna, {"mailbox": "INBOX", "uid": 1})
    assert (answer.status_code, answer.json()["target"]) == (201, document), answer.text
    gone = await desk.ask("POST", "/v1/me/messages/erasure", anna, {"mailbox": "INBOX", "uid": 1})
    assert gone.status_code == 404
    nowhere = await desk.ask("POST", "/v1/me/messages/erasure", anna, {"mailbox": "Nowhere", "uid": 1})
    assert nowhere.status_code == 404


async def test_somebody_elses_document_is_not_there(desk: Desk) -> None:
    anna, bram = desk.person("anna"), desk.person("bram")
    document = await deliver(desk, anna)
    assert (await desk.ask("POST", f"/v1/me/documents/{document}/erasure", bram, {})).status_code == 404


async def test_a_backup_under_way_is_not_waited_for_by_the_caller_for_ever(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "PATIENCE", 0.05)
    anna = desk.person("anna")
    document = await deliver(desk, anna, b"Subject: large\r\n\r\n" + b"x" * 200_000)
    with desk.store.pin_bodies():
        answer = (await desk.ask("POST", f"/v1/me/documents/{document}/erasure", anna, {})).json()
        assert (answer["state"], answer["receipt"]) == ("begun", None)
    assert erasing.resume_all(desk.store, NOW) == 1
    assert (await desk.ask("GET", f"/v1/erasures/{answer['id']}", anna)).json()["state"] == "done"


# --- holds ---


@pytest.mark.parametrize(
    ("language", "words"), [("en", "A hold forbids this"), ("nl", "Een bewaarplicht")], ids=("en", "nl")
)
async def test_a_hold_names_its_basis_and_its_end(desk: Desk, language: str, words: str) -> None:
    anna, admin = desk.person("anna"), desk.person("admin", Role.DOMAIN_ADMIN)
    document = await deliver(desk, anna)
    placed = await desk.ask("POST", f"{anna.path}/holds", admin, HOLD)
    assert (placed.status_code, placed.json()["in_force"]) == (201, True), placed.text
    for path, body in (
        ("/v1/accounts/me/erasure", {"now": True}),
        ("/v1/accounts/me/erasure", {}),
        (f"/v1/me/documents/{document}/erasure", {}),
        ("/v1/me/fields/phone/erasure", {}),
    ):
        wanted: dict[str, Any] = {"Accept-Language": language}
        answer = await desk.ask("POST", path, anna, body, **wanted)
        assert answer.status_code == 423, answer.text
        problem = answer.json()
        assert (problem["code"], problem["basis"], problem["ends_at"]) == ("held", "AWR 52", HOLD["ends_at"])
        assert problem["detail"].startswith(words), problem["detail"]
        assert "2025-11-08" in problem["detail"]
        assert "AWR 52" in problem["detail"]


async def test_a_hold_is_lifted_once_and_only_in_reach(desk: Desk) -> None:
    anna, admin = desk.person("anna"), desk.person("admin", Role.DOMAIN_ADMIN)
    stranger = desk.person("stranger", domain=SECOND)
    desk.grant(stranger.account, Role.DOMAIN_ADMIN, SECOND)
    hold = (await desk.ask("POST", f"{anna.path}/holds", admin, HOLD)).json()
    second = (await desk.ask("POST", f"{anna.path}/holds", admin, HOLD)).json()
    page = (await desk.ask("GET", "/v1/holds?limit=1", admin)).json()
    rest = (await desk.ask("GET", f"/v1/holds?after={page['next']}", admin)).json()
    assert [*page["items"], *rest["items"]] == [second, hold]
    assert (await desk.ask("GET", "/v1/holds", stranger)).json()["items"] == []
    assert (await desk.ask("DELETE", f"/v1/holds/{hold['id']}", stranger)).status_code == 404
    assert (await desk.ask("DELETE", f"/v1/holds/{hold['id']}", admin)).json()["in_force"] is False
    again = await desk.ask("DELETE", f"/v1/holds/{hold['id']}", admin, None, **{"Accept-Language": "nl"})
    assert (again.status_code, again.json()["code"]) == (409, "hold-ended")
    assert again.json()["detail"].startswith("Deze bewaarplicht")
    listed = (await desk.ask("GET", f"{anna.path}/holds", admin)).json()
    assert [each["in_force"] for each in listed] == [True, False]


async def test_auditors_see_that_there_is_a_hold_and_not_whose(desk: Desk) -> None:
    anna, admin = desk.person("anna"), desk.person("admin", Role.DOMAIN_ADMIN)
    auditor = desk.person("auditor", Role.AUDITOR)
    await desk.ask("POST", f"{anna.path}/holds", admin, HOLD)
    name = pseudonyms.pseudonym(desk.store.server_keys, "account", anna.account.id)
    ((seen),) = (await desk.ask("GET", f"/v1/accounts/{name}/holds", auditor)).json()
    assert (await desk.ask("GET", "/v1/holds", auditor)).json()["items"] == [seen]
    assert (seen["reason"], seen["basis"]) == (None, "AWR 52")
    assert seen["account"].startswith("a-")


async def test_what_is_erased_cannot_be_held(desk: Desk) -> None:
    anna, admin = desk.person("anna"), desk.person("admin", Role.DOMAIN_ADMIN)
    await desk.ask("POST", "/v1/accounts/me/erasure", anna, {"now": True})
    answer = await desk.ask("POST", f"{anna.path}/holds", admin, HOLD)
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong-state")


async def test_an_erased_account_is_only_read(desk: Desk) -> None:
    anna, admin = desk.person("anna"), desk.person("admin", Role.DOMAIN_ADMIN)
    await desk.ask("POST", "/v1/accounts/me/erasure", anna, {"now": True})
    for method, path, body in (("PATCH", "", {"name": "Back"}), ("POST", "/aliases", {"address": "b@example.test"})):
        answer = await desk.ask(method, anna.path + path, admin, body)
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong-state"), answer.text
    seen = (await desk.ask("GET", anna.path, admin)).json()
    assert (seen["state"], seen["name"], seen["phone"]) == ("erased", "", None)


# --- purges ---


async def test_two_people_purge_and_what_is_held_is_named(desk: Desk) -> None:
    admin, second = desk.person("admin", Role.DOMAIN_ADMIN), desk.person("second", Role.DOMAIN_ADMIN)
    anna, bram = desk.person("anna"), desk.person("bram")
    await desk.ask("POST", f"{bram.path}/holds", admin, HOLD)
    body = {"domain": "example.test", "reason": "left us", "accounts": [anna.account.email, bram.account.public_id]}
    asked = await desk.ask("POST", "/v1/purges", admin, body)
    assert asked.status_code == 201, asked.text
    number = asked.json()["id"]
    own = await desk.ask("POST", f"/v1/purges/{number}/approval", admin, {}, **{"Accept-Language": "nl"})
    assert (own.status_code, own.json()["code"]) == (409, "same-person")
    assert own.json()["detail"].startswith("U hebt deze opruiming zelf")
    done = (await desk.ask("POST", f"/v1/purges/{number}/approval", second, {})).json()
    assert {each["account"]: (each["state"], each["left"]) for each in done["outcome"]} == {
        anna.account.public_id: ("requested", None),
        bram.account.public_id: ("left", "held"),
    }
    late = await desk.ask("DELETE", f"/v1/purges/{number}", admin)
    assert (late.status_code, late.json()["code"]) == (409, "purge-not-open")
    assert [each["id"] for each in (await desk.ask("GET", "/v1/purges", second)).json()["items"]] == [number]


async def test_an_owner_approves_too_and_after_three_days_nobody(desk: Desk) -> None:
    admin, owner, anna = (
        desk.person("admin", Role.DOMAIN_ADMIN),
        desk.person("boss", role=Role.OWNER),
        desk.person("a"),
    )
    body = {"domain": "example.test", "reason": "left", "accounts": [anna.account.email]}
    first = (await desk.ask("POST", "/v1/purges", admin, body)).json()
    second = (await desk.ask("POST", "/v1/purges", admin, body)).json()
    assert (await desk.ask("POST", f"/v1/purges/{first['id']}/approval", owner, {})).status_code == 200
    desk.clock.turn(72 * 3600)
    owner = Person(owner.account, owner.keys, desk.token(owner.account, owner.keys))
    late = await desk.ask("POST", f"/v1/purges/{second['id']}/approval", owner, {})
    assert (late.status_code, late.json()["code"]) == (409, "purge-not-open")


async def test_a_purge_by_filter_and_its_cancelling(desk: Desk) -> None:
    admin, anna = desk.person("admin", Role.DOMAIN_ADMIN), desk.person("anna")
    desk.store.write_now(accounts.close, anna.account.id, NOW)
    body = {"domain": "example.test", "reason": "old", "filter": {"state": "closed", "before": NOW + 1}}
    asked = (await desk.ask("POST", "/v1/purges", admin, body)).json()
    assert [each["account"] for each in asked["outcome"]] == [anna.account.public_id]
    cancelled = (await desk.ask("DELETE", f"/v1/purges/{asked['id']}", admin)).json()
    assert (cancelled["cancelled_at"], cancelled["is_open"]) == (NOW, False)
    body["filter"] = {"state": "closed", "before": NOW}
    none = await desk.ask("POST", "/v1/purges", admin, body)
    assert (none.status_code, none.json()["code"]) == (422, "nothing-found")


async def test_a_purge_stays_in_the_domain_and_below_ones_own_rights(desk: Desk) -> None:
    admin, stranger = desk.person("admin", Role.DOMAIN_ADMIN), desk.person("stranger", domain=SECOND)
    boss = desk.person("boss", role=Role.OWNER)
    for domain, account, wanted in (
        ("example.test", stranger, (404, "not-found")),
        (SECOND, stranger, (404, "not-found")),
        ("example.test", boss, (403, "outranked")),
    ):
        body = {"domain": domain, "reason": "x", "accounts": [account.account.email]}
        answer = await desk.ask("POST", "/v1/purges", admin, body)
        assert (answer.status_code, answer.json()["code"]) == wanted
    neither = await desk.ask("POST", "/v1/purges", admin, {"domain": "example.test", "reason": "x"})
    assert (neither.status_code, neither.json()["code"]) == (422, "invalid-request")
