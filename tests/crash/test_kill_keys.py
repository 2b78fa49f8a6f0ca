"""kill -9 at random moments of a rotation and of a reset's use: the old keys hold everywhere, or the new ones do."""

import asyncio
import os
import random
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from storage.access import devices, passwords, recovery_codes, renewal, resets, rotation
from storage.database import Store
from storage.engine import statements
from storage.errors import SignInRefused
from storage.keys.envelope import seal_document
from storage.keys.keyring import AccountKeys
from storage.keys.master import MasterKey
from storage.mail import documents, mailboxes
from storage.mail.documents import DeliveryDraft
from storage.mail.reading import Reader
from storage.oversight import audit
from storage.people import accounts, domains
from storage.people.accounts import AccountDraft
from storage.records import Account, DeviceCredentials, DomainMode, Role, Scope
from tests import stores
from tests.warm import Warm

from .keys_driver import CHEAP, EMAIL, NOW, PASSWORD

KILLS = int(os.environ.get("SOAK_KEY_KILLS", "24"))
LETTERS = 400
FOLDERS = ("work", "work/invoices", "privé")


@dataclass
class Folder:
    """A data folder with Anna, her letters (half of them read before), and what opens her account."""

    data: Path
    master: MasterKey
    device: DeviceCredentials
    code: str
    """Of a reset that brings a new key."""
    old_codes: tuple[str, ...]

    def copied_to(self, target: Path) -> Path:
        shutil.copytree(self.data, target)
        return target


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    data = tmp_path_factory.mktemp("keys") / "data"
    master = stores.create(data)
    with stores.opened(data) as store:
        domain = store.write_now(domains.create, "example.test", DomainMode.PRIVATE, "NL", NOW)
        anna, keys = made(store, "anna", domain)
        admin, admin_keys = made(store, "admin", domain)
        lock = (store.server_keys, store.shred)
        device = store.write_now(devices.add, *lock, anna, keys, "phone", frozenset({Scope.IMAP}), NOW)
        for name in FOLDERS:
            store.write_now(mailboxes.create, anna.id, keys, name, NOW)
        codes = store.write_now(recovery_codes.replace, *lock, anna, keys, NOW, "system")
        for number in range(LETTERS):
            deliver(store, b"letter %d" % number)
            if number == LETTERS // 2:
                asyncio.run(read(store, anna, keys))
        reset = store.write_now(resets.reset_by_admin, *lock, admin, admin_keys, anna, NOW, may_close=True)
        return Folder(data, master, device, reset.code.code, codes)


def made(store: Store, name: str, domain: domains.Domain) -> tuple[Account, AccountKeys]:
    draft = AccountDraft(f"{name}@example.test", name, Role.RECIPIENT)
    return store.write_now(accounts.create, store.shred, draft, domain, NOW)


def deliver(store: Store, message: bytes) -> None:
    reader = store.read_now(accounts.recipient, EMAIL)
    assert reader is not None
    sealed = seal_document(message, b"card", (reader,))
    store.write_now(documents.deliver, DeliveryDraft(sealed, (reader,), (reader.inbox_id,), NOW, 100), NOW)


async def read(store: Store, account: Account, keys: AccountKeys) -> list[bytes]:
    """Every letter that a folder of the account shows; fails for one that is refused."""
    found: list[bytes] = []
    reader = Reader(store, account, keys, bytes)
    for mailbox in store.read_now(mailboxes.listing, account.id, keys):
        copies = store.read_now(mailboxes.select, mailbox.id, keys).copies
        found += [await reader.body(copy.document_id) for copy in copies]
        assert all(isinstance(card, bytes) for card in (await reader.cards([c.document_id for c in copies])).values())
    return sorted(found)


def kill_while(kind: str, data: Path, secret: str, seconds: float) -> bool:
    """Kill the driver `seconds` after it began to write; whether it had said that it was done."""
    command = [sys.executable, "-m", "tests.crash.keys_driver", kind, str(data)]
    with Warm(command) as process:
        assert process.stdout.readline() == "ready\n"
        process.stdin.write(f"{secret}\n")
        process.stdin.flush()
        assert process.stdout.readline() == "under way\n"
        time.sleep(seconds)
        process.kill()
        return process.stdout.read() == "done\n"


