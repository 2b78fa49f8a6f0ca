"""Backups are whole or not there, take only what is new, and go when their time is over."""

import json
import os
import shutil
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from storage.backups import backup, destinations, kept, manifests
from storage.database import Store
from storage.engine import statements
from storage.engine.connections import Database
from storage.erasures import erasing, erasure
from storage.errors import BackupReason, BackupRefused, Tampered
from storage.keys.master import MasterKey
from storage.mail import documents
from storage.records import Flag
from tests.unit.storage.conftest import NOW, Office, Person
from tests.unit.storage.vault import DAY, Vault, furnished


@pytest.fixture
def vault(office: Office, tmp_path: Path) -> Vault:
    return furnished(office, tmp_path)


def refused(vault: Vault, **more: bool) -> BackupReason:
    with pytest.raises(BackupRefused) as error:
        vault.make(**more)
    return error.value.reason


def test_a_backup_holds_what_is_there_and_says_so(vault: Vault, anna: Person, bram: Person) -> None:
    name = vault.deliver(b"hello", anna, bram)
    made = vault.make()
    assert made.manifest == manifests.read(made.folder, vault.office.store.server_keys)
    assert (made.manifest.accounts, made.manifest.documents, made.manifest.copies) == (2, 1, 2)
    assert name in vault.bodies()
    assert made.manifest.bodies == made.copied_bodies == 2
    assert set(made.manifest.files) == {"database.db", "postex.toml", "master.sealed", "bodies.list"}
    for file, mark in made.manifest.files.items():
        assert manifests.mark_of(made.folder / file) == mark
    assert made.manifest.kit_key == vault.kit.public_key.hex()
    kept = {path.name for path in made.folder.iterdir()}
    assert kept == {"database.db", "postex.toml", "master.sealed", "bodies.list", "manifest.json"}


def test_nothing_in_it_opens_without_a_key_and_nobody_else_may_read_it(vault: Vault, anna: Person) -> None:
    vault.deliver(b"hello", anna)
    vault.make()
    for place in (vault.data, vault.keyring):
        for path in (place, *place.rglob("*")):
            assert path.stat().st_mode & 0o077 == 0, path
            if path.is_file():
                content = path.read_bytes()
                for secret in (b"anna@example.test", b"SQLite format", vault.office.master.secret, b"hello"):
                    assert secret not in content, path


def test_the_copy_is_the_database_of_one_moment(vault: Vault, anna: Person) -> None:
    vault.deliver(b"hello", anna)
    made = vault.make()
    vault.deliver(b"later", anna)
    session = Database(made.folder / "database.db", vault.office.store.server_keys.database).at_rest()
    assert statements.rows(session, "SELECT count(*) FROM document") == [(2,)]
    assert statements.rows(session, "PRAGMA integrity_check") == [("ok",)]
    session.close()
    assert {path.name for path in made.folder.glob("database.db*")} == {"database.db"}


def test_the_second_backup_copies_new_bodies_only(vault: Vault, anna: Person) -> None:
    vault.deliver(b"one", anna)
    assert vault.make().copied_bodies == 2
    assert vault.make(NOW + DAY).copied_bodies == 0
    vault.deliver(b"two", anna)
    made = vault.make(NOW + 2 * DAY)
    assert (made.copied_bodies, made.manifest.bodies) == (1, 3)


def test_a_body_that_went_from_the_destination_is_copied_again(vault: Vault, anna: Person) -> None:
    name = vault.deliver(b"one", anna)
    vault.make()
    (vault.data / "bodies" / name[:2] / name).unlink()
    made = vault.make(NOW + DAY)
    assert name in vault.bodies()
    assert made.manifest.missing_bodies == ()


def test_a_body_that_cannot_be_read_is_said_and_the_rest_is_kept(vault: Vault, anna: Person) -> None:
    name = vault.deliver(b"one", anna)
    vault.office.store.bodies.delete(name)
    made = vault.make()
    assert made.manifest.missing_bodies == (name,)
    assert made.manifest.bodies == 1


def test_old_backups_go_and_with_them_bodies_that_no_other_has(vault: Vault, anna: Person) -> None:
    name = vault.deliver(b"one", anna)
    first = vault.make()
    vault.office.flag(anna.inbox, Flag.DELETED, (1, 1))
    vault.office.store.write_now(documents.expunge, anna.inbox, None)
    assert vault.make(NOW + 35 * DAY).expired == 1  # the first keyring
    assert first.folder.exists()
    assert name in vault.bodies()
    assert vault.make(NOW + 36 * DAY).expired == 1
    assert not first.folder.exists()
    assert name not in vault.bodies()


def test_keyring_backups_go_after_thirty_days(vault: Vault) -> None:
    first = vault.make()
    assert first.keyring_folder is not None
    vault.make(NOW + 30 * DAY)
    assert first.keyring_folder.exists()
    vault.make(NOW + 30 * DAY + 1)
    assert not first.keyring_folder.exists()


def test_the_newest_keyring_stays_while_no_newer_one_is_made(vault: Vault) -> None:
    first = vault.make()
    vault.make(NOW + 40 * DAY, keyring=False)
    assert first.keyring_folder is not None
    assert first.keyring_folder.exists()


