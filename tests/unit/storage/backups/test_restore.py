"""A backup, a keyring backup and the kit give the same bridge again, or one clear refusal and an empty folder."""

import asyncio
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from io import StringIO
from pathlib import Path

import pytest

from bridge.channels import letters
from postex_tui.commands import restore as command
from storage.access import devices, enrolment
from storage.backups import backup, canary, manifests, restore, verification
from storage.backups.backup import Made
from storage.backups.restore import Restored
from storage.database import Store
from storage.deliveries import deliveries, jobs, ladder_runs
from storage.deliveries.terms import JobKind, JobState, Ladder
from storage.engine import statements
from storage.engine.repair import UID_JUMP
from storage.erasures import erasing, erasure
from storage.errors import BackupReason, BackupRefused, NotFound, SignInRefused
from storage.keys.keyring import AccountKeys
from storage.keys.master import MasterKey
from storage.keys.recovery import RecoveryKit
from storage.mail.reading import Reader
from storage.oversight import audit, audit_heads
from storage.people import accounts, grants
from storage.records import Account, AccountState, Origin, Role, Scope
from tests.departures import job_of, leave
from tests.unit.storage.conftest import NOW, Office, Person
from tests.unit.storage.vault import DAY, Vault, furnished

PLACED = "master.key"


@pytest.fixture
def vault(office: Office, tmp_path: Path) -> Vault:
    return furnished(office, tmp_path)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "new host" / "data"


def place(data: Path, master: MasterKey) -> None:
    master.save(data / PLACED)


def restored(vault: Vault, target: Path, made: Made, *, keyring: Path | None = None, **more: object) -> Restored:
    values: dict[str, object] = {"kit": vault.kit, "place": place, "now": NOW + DAY} | more
    return restore.restore(made.folder, keyring or made.keyring_folder, target, **values)  # type: ignore[arg-type]


def refusal(vault: Vault, target: Path, made: Made, **more: object) -> BackupReason:
    with pytest.raises(BackupRefused) as error:
        restored(vault, target, made, **more)  # type: ignore[arg-type]
    assert not target.exists() or list(target.iterdir()) == []
    return error.value.reason


def opened(target: Path) -> Store:
    return Store.open(target, MasterKey.load(target / PLACED))


def keys_of(store: Store, person: Person) -> tuple[Account, AccountKeys]:
    device = person.device
    signed_in = store.read_now(
        devices.sign_in, store.server_keys, store.shred, device.username, device.password, Scope.IMAP, NOW
    )
    assert signed_in.keys is not None
    return signed_in.account, signed_in.keys


def read(store: Store, person: Person) -> list[bytes]:
    """All documents of a person, by arrival."""
    account, keys = keys_of(store, person)
    reader = Reader(store, account, keys, bytes)
    rows = statements.rows
    found = store.read_now(rows, "SELECT document_id FROM copy WHERE account_id = ? ORDER BY uid", (account.id,))

    async def bodies() -> list[bytes]:
        return [await reader.body(document_id) for (document_id,) in found]

    return asyncio.run(bodies())


def test_what_was_backed_up_is_read_again(vault: Vault, target: Path, anna: Person, bram: Person) -> None:
    vault.deliver(b"as a file", anna, bram)
    vault.office.deliver(b"inline", anna)
    made = vault.make()
    found = restored(vault, target, made)
    assert (found.manifest, found.erased, found.unknown, found.head) == (made.manifest, (), (), None)
    with opened(target) as store:
        assert read(store, anna) == [b"as a file", b"inline"]
        assert read(store, bram) == [b"as a file"]
        assert store.read_now(canary.check, store.server_keys, store.shred, store.bodies) == made.manifest.canary
        assert store.read_now(audit.verify, store.server_keys) is None
    assert (target / "postex.toml").read_bytes() == (vault.office.data / "postex.toml").read_bytes()
    assert (target / "master.key").stat().st_mode & 0o777 == 0o400
    assert not list(target.glob("*.partial*"))
    for path in target.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_destination_stands_for_its_newest_backup(vault: Vault, target: Path, anna: Person) -> None:
    vault.make()
    vault.deliver(b"hello", anna)
    made = vault.make(NOW + 1)
    found = restore.restore(vault.data, vault.keyring, target, vault.kit, place, NOW)
    assert found.manifest == made.manifest


