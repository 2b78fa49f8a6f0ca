"""A reset at the API: who may, what is told to whom, and what the code does (S64)."""

from base64 import b32decode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from storage.access import recovery_codes, second_factor
from storage.people import accounts
from storage.records import AccountState, DomainMode, Role
from tests.control import Desk, Person

from .house import House

CHOSEN = "vier kaarsen op tafel"
MANAGED, PRIVATE = DomainMode.MANAGED, DomainMode.PRIVATE


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House.found(tmp_path / "data")
    async with made.desk:
        yield made


@pytest_asyncio.fixture
async def private(tmp_path: Path) -> AsyncIterator[House]:
    made = House.found(tmp_path / "data", PRIVATE)
    async with made.desk:
        yield made


async def begin(desk: Desk, person: Person, code: str) -> dict[str, object]:
    answer = await desk.ask("POST", "/v1/enrolment/begin", None, {"email": person.account.email, "code": code})
    assert answer.status_code == 200, answer.text
    content: dict[str, object] = answer.json()
    return content


async def finish(
    desk: Desk, person: Person, code: str, mode: DomainMode, **more: object
) -> tuple[int, dict[str, Any]]:
    begun = await begin(desk, person, code)
    totp = second_factor.code_at(secret_of(str(begun["secret"])), desk.control.now())
    body = {"email": person.account.email, "code": code, "password": CHOSEN, "totp": totp, "accepted_mode": mode}
    answer = await desk.ask("POST", "/v1/enrolment/finish", None, {**body, **more})
    return answer.status_code, answer.json()


def secret_of(text: str) -> bytes:
    plain = text.replace(" ", "").replace("-", "").upper()
    return b32decode(plain + "=" * (-len(plain) % 8))


async def test_an_admin_gives_a_code_and_learns_nothing_by_it(house: House) -> None:
    desk, admin, anna = house.desk, house.admin("admin"), house.desk.person("anna")
    house.deliver(anna.account, "before")
    answer = await desk.ask("POST", f"{anna.path}/reset", admin, {})
    assert answer.status_code == 201, answer.text
    given = answer.json()
    assert given.keys() == {"code", "expires_at", "closes"}
    assert given["closes"] is None
    assert await house.subjects(anna.account, anna.keys) == ["before", "Uw wachtwoord wordt opnieuw ingesteld"]
    status, done = await finish(desk, anna, given["code"], MANAGED)
    assert (status, done["closed"], len(done["recovery_codes"])) == (200, 0, 10)
    keys = house.keys_by_password(anna.account, CHOSEN)
    assert keys.same_key(anna.keys)
    assert (await house.subjects(anna.account, keys))[0] == "before"
    looks = await desk.ask("GET", "/v1/accounts/me/looks", anna)
    assert looks.status_code == 401, "sessions of before have ended"


async def test_a_forgotten_password_leaves_the_second_factor(house: House) -> None:
    desk, admin, anna = house.desk, house.admin("admin"), house.desk.person("anna")
    seed = house.second_factor(anna.account)
    code = (await desk.ask("POST", f"{anna.path}/reset", admin, {})).json()["code"]
    begun = await begin(desk, anna, code)
    assert (begun["secret"], begun["otpauth_uri"]) == (None, None)
    body = {"email": anna.account.email, "code": code, "password": CHOSEN, "accepted_mode": MANAGED}
    for _ in range(5):
        answer = await desk.ask("POST", "/v1/enrolment/finish", None, {**body, "totp": "000000"})
        assert (answer.status_code, answer.json()["code"]) == (422, "code-refused")
        desk.clock.turn(30)
    for wrong in ("000001", "000002", "000003", "000004", "000005"):
        answer = await desk.ask("POST", "/v1/enrolment/finish", None, {**body, "totp": wrong})
    assert (answer.status_code, answer.json()["code"]) == (429, "try-later")
    desk.clock.turn(15 * 60)
    totp = second_factor.code_at(seed, desk.control.now())
    answer = await desk.ask("POST", "/v1/enrolment/finish", None, {**body, "totp": totp})
    assert answer.status_code == 200, answer.text
    assert house.keys_by_password(anna.account, CHOSEN).same_key(anna.keys)


@pytest.mark.parametrize(("language", "words"), [("en", "a second person must agree"), ("nl", "een tweede persoon")])
async def test_a_lost_second_factor_takes_two_people(house: House, language: str, words: str) -> None:
    desk, admin, anna = house.desk, house.admin("admin"), house.desk.person("anna")
    house.second_factor(anna.account)
    path, body = f"{anna.path}/reset", {"second_factor": True}
    answer = await desk.ask("POST", path, admin, body, **{"Accept-Language": language})
    assert (answer.status_code, answer.json()["code"]) == (409, "approval-needed")
    assert words in answer.json()["detail"]
    asked = await desk.ask(
        "POST", "/v1/break-glass", admin, {"account": anna.account.email, "reason": "lost phone", "hours": 1}
    )
    assert asked.status_code == 201, asked.text
    approved = await desk.ask("POST", f"/v1/break-glass/{asked.json()['id']}/approval", house.admin("second"))
    assert approved.status_code == 200, approved.text
    answer = await desk.ask("POST", path, admin, body)
    assert answer.status_code == 201, answer.text
    assert (await begin(desk, anna, answer.json()["code"]))["secret"] is not None


