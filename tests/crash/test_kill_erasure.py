"""kill -9 at random moments of an erasure: after the next start it is complete or was never begun; and what is left
of an erased account in any file is nothing.
"""

import os
import random
import shutil
import sys
import time
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from storage.access import devices
from storage.database import Store
from storage.engine import statements
from storage.erasures import erasing, live_places
from storage.errors import NotFound, SignInRefused
from storage.keys.envelope import seal_document
from storage.keys.keyring import AccountKeys
from storage.keys.master import MasterKey
from storage.mail import documents
from storage.mail.documents import DeliveryDraft
from storage.mail.reading import Reader
from storage.people import accounts, domains
from storage.people.accounts import AccountDraft
from storage.records import Account, AccountState, DeviceCredentials, DomainMode, Recipient, Role, Scope
from tests import stores, warm
from tests.warm import Warm

NOW = 1_760_000_000
KILLS = int(os.environ.get("SOAK_ERASURE_KILLS", "45"))
LETTERS = 60
PAGE, RESERVED = 4096, 80
SHARED = b"Subject: shared\r\n\r\nboth read this\r\n"
PHONE, NAME, LEGAL = "+31 6 24681357", "Kanarievogel Anna", "Zwaluwstaart Holding"
CONTACT = "ijsvogel@elders.test"
CLIENT = "Boomklever Mail 7"
LABELS = {"anna": "Zilverreiger", "bram": "phone"}


class Outcome(Enum):
    NOT_BEGUN = auto()
    CUT_OFF = auto()
    COMPLETE = auto()


@dataclass
class Person:
    account: Account
    keys: AccountKeys
    recipient: Recipient
    device: DeviceCredentials


@dataclass
class Folder:
    """A data folder with anna, who is to go, and bram, who shares a letter with her."""

    data: Path
    master: MasterKey
    anna: Person
    bram: Person
    secrets: dict[str, bytes]
    """What of anna must not be found any more, by name."""

    def copied_to(self, target: Path) -> Path:
        shutil.copytree(self.data, target)
        return target

    def store(self, data: Path) -> Store:
        return Store.open(data, self.master)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    data = tmp_path_factory.mktemp("erasure") / "data"
    master = stores.create(data)
    with stores.opened(data) as store:
        store.write_now(domains.create, "example.test", DomainMode.MANAGED, "NL", NOW)
        anna, bram = person(store, "anna"), person(store, "bram")
        fill(store, anna, bram)
        found = Folder(data, master, anna, bram, secrets_of(store, anna))
        assert found.secrets["wrap 0"]
    return found


def person(store: Store, name: str) -> Person:
    domain = store.read_now(domains.by_name, "example.test")
    draft = AccountDraft(f"{name}@example.test", NAME if name == "anna" else "Bram", Role.RECIPIENT)
    account, keys = store.write_now(accounts.create, store.shred, draft, domain, NOW)
    device = store.write_now(
        devices.add, store.server_keys, store.shred, account, keys, LABELS[name], frozenset({Scope.IMAP}), NOW
    )
    recipient = store.read_now(accounts.recipient, account.email)
    assert recipient is not None
    return Person(account, keys, recipient, device)


def fill(store: Store, anna: Person, bram: Person) -> None:
    for number in range(LETTERS):
        deliver(store, b"Subject: %d\r\n\r\nfor anna\r\n" % number, anna, large=number % 6 == 0)
    deliver(store, SHARED, anna, bram)
    store.write_now(
        statements.run,
        "UPDATE account SET phone = ?, legal_name = ?, contact_email = ? WHERE id = ?",
        (PHONE, LEGAL, CONTACT, anna.account.id),
    )
    store.write_now(
        statements.run, "UPDATE device SET last_client = ? WHERE account_id = ?", (CLIENT, anna.account.id)
    )


