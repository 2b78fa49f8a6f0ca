"""Backups over the control API: by an owner, by who has the master key, and by nobody else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bridge import i18n
from bridge.backup_words import WORDS
from storage.backups import manifests, orders
from storage.errors import BackupReason
from storage.keys.master import MasterKey
from storage.records import Role
from tests.control import NOW, Desk


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data") as opened:
        yield opened


async def test_an_owner_makes_a_backup_and_sees_it(desk: Desk, tmp_path: Path) -> None:
    owner = desk.person("olga", role=Role.OWNER)
    places = {"destination": str(tmp_path / "b"), "keyring_destination": str(tmp_path / "k")}
    made = await desk.ask("POST", "/v1/backups", owner, places)
    assert made.status_code == 201, made.text
    content = made.json()
    assert (content["accounts"], content["made_at"], content["expired"]) == (1, NOW, 0)
    assert manifests.read(Path(content["folder"]), desk.store.server_keys).id == content["id"]
    listed = (await desk.ask("GET", "/v1/backups", owner)).json()
    assert [(one["kind"], one["whole"]) for one in listed["items"]] == [("data", True), ("keyring", True)]
    assert (listed["keep_days"], listed["keyring_keep_days"]) == (35, 30)


async def test_who_made_it_is_in_the_audit_log(desk: Desk, tmp_path: Path) -> None:
    owner = desk.person("olga", role=Role.OWNER)
    await desk.ask("POST", "/v1/backups", owner, {"destination": str(tmp_path / "b")})
    events = (await desk.ask("GET", "/v1/audit/events?kind=backup", owner)).json()["items"]
    assert [event["kind"] for event in events] == ["backup.made"]


@pytest.mark.parametrize("role", [Role.RECIPIENT, Role.SENDER])
async def test_nobody_else_may(desk: Desk, tmp_path: Path, role: Role) -> None:
    person = desk.person("rita", role=role)
    for method in ("GET", "POST"):
        answer = await desk.ask(method, "/v1/backups", person, {"destination": str(tmp_path / "b")})
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize(("locale", "word"), [("en", "a place apart"), ("nl", "moeten elk apart staan")])
async def test_a_refusal_has_a_code_and_words(desk: Desk, tmp_path: Path, locale: str, word: str) -> None:
    owner = desk.person("olga", role=Role.OWNER)
    places = {"destination": str(tmp_path / "b"), "keyring_destination": str(tmp_path / "b" / "k")}
    answer = await desk.ask("POST", "/v1/backups", owner, places, **{"Accept-Language": locale})
    assert (answer.status_code, answer.json()["code"]) == (422, "backup-inside")
    assert word in answer.json()["detail"]


async def ordered(desk: Desk, destination: Path, at: int, signature: str) -> int:
    body = {"destination": str(destination), "at": at, "signature": signature}
    return (await desk.ask("POST", "/v1/backups/by-key", None, body)).status_code


async def test_the_master_key_is_enough_for_a_timer(desk: Desk, tmp_path: Path) -> None:
    place = tmp_path / "b"
    signature = orders.sign(desk.store.server_keys, str(place), None, NOW)
    assert await ordered(desk, place, NOW, signature) == 201


async def test_an_order_holds_for_its_folders_its_time_and_its_key(desk: Desk, tmp_path: Path) -> None:
    place, keys = tmp_path / "b", desk.store.server_keys
    signature = orders.sign(keys, str(place), None, NOW)
    other = orders.sign(MasterKey(bytes(32)).derive(), str(place), None, NOW)
    assert await ordered(desk, tmp_path / "other", NOW, signature) == 401
    assert await ordered(desk, place, NOW + 1, signature) == 401
    assert await ordered(desk, place, NOW, other) == 401
    desk.clock.turn(orders.LIFETIME + 1)
    assert await ordered(desk, place, NOW, signature) == 401
    assert not place.exists()


def test_every_reason_has_words_in_both_languages() -> None:
    assert set(WORDS) == set(BackupReason)
    for message in WORDS.values():
        assert i18n.catalogue("nl").gettext(message) != message, message
        assert "{what}" in message