def test_uids_and_mod_sequences_jump(vault: Vault, target: Path, anna: Person) -> None:
    vault.deliver(b"hello", anna)
    made = vault.make()
    sql = "SELECT id, uid_validity, uid_next, highest_modseq FROM mailbox ORDER BY id"
    before = vault.office.rows(sql)
    restored(vault, target, made)
    with opened(target) as store:
        after = store.read_now(statements.rows, sql)
        assert after == [(at, valid, uid + UID_JUMP, seq + UID_JUMP) for at, valid, uid, seq in before]
        seen = store.read_now(
            statements.rows, "SELECT min(modseq) FROM copy WHERE account_id = ?", (anna.account.id,)
        )
        assert seen[0][0] > UID_JUMP  # a client that kept flags asks for them again


def test_an_access_to_a_mailbox_does_not_come_back(vault: Vault, target: Path, anna: Person) -> None:
    """It may have been ended, or used up, after the backup."""
    store = vault.office.store
    scopes = frozenset({Scope.IMAP_READ})
    lock = (store.server_keys, store.shred, anna.account, anna.keys, "break-glass 1", scopes, NOW)
    made = store.write_now(devices.add, *lock, NOW + 90 * DAY, origin=Origin.BREAK_GLASS, actor="account:1")
    restored(vault, target, vault.make())
    with opened(target) as again, pytest.raises(SignInRefused):
        again.read_now(
            devices.sign_in, again.server_keys, again.shred, made.username, made.password, Scope.IMAP_READ, NOW
        )


def test_sessions_and_codes_that_waited_are_gone(vault: Vault, target: Path, anna: Person) -> None:
    store = vault.office.store
    lock = (store.server_keys, store.shred, anna.account, anna.keys)
    store.write_now(enrolment.add_enrolment, *lock, NOW)
    made = vault.make()
    restored(vault, target, made)
    with opened(target) as after:
        kinds = {kind for (kind,) in after.read_now(statements.rows, "SELECT kind FROM key_slot")}
        assert kinds == {"device", "canary"}


