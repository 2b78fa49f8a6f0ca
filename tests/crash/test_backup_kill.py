"""kill -9 in a backup or a restore: the source is unharmed, nothing half passes for whole, the next run works."""

import os
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from storage.backups import backup, canary, destinations, verification
from storage.database import Store
from storage.engine import server_facts, statements
from storage.engine.bodies import new_name
from storage.engine.server_facts import Fact
from storage.errors import NotFound
from storage.keys.envelope import seal_document
from storage.keys.master import MasterKey
from storage.keys.recovery import RecoveryKit, seal_master
from storage.mail import documents
from storage.mail.documents import DeliveryDraft
from storage.people import accounts
from storage.people import domains as domains_of
from storage.people.accounts import AccountDraft
from storage.records import DomainMode, Role
from tests import stores, warm
from tests.warm import Warm

NOW = 1_760_000_000
DOCUMENTS = 150
KILLS = 12
LONGEST = 1.0
"""Seconds: a restore of this folder takes about half of it."""


@dataclass(frozen=True)
class Place:
    data: Path
    master: MasterKey
    kit: RecoveryKit
    backups: Path
    keyrings: Path


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A data folder with some hundred bodies as files, on which nobody works."""
    data, kit = tmp_path / "data", RecoveryKit.generate()
    master = stores.create(data)
    (data / "recovery").mkdir()
    (data / "recovery" / "master.sealed").write_bytes(seal_master(kit.public_key, master))
    with Store.open(data, master) as store:
        domain = store.write_now(domains_of.create, "example.test", DomainMode.MANAGED, "NL", NOW)
        store.write_now(server_facts.put, Fact.KIT_PUBLIC_KEY, kit.public_key)
        store.write_now(canary.ensure, store.server_keys, store.shred, store.bodies, NOW)
        draft = AccountDraft("anna@example.test", "Anna", Role.RECIPIENT)
        store.write_now(accounts.create, store.shred, draft, domain, NOW)
        reader = store.read_now(accounts.recipient, "anna@example.test")
        assert reader is not None
        for _ in range(DOCUMENTS):
            sealed, name = seal_document(bytes(20_000), b"", (reader,)), new_name()
            store.bodies.write(name, sealed.sealed_body)
            delivery = DeliveryDraft(sealed, (reader,), (reader.inbox_id,), NOW, 20_000, name)
            store.write_now(documents.deliver, delivery, NOW)
    return Place(data, master, kit, tmp_path / "backups", tmp_path / "keyrings")


def driven(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "tests.crash.backup_driver", *map(str, arguments)]


def kill_after(seconds: float, *arguments: str | Path) -> int:
    """Start the driver; SIGKILL so long after it is ready. Its exit status."""
    with open(os.devnull, "w") as nowhere, Warm(driven(*arguments), stderr=nowhere) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(seconds)
        process.kill()
        return process.wait()


def whole(data: Path, master: MasterKey) -> None:
    """The folder opens, its canary too, and every body that a document names is there."""
    with Store.open(data, master) as store:
        store.read_now(canary.check, store.server_keys, store.shred, store.bodies)
        named = store.read_now(statements.rows, "SELECT body_name FROM document")
        assert {name for (name,) in named} == set(store.bodies.names())
        assert len(named) == DOCUMENTS + 1


@pytest.mark.timeout(400)
def test_a_killed_backup_is_none(place: Place) -> None:
    rng, keys, found, cut_off = random.Random(1), place.master.derive(), 0, 0
    for _ in range(KILLS):
        kill_after(rng.uniform(0, LONGEST), "back-up", place.data, place.backups, place.keyrings)
        if not place.backups.exists():
            continue
        folders, complete = destinations.folders(place.backups), destinations.whole(place.backups)
        cut_off += len(folders) - len(complete)
        for folder in complete[-2:]:
            verification.verify(folder, keys, place.data / "keyring.db")
            found += 1
        whole(place.data, place.master)
    assert found
    assert cut_off, "no kill hit a backup"


@pytest.mark.timeout(400)
def test_a_killed_restore_is_no_data_folder_and_the_next_one_works(place: Place, tmp_path: Path) -> None:
    with Store.open(place.data, place.master) as store:
        backup.make(store, place.backups, place.keyrings, 35, "operator", NOW)
    kit, target, rng, cut_off = tmp_path / "kit", tmp_path / "new", random.Random(2), 0
    kit.write_text(place.kit.text)
    for _ in range(KILLS):
        kill_after(rng.uniform(0, LONGEST / 2), "restore", place.backups, place.keyrings, target, kit)
        if (target / "postex.db").exists():
            whole(target, place.master)
            target.rename(tmp_path / f"done-{rng.random()}")
        elif target.exists():
            cut_off += 1
            with pytest.raises(NotFound):
                Store.open(target, place.master)
    assert cut_off, "no kill hit a restore"
    done = warm.run(driven("restore", place.backups, place.keyrings, target, kit))
    assert done.returncode == 0
    whole(target, place.master)