def deliver(store: Store, message: bytes, *people: Person, large: bool = False) -> None:
    readers = tuple(each.recipient for each in people)
    sealed, name = seal_document(message, b"card", readers), None
    if large:
        name = os.urandom(16).hex()
        store.bodies.write(name, sealed.sealed_body)
    inboxes = tuple(each.inbox_id for each in readers)
    draft = DeliveryDraft(sealed, readers, inboxes, NOW, len(message), name)
    store.write_now(documents.deliver, draft, NOW)


def secrets_of(store: Store, anna: Person) -> dict[str, bytes]:
    found: dict[str, bytes] = {
        "shred secret": store.shred.get(anna.account.public_id),
        "account key": anna.keys.account_key,
        "address": b"anna@example.test",
        "label": LABELS["anna"].encode(),
    }
    found |= {text: text.encode() for text in (PHONE, NAME, LEGAL, CONTACT, CLIENT)}
    for what, sql in (
        ("wrap", "SELECT sealed_wrap FROM wrap WHERE account_id = ?"),
        ("slot", "SELECT sealed_key FROM key_slot WHERE account_id = ?"),
        ("identity key", "SELECT sealed_private FROM identity_key WHERE account_id = ?"),
        ("public key", "SELECT public_key FROM identity_key WHERE account_id = ?"),
        (
            "folder",  # those that choose are called the same for everybody
            "SELECT name_tag FROM mailbox WHERE account_id = ? AND coalesce(special, '') NOT LIKE 'delivery-%'",
        ),
    ):
        rows = store.read_now(statements.rows, sql, (anna.account.id,))
        found |= {f"{what} {number}": row[0] for number, row in enumerate(rows)}
    return found


def kill_while_erasing(folder: Folder, data: Path, seconds: float, *, once_begun: bool) -> None:
    """Kill an erasure `seconds` after its start, or after the commit that begins it."""
    command = [sys.executable, "-m", "tests.crash.erasure_driver", str(data), folder.anna.account.email]
    with Warm(command) as process:
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("go\n")
        process.stdin.flush()
        if once_begun:
            assert process.stdout.readline() == "begun\n"
        time.sleep(seconds)
        process.kill()


@pytest.mark.timeout(600)
def test_a_killed_erasure_is_complete_or_was_never_begun(folder: Folder, tmp_path: Path) -> None:
    rng, outcomes = random.Random(3), []
    for number in range(KILLS):
        data = folder.copied_to(tmp_path / f"life-{number}")
        kill_while_erasing(folder, data, rng.choice((0.003, 0.03, 0.1)) * rng.random(), once_begun=number % 4 > 0)
        outcomes.append(settled(folder, data))
        shutil.rmtree(data)
    assert outcomes.count(Outcome.CUT_OFF) > KILLS // 4, outcomes


def settled(folder: Folder, data: Path) -> Outcome:
    """Open it again as the bridge does, and see what became of anna. Fails for anything in between."""
    with folder.store(data) as store:
        if store.read_now(accounts.by_id, folder.anna.account.id).state is not AccountState.ERASED:
            check_untouched(store, folder)
            return Outcome.NOT_BEGUN
        assert not signs_in(store, folder.anna), "half a state was seen"
        with pytest.raises(NotFound):
            store.read_now(accounts.resolve, folder.anna.account.email)
        resumed = erasing.resume_all(store, NOW)
        check_erased(store, folder)
        return Outcome.CUT_OFF if resumed else Outcome.COMPLETE


def check_untouched(store: Store, folder: Folder) -> None:
    assert signs_in(store, folder.anna)
    assert store.read_now(accounts.recipient, folder.anna.account.email) is not None
    assert len(store.read_now(documents.copies_of, folder.anna.recipient.inbox_id)) == LETTERS + 1


def check_erased(store: Store, folder: Folder) -> None:
    assert not any(store.read_now(live_places.of_account, folder.anna.account.id).values())
    assert folder.anna.account.public_id not in store.shred.names()
    assert list(store.bodies.names()) == []
    assert store.read_now(statements.rows, "SELECT state, receipt IS NOT NULL FROM erasure") == [("done", 1)]
    assert signs_in(store, folder.bram)