def test_keyrings_in_a_place_no_longer_used_go_too(vault: Vault, tmp_path: Path) -> None:
    for now in (NOW, NOW + DAY):
        vault.make(now)
    before, vault.keyring = vault.keyring, tmp_path / "elsewhere"
    vault.make(NOW + 40 * DAY)
    assert len(destinations.whole(before)) == 1


def test_a_shredded_account_is_in_no_later_keyring_backup(vault: Vault, anna: Person) -> None:
    secret = vault.office.store.shred.get(anna.account.public_id)
    vault.office.store.shred.delete(anna.account.public_id)
    made = vault.make()
    assert made.keyring is not None
    assert made.keyring.accounts == 1
    assert made.keyring_folder is not None
    assert secret not in (made.keyring_folder / "keyring.db").read_bytes()


def test_places_one_in_another_are_refused(vault: Vault, office: Office) -> None:
    data = vault.data
    for inside in (data / "keyrings", data, data.parent):
        vault.keyring = inside
        assert refused(vault) is BackupReason.INSIDE
    vault.keyring = data.parent / "link"
    data.mkdir()
    vault.keyring.symlink_to(data)
    assert refused(vault) is BackupReason.INSIDE
    vault.data = office.data / "backups"
    assert refused(vault, keyring=False) is BackupReason.INSIDE


def test_a_keyring_inside_an_earlier_data_backup_is_refused(vault: Vault, tmp_path: Path) -> None:
    vault.make(keyring=False)
    vault.keyring, vault.data = vault.data / "keyrings", tmp_path / "other"
    assert refused(vault) is BackupReason.INSIDE


def test_a_folder_with_other_things_is_left_alone(vault: Vault) -> None:
    vault.data.mkdir()
    (vault.data / "holiday.jpg").write_bytes(b"x")
    assert refused(vault) is BackupReason.FOREIGN
    assert [path.name for path in vault.data.iterdir()] == ["holiday.jpg"]


def test_backups_of_another_bridge_and_of_the_other_kind_are_left_alone(vault: Vault) -> None:
    vault.make()
    marker = vault.data / destinations.MARKER
    content = json.loads(marker.read_text())
    for change in ({"bridge": "00" * 32}, {"kind": "keyring"}):
        marker.write_text(json.dumps(content | change))
        assert refused(vault) is BackupReason.FOREIGN


def test_relative_and_impossible_places_are_refused(vault: Vault, tmp_path: Path) -> None:
    vault.data = Path("backups")
    assert refused(vault) is BackupReason.NOT_A_FOLDER
    (tmp_path / "file").write_bytes(b"")
    vault.data = tmp_path / "file"
    assert refused(vault) is BackupReason.NOT_A_FOLDER
    vault.data = tmp_path / "file" / "below"
    assert refused(vault) is BackupReason.UNWRITABLE


@pytest.mark.parametrize("name", ["mine", "99999999T999999Z-00000000", "20260101T000000Z-000000zz"])
def test_what_somebody_put_there_later_stays(vault: Vault, name: str) -> None:
    vault.make()
    (vault.data / name).mkdir()
    vault.make(NOW + 100 * DAY)
    assert (vault.data / name).is_dir()


def test_one_run_at_a_time(vault: Vault) -> None:
    with destinations.opened(vault.data, destinations.Kind.DATA, vault.office.store.server_keys):
        assert refused(vault) is BackupReason.RUNNING


def test_an_incomplete_backup_is_cleared_and_its_bodies_are_used(vault: Vault, anna: Person) -> None:
    """As a kill leaves it: everything but the manifest."""
    name = vault.deliver(b"one", anna)
    made = vault.make()
    (made.folder / manifests.NAME).unlink()
    body = vault.data / "bodies" / name[:2] / name
    inode = body.stat().st_ino
    again = vault.make(NOW + 1)
    assert not made.folder.exists()
    assert body.stat().st_ino == inode
    assert again.manifest.missing_bodies == ()


def test_a_body_cut_off_by_a_kill_is_copied_again(vault: Vault, anna: Person) -> None:
    name = vault.deliver(b"one", anna)
    made = vault.make()
    (made.folder / manifests.NAME).unlink()
    body = vault.data / "bodies" / name[:2] / name
    os.truncate(body, 100)
    vault.make(NOW + 1)
    assert body.read_bytes() == vault.office.store.bodies.read(name, 0, 1_000_000)


