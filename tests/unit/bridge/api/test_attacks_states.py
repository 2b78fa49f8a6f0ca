"""Attempts with what once was a right, or is one elsewhere: a session of an account that is barred now, one that has
run out, a device password; and with numbers and names of things that others own.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from fastapi.routing import APIRoute

from bridge.api.routes import ROUTERS
from bridge.mail.facts import HeaderFacts
from bridge.routing import places, planning
from storage.access import devices
from storage.deliveries import arrivals, jobs
from storage.deliveries.arrivals import Acceptance
from storage.deliveries.terms import JobState
from storage.engine import statements
from storage.keys.envelope import seal_document
from storage.keys.outbox import OutboxKey
from storage.mail import chosen
from storage.mail.documents import DeliveryDraft
from storage.people import accounts
from storage.records import AccountState, Role, Scope
from tests.control import NOW, SECOND, Desk, Person
from tests.departures import job_of, leave

ROUTES = [
    (
        method,
        "/".join("me" if part == "{account}" else "1" if part[:1] == "{" else part for part in route.path.split("/")),
    )
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute) and any(hasattr(each.call, "action") for each in route.dependant.dependencies)
    for method in sorted(route.methods)
]


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data") as opened:
        yield opened


async def opened_by(desk: Desk, who: Person) -> list[str]:
    """Guarded routes that answer anything but 401."""
    answers = [(method, path, await desk.ask(method, path, who, {})) for method, path in ROUTES]
    return [f"{method} {path}: {answer.status_code}" for method, path, answer in answers if answer.status_code != 401]


@pytest.mark.parametrize("state", [AccountState.SUSPENDED, AccountState.CLOSED, AccountState.ERASED])
async def test_a_session_of_a_barred_account_opens_nothing(desk: Desk, state: AccountState) -> None:
    """Also one that should have been ended with it, and was not."""
    person = desk.person("anna", Role.DOMAIN_ADMIN, role=Role.OWNER)
    desk.store.write_now(statements.run, "UPDATE account SET state = ? WHERE id = ?", (state, person.account.id))
    assert await opened_by(desk, person) == []


async def test_what_is_no_session_any_more_or_never_was_opens_nothing(desk: Desk) -> None:
    anna = desk.person("anna")
    lock = (desk.store.server_keys, desk.store.shred, anna.account, anna.keys)
    device = desk.store.write_now(devices.add, *lock, "phone", frozenset({Scope.IMAP}), NOW)
    assert await opened_by(desk, Person(anna.account, anna.keys, device.password)) == []
    desk.clock.turn(15 * 60)
    assert await opened_by(desk, anna) == []


async def test_a_thing_of_another_domain_answers_as_one_that_is_nowhere(desk: Desk) -> None:
    """Jobs, deliveries and batches, in every state, for everyone who does not reach them."""
    erp = desk.person("erp", role=Role.SENDER)
    other = desk.person("other", domain=SECOND)
    people = [erp, desk.person("bram"), desk.person("admin", Role.DOMAIN_ADMIN), desk.person("help", Role.SUPPORT)]
    delivery = leave(desk.store, other.account, NOW)
    job = job_of(desk.store, delivery)
    for state in (None, JobState.DEAD, JobState.UNCERTAIN):
        if state is not None:
            desk.store.write_now(jobs.park, job, state, "jam", NOW)
        for method, path, body in (
            ("POST", "/v1/outbox/{job}/retry", {}),
            ("POST", "/v1/outbox/{job}/settlement", {"done": True}),
            ("DELETE", "/v1/outbox/{job}", {}),
            ("POST", "/v1/deliveries/{delivery}/return", {"cause": "moved"}),
            ("GET", "/v1/accounts/{account}/deliveries/{document}/explanation", {}),
            ("GET", "/v1/accounts/{account}/explanation?message_id=<x@y>", {}),
        ):
            there = {"job": job, "delivery": delivery.public_id, "document": delivery.document_public_id}
            nowhere = {"job": 999, "delivery": "nothing", "document": "nothing", "account": "nothing"}
            for who in people:
                found = await desk.ask(method, path.format(**there, account=other.account.public_id), who, body)
                missing = await desk.ask(method, path.format(**nowhere), who, body)
                assert (found.status_code, found.content) == (missing.status_code, missing.content), path
                assert found.status_code in (403, 404)


async def test_a_batch_of_another_sender_answers_as_one_that_is_nowhere(desk: Desk) -> None:
    erp, rival, anna = (
        desk.person("erp", role=Role.SENDER),
        desk.person("rival", role=Role.SENDER),
        desk.person("anna"),
    )
    hold(desk, erp, anna)
    for end, body in (("commit", {"count": 1}), ("cancel", {})):
        for person in (rival, anna):
            own = await desk.ask("POST", f"/v1/accounts/me/batches/june/{end}", person, body)
            missing = await desk.ask("POST", f"/v1/accounts/me/batches/july/{end}", person, body)
            there = await desk.ask("POST", f"{erp.path}/batches/june/{end}", person, body)
            assert own.status_code == missing.status_code == there.status_code == 404
            assert own.content == missing.content
    assert [each["state"] for each in (await desk.ask("GET", f"{erp.path}/batches", erp)).json()["items"]] == ["open"]


async def test_what_is_held_does_not_exist_for_its_reader(desk: Desk) -> None:
    """By no name: neither its id nor its Message-ID, should the reader know them from elsewhere."""
    erp, anna = desk.person("erp", role=Role.SENDER), desk.person("anna")
    admin = desk.person("admin", Role.DOMAIN_ADMIN)
    document, tag = hold(desk, erp, anna)
    for path in (f"deliveries/{document}/explanation", "explanation?message_id=<june@erp>"):
        missing = await desk.ask(
            "GET", f"/v1/accounts/me/{path.replace('june', 'july').replace(document, 'x')}", anna
        )
        found = await desk.ask("GET", f"/v1/accounts/me/{path}", anna)
        assert (found.status_code, found.content) == (404, missing.content)
        assert (await desk.ask("GET", f"{anna.path}/{path}", admin)).status_code == 200
    assert desk.store.read_now(chosen.delivered, anna.account.id, tag) is None


def hold(desk: Desk, sender: Person, reader: Person) -> tuple[str, bytes]:
    """A document in the sender's open batch `june`: its id, and the tag of its Message-ID."""
    store, public = desk.store, OutboxKey.of(desk.store.server_keys.outbox).public_key
    found = store.read_now(accounts.recipient, reader.account.email)
    assert found is not None
    sealed = seal_document(b"Subject: x\r\n\r\nx\r\n", b"card", (found,), outbox_public=public)
    draft = DeliveryDraft(sealed, (found,), (found.inbox_id,), NOW, 99, sender_account_id=sender.account.id)
    gathered = store.read_now(planning.gather, [found.account_id], sender.account.id, True)
    facts, key = HeaderFacts(message_id="<june@erp>"), store.server_keys.message_tag
    decided = planning.plan(gathered, facts, places.of(desk.control.settings), key, NOW, {})
    held = {number: planning.held(each, openable=True) for number, each in decided.items()}
    acceptance = Acceptance(draft, held, sender.account.id, public, batch="june")
    document = store.write_now(arrivals.accept, acceptance, NOW).document_public_id
    tag = planning.message_tag(key, found.account_id, "<june@erp>")
    assert tag is not None
    return document, tag


