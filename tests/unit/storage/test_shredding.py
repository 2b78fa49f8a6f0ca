"""Shred secrets: there when acknowledged, and gone from every file once deleted."""

import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from sqlcipher3 import dbapi2 as sqlcipher

from storage.errors import Conflict, NotFound, Tampered, WriterUnavailable
from storage.shredding import ShredSecrets

KEY = bytes(range(32))
PAGE, RESERVED, SALT = 4096, 80, 16


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keyring.db"


@pytest.fixture
def secrets(path: Path) -> Iterator[ShredSecrets]:
    opened = ShredSecrets(path, KEY)
    yield opened
    opened.close()


def reopened(path: Path) -> ShredSecrets:
    return ShredSecrets(path, KEY)


def in_clear(path: Path) -> bytes:
    """All pages decrypted, free space included: AES-256-CBC, the nonce in the reserve at the end of each page."""
    data, pages = path.read_bytes(), []
    for at in range(0, len(data), PAGE):
        page = data[at : at + PAGE]
        start = SALT if at == 0 else 0
        nonce = page[PAGE - RESERVED : PAGE - RESERVED + 16]
        decryptor = Cipher(algorithms.AES256(KEY), modes.CBC(nonce)).decryptor()
        pages.append(decryptor.update(page[start : PAGE - RESERVED]))
    return b"".join(pages)


def test_a_secret_outlives_the_process(secrets: ShredSecrets, path: Path) -> None:
    made = secrets.create("anna")
    assert len(made) == 32
    assert secrets.get("anna") == made
    again = reopened(path)
    assert again.get("anna") == made
    again.close()


def test_secrets_differ_and_are_listed(secrets: ShredSecrets) -> None:
    assert secrets.create("anna") != secrets.create("bram")
    assert secrets.names() == {"anna", "bram"}


def test_an_account_has_one_secret(secrets: ShredSecrets) -> None:
    made = secrets.create("anna")
    with pytest.raises(Conflict):
        secrets.create("anna")
    assert secrets.get("anna") == made


def test_a_deleted_secret_is_gone_from_memory_and_file(secrets: ShredSecrets, path: Path) -> None:
    secrets.create("anna")
    secrets.delete("anna")
    secrets.delete("anna")
    again = reopened(path)
    for each in (secrets, again):
        assert each.names() == frozenset()
        with pytest.raises(NotFound):
            each.get("anna")
    again.close()


def test_no_byte_of_a_deleted_secret_is_left_in_any_file(secrets: ShredSecrets, path: Path) -> None:
    made = {name: secrets.create(name) for name in map(str, range(300))}
    assert all(secret in in_clear(path) for secret in made.values()), "the control must find them"
    for name in list(made)[::2]:
        secrets.delete(name)
        secret = made.pop(name)
        assert secret[:8] not in in_clear(path)
    assert all(secret in in_clear(path) for secret in made.values())
    assert os.listdir(path.parent) == ["keyring.db"]


def test_without_secure_delete_it_would_be_left(path: Path, secrets: ShredSecrets) -> None:
    """The control: what shows that the test above can fail."""
    made = secrets.create("anna")
    secrets.close()
    careless = sqlcipher.connect(str(path), isolation_level=None)
    careless.execute(f"PRAGMA key = \"x'{KEY.hex()}'\"")
    careless.execute("PRAGMA secure_delete = OFF")
    careless.execute("DELETE FROM shred_secret")
    careless.close()
    assert made[8:] in in_clear(path)


def test_the_file_is_private_and_holds_nothing_in_clear(secrets: ShredSecrets, path: Path) -> None:
    made = secrets.create("account-anna")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for canary in (made, b"account-anna", b"shred_secret", b"SQLite"):
        assert canary not in path.read_bytes()


def test_a_commit_waits_for_the_disk(secrets: ShredSecrets) -> None:
    """EXTRA (3): FULL, and the folder is synced after the journal is unlinked, so that it cannot come back."""
    assert [secrets._execute(f"PRAGMA {name}") for name in ("synchronous", "journal_mode", "secure_delete")] == [
        [(3,)],
        [("delete",)],
        [(1,)],
    ]


def test_another_key_does_not_open_it(secrets: ShredSecrets, path: Path) -> None:
    secrets.create("anna")
    with pytest.raises(Tampered):
        ShredSecrets(path, bytes(32))


def test_a_missing_file_is_made_only_if_asked(path: Path) -> None:
    with pytest.raises(NotFound, match="put the file back"):
        ShredSecrets(path, KEY, make=False)
    assert not path.exists()
    ShredSecrets(path, KEY).close()
    ShredSecrets(path, KEY, make=False).close()


def test_a_damaged_page_costs_only_the_accounts_on_it(secrets: ShredSecrets, path: Path) -> None:
    made = {name: secrets.create(name) for name in map(str, range(400))}
    secrets.close()
    raw = bytearray(path.read_bytes())
    raw[PAGE * 3 + 100] ^= 1
    path.write_bytes(raw)
    refused = 0
    for name, secret in made.items():
        try:
            assert secrets.get(name) == secret
        except Tampered:
            refused += 1
    assert 0 < refused < 150
    with pytest.raises(Tampered):
        secrets.names()


def test_every_flipped_page_is_seen(secrets: ShredSecrets, path: Path) -> None:
    for name in map(str, range(100)):
        secrets.create(name)
    secrets.close()
    whole = path.read_bytes()
    for at in range(50, len(whole), PAGE):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x80]) + whole[at + 1 :])
        with pytest.raises(Tampered):
            ShredSecrets(path, KEY).names()
    path.write_bytes(whole)
    assert len(reopened(path).names()) == 100


def test_damage_prints_nothing(secrets: ShredSecrets, path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    secrets.create("anna")
    with pytest.raises(Tampered):
        ShredSecrets(path, bytes(32))
    assert capfd.readouterr() == ("", "")


def test_a_locked_file_is_not_now(secrets: ShredSecrets, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.shredding._PATIENCE", 0.01)
    made = secrets.create("anna")
    secrets.close()
    other = sqlcipher.connect(str(path), isolation_level=None)
    other.execute(f"PRAGMA key = \"x'{KEY.hex()}'\"")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(WriterUnavailable):
        secrets.create("bram")
    other.execute("ROLLBACK")
    other.close()
    assert secrets.get("anna") == made
    assert len(secrets.create("bram")) == 32


def test_the_memory_is_bounded_and_the_file_answers_for_the_rest(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.shredding._REMEMBERED", 3)
    secrets = ShredSecrets(path, KEY)
    made = {name: secrets.create(name) for name in "abcdef"}
    assert {name: secrets.get(name) for name in made} == made
    assert len(secrets._remembered) == 3
    secrets.close()


def test_threads_share_it(secrets: ShredSecrets) -> None:
    made: dict[str, bytes] = {}

    def work(worker: int) -> None:
        for number in range(10):
            name = f"{worker}-{number}"
            made[name] = secrets.create(name)
            if number % 2:
                secrets.delete(name)
                del made[name]

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert secrets.names() == set(made)
    assert {name: secrets.get(name) for name in made} == made