def test_a_run_that_fails_leaves_no_backup_and_takes_none(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    first = vault.make()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(manifests, "copy", fail)
        assert refused(vault) is BackupReason.FULL
    assert destinations.folders(vault.data) == [first.folder]


@pytest.mark.parametrize("turns", [1, 2, 4])
def test_a_run_that_is_stopped_leaves_no_backup(vault: Vault, anna: Person, turns: int) -> None:
    """First in the database, then among the bodies."""
    for _ in range(4):
        vault.deliver(b"one", anna)
    asked = iter(range(100))
    with pytest.raises(BackupRefused, match="stopped"):
        backup.make(
            vault.office.store, vault.data, None, 35, "operator", NOW, stopped=lambda: next(asked) + 1 >= turns
        )
    assert destinations.folders(vault.data) == []
    assert vault.make().manifest.missing_bodies == ()


def test_the_list_shows_what_lies_where(vault: Vault) -> None:
    made = vault.make()
    shutil.copytree(made.folder, vault.data / "20260101T000000Z-00000000")
    (vault.data / "20260101T000000Z-00000000" / manifests.NAME).unlink()
    found = kept.listing(vault.office.store)
    assert [(one.kind, one.folder, one.made_at, one.whole) for one in found] == [
        ("data", made.folder, NOW, True),
        ("keyring", made.keyring_folder, NOW, True),
        ("data", vault.data / "20260101T000000Z-00000000", 1_767_225_600, False),
    ]
    shutil.rmtree(vault.data)
    assert [one.kind for one in kept.listing(vault.office.store)] == ["keyring"]


@pytest.mark.parametrize("at", ["bodies/zz", "bodies/ab", "bodies"])
def test_what_lies_behind_a_link_in_the_destination_is_never_deleted(vault: Vault, tmp_path: Path, at: str) -> None:
    """Whoever writes to the destination must not reach the data folder by it."""
    vault.make()
    elsewhere = tmp_path / "elsewhere"
    for left in (elsewhere / "keyring.db", elsewhere / ("ab" * 16), elsewhere / "ab" / ("ab" * 16)):
        left.parent.mkdir(exist_ok=True)
        left.write_bytes(b"kept")
    link = vault.data / at
    if link.is_dir():
        shutil.rmtree(link)
    link.symlink_to(elsewhere)
    with pytest.raises(BackupRefused, match="not-a-folder"):
        vault.make(NOW + DAY)
    assert sum(path.read_bytes() == b"kept" for path in elsewhere.rglob("*") if path.is_file()) == 3


def test_accounts_that_no_secret_opens_are_told_of(vault: Vault, anna: Person, bram: Person) -> None:
    """A restore would take them for erased; those that are erased are not meant."""
    store = vault.office.store
    with capture_logs() as said:
        vault.make()
        begun = store.write_now(erasure.begin, bram.account.id, by=None, now=NOW)
        erasing.carry_out(store, begun.id, NOW)
        vault.make(NOW + 1)
    assert not [line for line in said if line["event"] == "backup.accounts_without_secret"]
    store.shred.delete(anna.account.public_id)
    with capture_logs() as said:
        vault.make(NOW + 2)
    (line,) = (line for line in said if line["event"] == "backup.accounts_without_secret")
    assert (line["log_level"], line["accounts"]) == ("error", 1)


def test_a_run_is_in_the_audit_log(vault: Vault) -> None:
    made = vault.make()
    found = vault.office.rows("SELECT actor, subject, detail FROM audit_event WHERE kind = 'backup.made'")
    assert found == [("operator", f"backup:{made.manifest.id}", '{"bodies":1,"documents":0,"keyring":true}')]


@pytest.mark.parametrize("name", ["id", "made_at", "accounts", "audit_head"])
def test_an_altered_manifest_is_refused(vault: Vault, name: str) -> None:
    made, keys = vault.make(), vault.office.store.server_keys
    path = made.folder / manifests.NAME
    outer = json.loads(path.read_text())
    outer["content"][name] = 99
    path.write_text(json.dumps(outer))
    with pytest.raises(BackupRefused) as error:
        manifests.read(made.folder, keys)
    assert error.value.reason is BackupReason.ALTERED


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b"\xff", b"[" * 100_000, b'{"content": 1, "signature": 2}'])
def test_what_is_no_manifest_is_refused(vault: Vault, text: bytes) -> None:
    made, keys = vault.make(), vault.office.store.server_keys
    (made.folder / manifests.NAME).write_bytes(text)
    with pytest.raises(BackupRefused) as error:
        manifests.read(made.folder, keys)
    assert error.value.reason is BackupReason.ALTERED


def test_a_manifest_of_another_bridge_is_refused(vault: Vault) -> None:
    made, other = vault.make(), MasterKey(bytes(32)).derive()
    assert made.keyring_folder is not None
    with pytest.raises(BackupRefused, match="altered"):
        manifests.read(made.folder, other)
    with pytest.raises(BackupRefused, match="wrong-keyring"):
        manifests.read_keyring(made.keyring_folder, other)


def test_an_altered_page_of_the_database_ends_the_run(vault: Vault, anna: Person) -> None:
    """Bytes that no longer are what was written must not become a backup."""
    for number in range(200):
        vault.office.deliver(bytes(4000), anna, card=bytes([number]))
    store, path = vault.office.store, vault.office.data / "postex.db"
    store.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size * 3 // 4)
        found = file.read(1)
        file.seek(size * 3 // 4)
        file.write(bytes([found[0] ^ 1]))
    vault.office.store = Store.open(vault.office.data, vault.office.master)
    with pytest.raises(Tampered):
        vault.make()
    assert destinations.folders(vault.data) == []
