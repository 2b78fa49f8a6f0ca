"""Setting a mailbox elsewhere at the control API, tried by a real sign-in to a Dovecot (I3, S48)."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from bench.servers.base import Server
from bench.servers.dovecot import PASSWORD
from bridge.api.control import TRIALS
from bridge.settings import Settings
from storage.deliveries import external_mailboxes
from storage.errors import NotFound
from storage.keys.outbox import OutboxKey
from tests.control import Desk, Person, application
from tests.integration import peers

pytestmark = pytest.mark.skipif(peers.dovecot_missing() is not None, reason=str(peers.dovecot_missing()))


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Server]:
    with peers.dovecot(1) as server:
        yield server


@pytest_asyncio.fixture
async def desk(tmp_path: Path, dovecot: Server) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path) as opened:
        ca_file = dovecot.folder / "certificate.pem"  # type: ignore[attr-defined]
        settings = Settings.model_validate({"external": {"private_hosts": True, "ca_file": str(ca_file)}})
        control = replace(opened.control, settings=settings)
        transport = httpx.ASGITransport(application(control))
        async with httpx.AsyncClient(transport=transport, base_url="http://postex") as http:
            yield replace(opened, http=http)


@pytest.fixture
def anna(desk: Desk) -> Person:
    return desk.person("anna")


@pytest.fixture
def wanted(dovecot: Server) -> dict[str, Any]:
    return {
        "host": "127.0.0.1",
        "port": dovecot.imaps_port,
        "username": dovecot.login(1).username,
        "password": PASSWORD,
        "country": "nl",
    }


async def test_it_is_set_shown_without_its_password_and_removed(
    desk: Desk, anna: Person, wanted: dict[str, Any]
) -> None:
    answer = await desk.ask("PUT", "/v1/me/external-mailbox", anna, wanted)
    assert answer.status_code == 200, answer.text
    shown = (await desk.ask("GET", "/v1/me/external-mailbox", anna)).json()
    assert shown == answer.json()
    assert (shown["folder"], shown["country"], shown["usable"]) == ("INBOX", "NL", True)
    assert PASSWORD not in answer.text
    answer = await desk.ask("PUT", "/v1/me/external-mailbox", anna, wanted | {"country": "uk"})
    assert (answer.status_code, answer.json()["country"]) == (200, "GB"), "as everybody calls it"
    found = desk.store.look_up(external_mailboxes.get, anna.account.id)
    assert found.password(OutboxKey.of(desk.store.server_keys.outbox)) == PASSWORD
    assert (await desk.ask("DELETE", "/v1/me/external-mailbox", anna)).status_code == 204
    assert (await desk.ask("GET", "/v1/me/external-mailbox", anna)).status_code == 404
    assert (await desk.ask("DELETE", "/v1/me/external-mailbox", anna)).status_code == 404


REFUSED: dict[str, dict[str, Any]] = {
    "external-sign-in-refused": {"password": "not it"},
    "external-no-folder": {"folder": "Nowhere"},
    "external-country": {"country": "US"},
    "external-certificate": {"host": "localhost"},
    "external-no-such-host": {"host": "no-such-host.invalid"},
    "invalid-request": {"username": "anna\r\nA1 LOGOUT"},
}


async def test_what_does_not_work_is_not_kept(desk: Desk, anna: Person, wanted: dict[str, Any]) -> None:
    for code, change in REFUSED.items():
        answer = await desk.ask("PUT", "/v1/me/external-mailbox", anna, wanted | change)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    with pytest.raises(NotFound):
        desk.store.look_up(external_mailboxes.get, anna.account.id)


async def test_nobody_guesses_passwords_through_the_bridge(desk: Desk, anna: Person, wanted: dict[str, Any]) -> None:
    away = wanted | {"host": "no-such-host.invalid"}
    codes = [(await desk.ask("PUT", "/v1/me/external-mailbox", anna, away)).status_code for _ in range(TRIALS + 1)]
    assert codes == [422] * TRIALS + [429]