@pytest.mark.parametrize(("language", "words"), [("en", "You do not hold the spare"), ("nl", "U hebt de reserve")])
async def test_an_admin_without_the_key_is_told_the_way(house: House, language: str, words: str) -> None:
    admin, anna = house.admin("admin", holder=False), house.desk.person("anna")
    answer = await house.desk.ask(
        "POST", f"{anna.path}/reset", admin, {"closes_documents": True}, **{"Accept-Language": language}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "no-escrow-key")
    assert answer.json()["detail"].startswith(words)


async def test_nobody_resets_themselves_or_who_may_not_come_in(house: House) -> None:
    admin = house.admin("admin")
    answer = await house.desk.ask("POST", "/v1/accounts/me/reset", admin, {})
    assert (answer.status_code, answer.json()["code"]) == (409, "own-account")
    for state in (AccountState.SUSPENDED, AccountState.CLOSED):
        person = house.desk.person(f"was-{state}", state=state)
        answer = await house.desk.ask("POST", f"{person.path}/reset", admin, {})
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong-state")


@pytest.mark.parametrize(("language", "words"), [("en", "its 2 documents of now are closed"), ("nl", "2 documenten")])
async def test_in_private_mode_closing_must_be_said(private: House, language: str, words: str) -> None:
    admin, anna = private.admin("admin"), private.desk.person("anna")
    for text in ("one", "two"):
        private.deliver(anna.account, text)
    answer = await private.desk.ask("POST", f"{anna.path}/reset", admin, {}, **{"Accept-Language": language})
    assert (answer.status_code, answer.json()["code"], answer.json()["closes"]) == (409, "documents-would-close", 2)
    assert words in answer.json()["detail"]
    assert await private.subjects(anna.account, anna.keys) == ["one", "two"], "nothing happened, nothing was told"


async def test_in_private_mode_everybody_is_told_before_and_after(private: House) -> None:
    desk, admin, anna = private.desk, private.admin("admin"), private.desk.person("anna")
    private.deliver(anna.account, "before")
    answer = await desk.ask("POST", f"{anna.path}/reset", admin, {"closes_documents": True})
    assert (answer.status_code, answer.json()["closes"]) == (201, 1)
    code = answer.json()["code"]
    told = "Uw account wordt hersteld: documenten zouden op slot gaan"
    assert await private.subjects(anna.account, anna.keys) == ["before", told]
    begun = await begin(desk, anna, code)
    assert begun["closes"] == 2
    assert "2 documents of the account would be closed" in str(begun["closes_text"])
    status, refused = await finish(desk, anna, code, PRIVATE)
    assert (status, refused["code"]) == (409, "documents-would-close")
    status, done = await finish(desk, anna, code, PRIVATE, accepts_closing=True)
    assert (status, done["closed"]) == (200, 2)
    keys = private.keys_by_password(anna.account, CHOSEN)
    found = await private.subjects(anna.account, keys)
    assert "Uw eerdere documenten zijn op slot" in found
    assert "before" not in found


async def test_a_recovery_code_of_before_brings_the_documents_back(private: House) -> None:
    desk, admin, anna = private.desk, private.admin("admin"), private.desk.person("anna")
    store = desk.store
    lock = (store.server_keys, store.shred, anna.account, anna.keys)
    old = store.write_now(recovery_codes.replace, *lock, desk.control.now(), "system")
    private.deliver(anna.account, "before")
    given = (await desk.ask("POST", f"{anna.path}/reset", admin, {"closes_documents": True})).json()
    status, _ = await finish(desk, anna, given["code"], PRIVATE, accepts_closing=True)
    assert status == 200
    keys = private.keys_by_password(anna.account, CHOSEN)
    account = store.read_now(accounts.by_id, anna.account.id)
    again = Person(account, keys, desk.token(account, keys))
    for language, words in (("en", "opens no closed documents"), ("nl", "opent geen gesloten documenten")):
        body, headers = {"recovery_code": given["code"]}, {"Accept-Language": language}
        answer = await desk.ask("POST", "/v1/me/documents/reopening", again, body, **headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "code-refused")
        assert words in answer.json()["detail"]
    answer = await desk.ask("POST", "/v1/me/documents/reopening", again, {"recovery_code": old[3]})
    assert (answer.status_code, answer.json()) == (200, {"documents": 2, "closed": 0})
    assert "before" in await private.subjects(account, keys, "Archive")


async def test_an_owner_is_brought_back_by_an_owner_alone(house: House) -> None:
    """Else a domain admin would become owner by a reset; and without the second half an owner would be lost."""
    desk, admin = house.desk, house.admin("admin")
    lost, other = desk.person("lost", role=Role.OWNER), house.admin("other")
    answer = await desk.ask("POST", f"{lost.path}/reset", admin, {})
    assert (answer.status_code, answer.json()["code"]) == (403, "outranked")
    desk.grant(other.account, Role.OWNER, None)
    answer = await desk.ask("POST", f"{lost.path}/reset", other, {})
    assert answer.status_code == 201, answer.text