def by_device(store: Store, folder: Folder) -> AccountKeys | None:
    opener = (store.server_keys, store.shred, EMAIL, folder.device.password)
    try:
        return store.read_now(devices.sign_in, *opener, Scope.IMAP, NOW).keys
    except SignInRefused:
        return None


def by_password(store: Store, account: Account) -> AccountKeys | None:
    stretched = passwords.stretch(PASSWORD, CHEAP)
    try:
        return store.read_now(passwords.open_account, store.server_keys, store.shred, account, stretched)
    except SignInRefused:
        return None


def letters() -> list[bytes]:
    return sorted(b"letter %d" % number for number in range(LETTERS))


def settled(folder: Folder, data: Path, kind: str) -> bool:
    """Whether the new keys hold; fails for anything in between."""
    with Store.open(data, folder.master) as store:
        assert store.read_now(audit.verify, store.server_keys) is None
        account = store.read_now(accounts.by_email, EMAIL)
        old, new = by_device(store, folder), by_password(store, account)
        assert (old is None) is not (new is None), "both ways open, or none"
        if old is not None:
            assert account.generation == 1
            assert asyncio.run(read(store, account, old)) == letters()
            check_old_codes(store, account, folder, work=True)
            assert names(store, account, old) >= set(FOLDERS)
            return False
        assert new is not None
        assert account.generation == 2
        check_old_codes(store, account, folder, work=False)
        check_new(store, account, new, kind, folder)
        return True


def check_new(store: Store, account: Account, keys: AccountKeys, kind: str, folder: Folder) -> None:
    if kind == "rotation":
        assert asyncio.run(read(store, account, keys)) == letters()
        assert names(store, account, keys) >= set(FOLDERS)
        return
    assert asyncio.run(read(store, account, keys)) == []
    assert store.read_now(renewal.closed_documents, account.id) == LETTERS
    lock = (store.server_keys, store.shred)
    assert store.write_now(renewal.reopen, *lock, account, keys, folder.old_codes[0], NOW) == LETTERS
    assert asyncio.run(read(store, account, keys)) == letters()


def names(store: Store, account: Account, keys: AccountKeys) -> set[str]:
    return {mailbox.name for mailbox in store.read_now(mailboxes.listing, account.id, keys)}


def check_old_codes(store: Store, account: Account, folder: Folder, *, work: bool) -> None:
    opener = (store.server_keys, store.shred, account, folder.old_codes[1])
    try:
        store.read_now(recovery_codes.open_account, *opener)
    except SignInRefused:
        assert not work
    else:
        assert work


@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind", ["rotation", "reset"])
def test_killed_at_any_moment_there_are_the_old_keys_or_the_new(folder: Folder, tmp_path: Path, kind: str) -> None:
    rng, outcomes = random.Random(kind), []
    secret = folder.device.password if kind == "rotation" else folder.code
    for number in range(KILLS):
        data = folder.copied_to(tmp_path / f"life-{number}")
        told = kill_while(kind, data, secret, rng.choice((0.005, 0.02, 0.08, 0.5)) * rng.random())
        renewed = settled(folder, data, kind)
        assert renewed or not told, "it had said that it was done"
        outcomes.append(renewed)
        shutil.rmtree(data)
    assert {True, False} == set(outcomes), "kills came too early or too late"


def test_a_rotation_that_is_not_one_transaction_is_caught(folder: Folder, tmp_path: Path) -> None:
    """The control: documents moved, and the rest never."""
    data = folder.copied_to(tmp_path / "data")
    with Store.open(data, folder.master) as store:
        keys, account = by_device(store, folder), store.read_now(accounts.by_email, EMAIL)
        assert keys is not None
        prepared = store.read_now(rotation.prepare, account, keys)
        store.write_now(rotation._move_documents, account, keys, prepared)
        assert store.read_now(statements.row, "SELECT count(*) FROM wrap WHERE generation = 2") == (LETTERS,)
    with pytest.raises(Exception, match="seal does not open"):
        settled(folder, data, "rotation")
