"""Backups over the control API: by an owner, by who has the master key, and by nobody else."""

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bridge import i18n
from bridge.api.drills import Running
from bridge.backup_words import WORDS
from storage.backups import drills, manifests, orders
from storage.database import KEYRING_NAME
from storage.errors import BackupReason
from storage.keys.master import MasterKey
from storage.keys.recovery import RecoveryKit
from storage.records import Role
from tests.control import NOW, Desk, Person
from tests.handing_in import send
from tests.restoring import with_kit
from tests.stores import KEY_NAME


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


async def backed_up(desk: Desk, owner: Person, folder: Path) -> Path:
    """Where the backup lies."""
    places = {"destination": str(folder / "b"), "keyring_destination": str(folder / "k")}
    return Path((await desk.ask("POST", "/v1/backups", owner, places)).json()["folder"])


async def test_a_drill_restores_checks_and_leaves_nothing(desk: Desk, tmp_path: Path) -> None:
    owner, anna = desk.person("olga", role=Role.OWNER), desk.person("anna")
    send(desk, desk.person("energie", role=Role.SENDER), anna)
    with_kit(desk)
    made = await backed_up(desk, owner, tmp_path)
    done = await desk.ask("POST", "/v1/backups/drill", owner, {"backup": made.name})
    assert done.status_code == 201, done.text
    found = done.json()
    assert (found["problem"], found["accounts"], found["documents"], found["canary"]) == (None, 3, 1, True)
    assert (found["head"], found["with_kit"]) == ("cut", False), "the log goes on after a backup"
    assert not (desk.data / drills.FOLDER).exists()
    (kept, _) = (await desk.ask("GET", "/v1/backups", owner)).json()["items"]
    assert (kept["drill"], kept["by"], kept["bytes"] > 10_000) == (found, "account", True)
    known = (await desk.ask("GET", "/v1/backups/drill", owner)).json()
    assert (known["running"], known["drills"]) == (None, [found])
    events = (await desk.ask("GET", "/v1/audit/events?kind=backup.drilled", owner)).json()["items"]
    assert len(events) == 1


async def test_a_drill_that_is_killed_leaves_nothing_to_read(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In its middle, by the kit: a folder that nobody else may enter, no secret and no text in it, the master key no
    file of it; the next start clears it (`daemon.run`).
    """
    owner, anna, kit = desk.person("olga", role=Role.OWNER), desk.person("anna"), with_kit(desk)
    send(desk, desk.person("energie", role=Role.SENDER), anna)
    await backed_up(desk, owner, tmp_path)
    left: dict[str, bytes] = {}

    def cut(self: Running, done: int, total: int) -> None:
        folder = desk.data / drills.FOLDER
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        left.update({file.name: file.read_bytes() for file in folder.rglob("*") if file.is_file()})

    monkeypatch.setattr(Running, "watch", cut)
    assert (await desk.ask("POST", "/v1/backups/drill", owner, {"kit": kit.text})).is_success
    assert KEYRING_NAME in left
    secret = desk.store.shred.get(anna.account.public_id)
    sought = (
        secret,
        kit.text.encode(),
        MasterKey.load(desk.data / KEY_NAME).secret,
        b"anna@example.test",
        b"Subject:",
    )
    assert [name for name, content in left.items() if any(each in content for each in sought)] == []


@pytest.mark.parametrize(("locale", "word"), [("en", "Use another backup"), ("nl", "andere back-up")])
async def test_a_drill_that_fails_is_told_and_kept(desk: Desk, tmp_path: Path, locale: str, word: str) -> None:
    owner = desk.person("olga", role=Role.OWNER)
    made = await backed_up(desk, owner, tmp_path)
    database = made / "database.db"
    database.write_bytes(database.read_bytes()[:-1] + b"x")
    answer = await desk.ask("POST", "/v1/backups/drill", owner, {}, **{"Accept-Language": locale})
    assert (answer.status_code, answer.json()["code"]) == (422, "backup-altered")
    (kept, *_) = (await desk.ask("GET", "/v1/backups/drill", owner, **{"Accept-Language": locale})).json()["drills"]
    assert kept["problem"] == "altered"
    assert word in kept["words"]
    assert not (desk.data / drills.FOLDER).exists()


async def test_the_kit_is_tried_and_told_to_nobody(desk: Desk, tmp_path: Path) -> None:
    owner, kit = desk.person("olga", role=Role.OWNER), with_kit(desk)
    await backed_up(desk, owner, tmp_path)
    for text, code in (("mistyped", "invalid-kit"), (RecoveryKit.generate().text, "backup-wrong-kit")):
        answer = await desk.ask("POST", "/v1/backups/drill", owner, {"kit": text})
        assert answer.json()["code"] == code
        assert text not in answer.text
    done = await desk.ask("POST", "/v1/backups/drill", owner, {"kit": kit.text})
    assert done.json()["with_kit"], done.text


async def test_one_drill_at_a_time_and_none_without_a_backup(desk: Desk, tmp_path: Path) -> None:
    owner = desk.person("olga", role=Role.OWNER)
    assert (await desk.ask("POST", "/v1/backups/drill", owner, {})).json()["code"] == "backup-no-backup"
    await backed_up(desk, owner, tmp_path)
    with desk.control.drills.begun(None, NOW) as running:
        running.watch(3, 9)
        answer = await desk.ask("POST", "/v1/backups/drill", owner, {})
        assert (answer.status_code, answer.json()["code"]) == (409, "drill-running")
        shown = (await desk.ask("GET", "/v1/backups/drill", owner)).json()["running"]
        assert (shown["done"], shown["total"]) == (3, 9)


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