async def test_a_dry_run_tells_no_admin_what_another_domain_is_like(desk: Desk) -> None:
    """Neither whether a mailbox there is full, nor which address is for one sender alone."""
    admin, xena = desk.person("admin", Role.DOMAIN_ADMIN), desk.person("xena", domain=SECOND)
    full = desk.person("full")
    for person in (xena, full):
        fill = "UPDATE account SET used_bytes = quota_bytes WHERE id = ?"
        desk.store.write_now(statements.run, fill, (person.account.id,))

    async def problem(address: str) -> str:
        row = {"line": 1, "recipient": address, "sender": "energy@outside.test"}
        answer = await desk.ask("POST", "/v1/dry-run", admin, {"rows": [row]})
        return str(answer.json()["bad"][0]["problem"])

    assert await problem(xena.account.email) == await problem("nobody@other.test") == await problem("x@nowhere.test")
    assert await problem(full.account.email) == "The recipient's mailbox is full."


async def test_a_document_that_is_held_or_refused_makes_nobody_an_own_recipient(desk: Desk) -> None:
    """Else a batch that is never committed would show anybody's channel (S59)."""
    erp, anna = desk.person("erp", role=Role.SENDER), desk.person("anna")
    hold(desk, erp, anna)

    async def routed() -> int:
        row = {"line": 1, "recipient": anna.account.email, "sender": ""}
        answer = await desk.ask("POST", "/v1/dry-run", erp, {"rows": [row]})
        return len(answer.json()["rows"])

    for state, seen in (("held", 0), ("refused", 0), ("delivered", 1)):
        desk.store.write_now(statements.run, "UPDATE delivery SET state = ?", (state,))
        assert await routed() == seen
        assert len((await desk.ask("GET", "/v1/accounts/me/recipients", erp)).json()["items"]) == seen