def signs_in(store: Store, person: Person) -> bool:
    try:
        store.read_now(
            devices.sign_in,
            store.server_keys,
            store.shred,
            person.device.username,
            person.device.password,
            Scope.IMAP,
            NOW,
        )
    except SignInRefused:
        return False
    return True


# --- canaries ---


def erased(folder: Folder, data: Path) -> None:
    command = [sys.executable, "-m", "tests.crash.erasure_driver", str(data), folder.anna.account.email]
    done = warm.run(command, "go\n")
    assert done.stdout.endswith("done\n"), done.stderr


def hits(folder: Folder, content: bytes) -> set[str]:
    return {name for name, secret in folder.secrets.items() if secret and secret in content}


def opened_whole(folder: Folder, data: Path) -> bytes:
    """Everything that the master key opens: each value of each row of both databases, freed pages apart."""
    with folder.store(data) as store:
        tables = store.read_now(statements.rows, "SELECT name FROM sqlite_schema WHERE type = 'table'")
        rows = [
            value
            for (table,) in tables
            for row in store.read_now(statements.rows, "SELECT * FROM ?t".replace("?t", f'"{table}"'))
            for value in row
        ]
        named = sorted(store.shred.names())
        rows += [store.shred.get(name) for name in named]
    return b"\0".join(value if isinstance(value, bytes) else str(value).encode() for value in [*rows, *named])


def pages_in_clear(path: Path, key: bytes) -> bytes:
    """All pages of a database as plain SQLite, freed ones too: what who has the key could make of the file.

    SQLCipher 4: pages of 4096 bytes, at the end of each 16 bytes of IV and 64 of MAC; the first begins with salt.
    """
    clear, content = [], path.read_bytes()
    for start in range(0, len(content), PAGE):
        page = content[start : start + PAGE]
        sealed, vector = page[16 if start == 0 else 0 : -RESERVED], page[-RESERVED:][:16]
        decryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
        clear.append(decryptor.update(sealed) + decryptor.finalize())
    return b"".join(clear)


def test_nothing_of_an_erased_account_is_left_in_any_file(folder: Folder, tmp_path: Path) -> None:
    data = folder.copied_to(tmp_path / "data")
    before = opened_whole(folder, data)
    assert hits(folder, before) >= {"shred secret", "address", PHONE, NAME, "wrap 0", "slot 0", "identity key 0"}
    erased(folder, data)
    assert hits(folder, opened_whole(folder, data)) == set()
    for file in (path for path in data.rglob("*") if path.is_file()):
        assert hits(folder, file.read_bytes()) == set(), file
    assert not list((data / "bodies").rglob("*/*"))


async def test_who_shared_a_document_still_reads_it(folder: Folder, tmp_path: Path) -> None:
    data = folder.copied_to(tmp_path / "data")
    erased(folder, data)
    store = folder.store(data)
    copies = await store.read(documents.copies_of, folder.bram.recipient.inbox_id)
    reader = Reader(store, folder.bram.account, folder.bram.keys, bytes)
    assert [await reader.body(copy.document_id) for copy in copies] == [SHARED]
    await store.aclose()


def test_freed_pages_hold_nothing_either(folder: Folder, tmp_path: Path) -> None:
    """`secure_delete` and the cut log: even with the master key the files have no trace."""
    data, keys = folder.copied_to(tmp_path / "data"), folder.master.derive()
    databases = ((data / "postex.db", keys.database), (data / "keyring.db", keys.keyring_database))
    before = b"".join(pages_in_clear(path, key) for path, key in databases)
    assert hits(folder, before) >= {"shred secret", "address", PHONE, "wrap 0", "slot 0", "folder 0"}
    erased(folder, data)
    for path, key in databases:
        assert hits(folder, pages_in_clear(path, key)) == set()