def test_a_role_taken_away_since_waits_for_its_review_and_the_admin_is_told(
    vault: Vault, target: Path, anna: Person, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is back, as is all that was changed after the backup, and no log of that is left."""
    store = vault.office.store
    give = partial(grants.grant, actor="system", granted_by=None)
    held = store.write_now(give, anna.account, Role.DOMAIN_ADMIN, anna.account.domain_id, NOW)
    made = vault.make()
    store.write_now(grants.revoke, held.id, NOW + 1, "system")
    monkeypatch.setattr("postex_tui.data_folder.now", lambda: NOW + DAY)
    monkeypatch.setattr("sys.stdin", StringIO(vault.kit.text))
    assert made.keyring_folder is not None
    command.restore(made.folder, made.keyring_folder, target, kit="-")
    said = " ".join(capsys.readouterr().out.split())
    for words in ("as before", "open mailboxes again", "`postex role review`; 1 wait", "`postex device revoke EMAIL"):
        assert words in said
    with opened(target) as after:
        waiting = after.read_now(partial(grants.due_for_review, domains=None), NOW + DAY)
    assert [(each.id, each.revoked_at) for each in waiting] == [(held.id, None)]


def test_an_erased_account_stays_erased(vault: Vault, target: Path, anna: Person, bram: Person) -> None:
    """The backup is 90 days old and holds anna whole; today's keyring does not know her."""
    name = vault.deliver(b"to anna alone", anna)
    vault.deliver(b"to both", anna, bram)
    old = vault.make()
    vault.office.store.shred.delete(anna.account.public_id)
    carla = vault.office.person("carla")
    kept = shutil.copytree(vault.data, vault.data.parent / "kept")
    today = vault.make(NOW + 90 * DAY)
    assert not old.folder.exists()  # the tool itself keeps none that long
    assert today.keyring_folder is not None
    found = restore.restore(kept / old.folder.name, today.keyring_folder, target, vault.kit, place, NOW + 90 * DAY)
    assert found.erased == (anna.account.public_id,)
    assert found.unknown == (carla.account.public_id,)
    with opened(target) as store:
        with pytest.raises(SignInRefused):
            keys_of(store, anna)
        with pytest.raises(NotFound):
            store.read_now(accounts.by_email, anna.account.email)
        assert store.read_now(accounts.by_id, anna.account.id).state is AccountState.ERASED
        for table in ("copy", "wrap", "key_slot", "identity_key", "device", "mailbox", "address"):
            sql = f"SELECT count(*) FROM {table} WHERE account_id = ?"
            assert store.read_now(statements.rows, sql, (anna.account.id,)) == [(0,)], table
        assert read(store, bram) == [b"to both"]
        assert name not in set(store.bodies.names())
        assert store.read_now(audit.verify, store.server_keys) is None


def test_an_erasure_that_waited_in_the_backup_goes_on_to_its_receipt(
    vault: Vault, target: Path, anna: Person, bram: Person
) -> None:
    """It was carried out since; those of others must not wait for it."""
    due, store = NOW + 14 * DAY, vault.office.store
    store.write_now(erasure.request, anna.account.id, by=None, due_at=due, now=NOW)
    store.write_now(erasure.request, bram.account.id, by=None, due_at=due, now=NOW)
    made = vault.make()
    store.shred.delete(anna.account.public_id)
    today = backup.make(store, vault.data, vault.keyring, 35, "operator", NOW + DAY)
    assert restored(vault, target, made, keyring=today.keyring_folder).erased == (anna.account.public_id,)
    with opened(target) as after:
        assert erasing.resume_all(after, NOW + DAY) == 1
        assert erasing.carry_out_due(after, due) == 1
        assert {done.state for done in after.read_now(erasure.page, domains=None)} == {erasure.State.DONE}


def test_a_backup_of_a_stranger_writes_nothing_elsewhere(vault: Vault, target: Path, anna: Person) -> None:
    """Anybody can seal a master key to the kit: what that key has signed is no more than well-formed."""
    vault.deliver(b"hello", anna)
    made = vault.make()
    outside = "../../../elsewhere"
    (vault.data / "bodies" / ".." / outside).resolve().write_bytes(b"")
    marks = (made.folder / "bodies.list").read_bytes() + manifests.list_bodies(
        {outside: manifests.mark_of_bytes(b"")}
    )
    (made.folder / "bodies.list").write_bytes(marks)
    files = {**made.manifest.files, "bodies.list": manifests.mark_of_bytes(marks)}
    manifests.write(made.folder, vault.office.store.server_keys, replace(made.manifest, files=files))
    assert refusal(vault, target, made) is BackupReason.ALTERED
    assert not (target / "bodies" / ".." / outside).resolve().exists()


def test_a_newer_head_is_said(vault: Vault, target: Path, anna: Person) -> None:
    made, store = vault.make(), vault.office.store
    vault.deliver(b"later", anna)
    head = store.read_now(audit_heads.signed_head, store.server_keys, NOW)
    assert restored(vault, target, made, head=head).head is audit_heads.Standing.CUT


def test_the_head_of_the_backup_holds(vault: Vault, target: Path) -> None:
    store = vault.office.store
    head = store.read_now(audit_heads.signed_head, store.server_keys, NOW)
    assert restored(vault, target, vault.make(), head=head).head is audit_heads.Standing.HOLDS


def test_the_head_of_another_bridge_is_refused(vault: Vault, target: Path) -> None:
    other = MasterKey.generate().derive()
    head = vault.office.store.read_now(audit_heads.signed_head, other, NOW)
    assert refusal(vault, target, vault.make(), head=head) is BackupReason.WRONG_HEAD


def test_a_folder_that_is_not_empty_is_refused_and_left(vault: Vault, target: Path) -> None:
    made = vault.make()
    target.mkdir(parents=True)
    (target / "letter.txt").write_bytes(b"mine")
    with pytest.raises(BackupRefused) as error:
        restored(vault, target, made)
    assert error.value.reason is BackupReason.NOT_EMPTY
    assert [path.name for path in target.iterdir()] == ["letter.txt"]
    with pytest.raises(BackupRefused, match="not-empty"):
        restored(vault, vault.office.data, made)


def test_another_kit_is_refused(vault: Vault, target: Path) -> None:
    assert refusal(vault, target, vault.make(), kit=RecoveryKit.generate()) is BackupReason.WRONG_KIT


def test_an_older_keyring_is_refused(vault: Vault, target: Path) -> None:
    """It would make accounts look erased that were made after it."""
    first, second = vault.make(), vault.make(NOW + DAY)
    assert refusal(vault, target, second, keyring=first.keyring_folder) is BackupReason.OLDER_KEYRING


def test_an_incomplete_backup_is_refused(vault: Vault, target: Path) -> None:
    made = vault.make()
    (made.folder / manifests.NAME).unlink()
    assert refusal(vault, target, made) is BackupReason.INCOMPLETE
    shutil.rmtree(made.folder)
    assert refusal(vault, target, made) is BackupReason.NO_BACKUP


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("harm", [flip, cut, remove])
@pytest.mark.parametrize("name", ["database.db", "bodies.list", "postex.toml", "master.sealed", "manifest.json"])
def test_altered_files_are_refused(vault: Vault, target: Path, name: str, harm: Callable[[Path], None]) -> None:
    made = vault.make()
    harm(made.folder / name)
    expected = {
        ("master.sealed"): BackupReason.WRONG_KIT,
        ("manifest.json"): BackupReason.INCOMPLETE if harm is remove else BackupReason.ALTERED,
    }.get(name, BackupReason.ALTERED)
    if (name, harm) == ("manifest.json", cut):
        harm(made.folder / name)  # the first byte that goes is the newline at the end
    assert refusal(vault, target, made) is expected


@pytest.mark.parametrize("harm", [flip, cut, remove])
def test_an_altered_body_is_refused_by_name(
    vault: Vault, target: Path, anna: Person, harm: Callable[[Path], None]
) -> None:
    name = vault.deliver(b"hello", anna)
    made = vault.make()
    harm(vault.data / "bodies" / name[:2] / name)
    assert refusal(vault, target, made) is BackupReason.ALTERED
    with pytest.raises(BackupRefused, match=name):
        restored(vault, target, made)


@pytest.mark.parametrize("harm", [flip, cut, remove])
def test_an_altered_keyring_is_refused(vault: Vault, target: Path, harm: Callable[[Path], None]) -> None:
    made = vault.make()
    assert made.keyring_folder is not None
    harm(made.keyring_folder / "keyring.db")
    assert refusal(vault, target, made) is BackupReason.ALTERED


def test_the_keyring_of_another_bridge_is_refused(vault: Vault, target: Path, tmp_path: Path) -> None:
    made, other = vault.make(), tmp_path / "other"
    Store.create(other, master := MasterKey.generate())
    assert made.keyring_folder is not None
    forged = shutil.copytree(made.keyring_folder, tmp_path / "forged")
    manifest = manifests.read_keyring(forged, vault.office.store.server_keys)
    shutil.copyfile(other / "keyring.db", forged / "keyring.db")
    (forged / manifests.NAME).unlink()
    manifests.write(forged, master.derive(), manifest)
    assert refusal(vault, target, made, keyring=forged) is BackupReason.WRONG_KEYRING


def test_a_restore_cut_off_anywhere_is_cleared_by_the_next(
    vault: Vault, target: Path, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a kill leaves the folder: nobody cleans up."""
    vault.deliver(b"hello", anna)
    made = vault.make()

    def killed(_: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(restore, "_finish", killed)
        patch.setattr(restore, "_clear", lambda _: None)
        with pytest.raises(KeyboardInterrupt):
            restored(vault, target, made)
    assert (target / restore.MARK).exists()
    with pytest.raises(NotFound):
        opened(target)
    restored(vault, target, made)
    with opened(target) as store:
        assert read(store, anna) == [b"hello"]


def test_verify_opens_a_backup_from_end_to_end(vault: Vault, anna: Person) -> None:
    name = vault.deliver(b"hello", anna)
    made, keys = vault.make(), vault.office.store.server_keys
    for keyring in (vault.keyring, made.keyring_folder, vault.office.data / "keyring.db"):
        assert keyring is not None
        found = verification.verify(vault.data, keys, keyring)
        assert (found.folder, found.manifest, found.canary) == (made.folder, made.manifest, True)
    before = {path: path.stat().st_mtime_ns for path in vault.data.rglob("*")}
    verification.verify(vault.data, keys, vault.keyring)
    assert {path: path.stat().st_mtime_ns for path in vault.data.rglob("*")} == before
    flip(vault.data / "bodies" / name[:2] / name)
    with pytest.raises(BackupRefused, match=name):
        verification.verify(vault.data, keys, vault.keyring)


def test_verify_says_when_the_keyring_does_not_fit(vault: Vault) -> None:
    made, keys = vault.make(), vault.office.store.server_keys
    assert made.manifest.canary is not None
    vault.office.store.shred.delete(made.manifest.canary)
    with pytest.raises(BackupRefused, match="wrong-keyring"):
        verification.verify(vault.data, keys, vault.office.data / "keyring.db")


def test_what_waited_in_the_outbox_is_not_done_again_by_itself(vault: Vault, target: Path, anna: Person) -> None:
    """It may have been carried out after the backup: once restored, only a person says whether it was."""
    leave(vault.office.store, anna.account, NOW)
    dead = job_of(vault.office.store, leave(vault.office.store, anna.account, NOW))
    vault.office.store.write_now(jobs.park, dead, JobState.DEAD, "no-paper", NOW)
    found = restored(vault, target, vault.make())
    assert found.uncertain == 1
    with opened(target) as store:
        rooms = [jobs.Room(kind, 100, {}) for kind in JobKind]
        assert store.read_now(jobs.due, NOW + 100 * DAY, rooms).jobs == ()
        states = store.read_now(statements.rows, "SELECT state, problem, due_at FROM job ORDER BY id")
    assert states == [("uncertain", restore.RESTORED, NOW + DAY), ("dead", "no-paper", NOW)]


@pytest.mark.parametrize(
    ("days", "ladder", "settles", "then"),
    [
        (5, "3:remind 7:paper", None, "waiting"),
        (8, "3:remind 7:paper", True, "handed-off"),
        (8, "3:email 7:paper", False, "leaving"),
    ],
)
def test_a_step_of_a_ladder_that_may_have_been_done_is_not_done_again_by_itself(
    vault: Vault, target: Path, anna: Person, days: int, ladder: str, settles: bool | None, then: str
) -> None:
    """Its day came between the backup and now: the letter may be in the post already."""
    store = vault.office.store
    delivery = leave(store, anna.account, NOW, ladder=Ladder.parse(ladder))
    store.write_now(statements.run, "DELETE FROM job")
    store.write_now(statements.run, "UPDATE delivery SET state = 'waiting', ladder_due_at = ?", (NOW + 3 * DAY,))
    made = vault.make()
    found = restored(vault, target, made, now=NOW + days * DAY)
    assert found.uncertain == (0 if settles is None else 1)
    with opened(target) as again:
        due = [each.delivery_id for each in again.read_now(ladder_runs.due, NOW + 100 * DAY, 9)]
        assert due == ([delivery.id] if settles is None else []), "its ladder waits for a person"
        if settles is not None:
            ((job, key, state),) = again.read_now(statements.rows, "SELECT id, key, state FROM job")
            step = "1:email" if "email" in ladder else "2:paper"
            assert (key, state) == (f"{delivery.public_id}:ladder:{step}", "uncertain")
            again.write_now(letters.settle, job, done=settles, now=NOW + days * DAY, actor="test")
        assert again.read_now(deliveries.get, delivery.id).state == then
