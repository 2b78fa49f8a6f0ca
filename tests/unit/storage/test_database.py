"""The data folder: made, opened, locked, swept; nothing readable in it; damage is detected."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2

from storage.access import devices
from storage.database import Store
from storage.engine import statements
from storage.engine.bodies import new_name
from storage.errors import Conflict, DataFolderLocked, NotFound, Tampered
from storage.keys.master import MasterKey
from storage.mail import documents, mailboxes
from storage.oversight import audit
from storage.people import domains
from storage.records import DomainMode, Flag

from .conftest import NOW, Office, Person


def test_create_and_open_say_what_stands_in_the_way(tmp_path: Path) -> None:
    data, master = tmp_path / "data", MasterKey.generate()
    with pytest.raises(NotFound):
        Store.open(data, master)
    Store.create(data, master)
    with pytest.raises(Conflict):
        Store.create(data, master)
    with pytest.raises(Tampered):
        Store.open(data, MasterKey.generate())
    Store.open(data, master).close()


def test_nobody_else_may_look_into_the_folder(office: Office, anna: Person) -> None:
    office.deliver(b"x", anna)
    for path in (office.data, *office.data.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path


def test_one_process_at_a_time(office: Office) -> None:
    with pytest.raises(DataFolderLocked):
        Store.open(office.data, office.master)
    program = (
        "import sys; from pathlib import Path; from storage.engine.lock import DataFolderLock\n"
        "from storage.errors import DataFolderLocked\n"
        "try: DataFolderLock(Path(sys.argv[1]))\n"
        "except DataFolderLocked: sys.exit(7)"
    )
    assert subprocess.run([sys.executable, "-c", program, office.data], check=False, timeout=30).returncode == 7
    office.store.close()
    assert subprocess.run([sys.executable, "-c", program, office.data], check=False, timeout=30).returncode == 0
    office.reopen()


def test_a_failed_open_lets_the_lock_go(office: Office) -> None:
    office.store.close()
    with pytest.raises(Tampered):
        Store.open(office.data, MasterKey.generate())
    office.reopen()


def test_what_was_committed_is_there_after_reopening(office: Office, anna: Person) -> None:
    office.deliver(b"x", anna)
    office.flag(anna.inbox, Flag.SEEN, (1, 1))
    before = office.store.read_now(mailboxes.select, anna.inbox, anna.keys)
    office.reopen()
    assert office.store.read_now(mailboxes.select, anna.inbox, office.keys_of(anna)) == before
    assert office.store.read_now(audit.verify, office.store.server_keys) is None


def test_orphaned_bodies_are_swept_at_the_start(office: Office, anna: Person) -> None:
    kept, orphan = new_name(), new_name()
    for name in (kept, orphan):
        office.store.bodies.write(name, b"sealed")
    office.deliver(b"x", anna, body_name=kept)
    office.reopen()
    assert list(office.store.bodies.names()) == [kept]


def test_a_reader_sees_one_snapshot(office: Office, anna: Person) -> None:
    def twice(session):  # type: ignore[no-untyped-def]
        first = statements.rows(session, "SELECT count(*) FROM document")
        office.deliver(b"x", anna)
        return first, statements.rows(session, "SELECT count(*) FROM document")

    first, second = office.store.read_now(twice)
    assert first == second == [(0,)]


def test_planted_canaries_are_in_no_file(office: Office, anna: Person) -> None:
    body, card, folder = b"canary-of-the-body", b"canary-of-the-card", "canary-folder"
    name = new_name()
    draft = office.draft(body * 50, anna, card=card, body_name=name)
    office.store.bodies.write(name, draft.sealed.sealed_body)
    office.store.write_now(documents.deliver, draft, NOW)
    office.deliver(body, anna, card=card, keywords=("canary-keyword",))
    office.store.write_now(mailboxes.create, anna.account.id, anna.keys, folder, NOW)
    office.store.write_now(mailboxes.subscribe, anna.account.id, anna.keys, folder)
    assert (office.data / "postex.db-wal").stat().st_size > 0
    canaries = (b"canary", b"anna@example.test", b"Anna", b"phone", anna.device.password.encode())
    for _ in range(2):
        for path in office.data.rglob("*"):
            content = path.read_bytes() if path.is_file() else b""
            assert not [canary for canary in canaries if canary in content], path
        office.reopen()


def test_own_words_are_sealed_inside_the_database_too(office: Office, anna: Person) -> None:
    """Who holds MK reads the server tier, and finds no content, folder name or password in it."""
    office.deliver(b"canary-body", anna, card=b"canary-card")
    office.store.write_now(mailboxes.create, anna.account.id, anna.keys, "canary-folder", NOW)
    secret = anna.device.password.rpartition("-")[2].encode()
    for (table,) in office.rows("SELECT name FROM sqlite_schema WHERE type = 'table'"):
        for row in office.rows(f"SELECT * FROM {table}"):
            for value in row:
                data = value if isinstance(value, bytes) else str(value).encode()
                assert b"canary" not in data
                assert secret not in data


def served(office: Office, sql: str) -> list[statements.Row] | None:
    """What a start on this folder and a query give; None if it is refused as tampered."""
    try:
        with Store.open(office.data, office.master) as store:
            return store.read_now(statements.rows, sql)
    except Tampered:
        return None


def test_a_flipped_byte_in_the_database_is_never_served(office: Office, anna: Person) -> None:
    for number in range(150):
        office.deliver(os.urandom(1500), anna, card=b"%d" % number)
    sql = (
        "SELECT public_id, sealed_card, sealed_body FROM document JOIN card ON card.document_id = document.id"
        " JOIN inline_body ON inline_body.document_id = document.id ORDER BY document.id"
    )
    truth = office.rows(sql)
    office.store.close()
    path = office.data / "postex.db"
    sound = path.read_bytes()
    outcomes = []
    for offset in range(1000, len(sound), len(sound) // 25):
        path.write_bytes(sound[:offset] + bytes([sound[offset] ^ 1]) + sound[offset + 1 :])
        outcomes.append(served(office, sql))
        for side in office.data.glob("postex.db-*"):
            side.unlink()
    assert all(outcome in (truth, None) for outcome in outcomes)
    assert outcomes.count(None) > len(outcomes) // 3, "most pages hold documents"
    path.write_bytes(sound)
    office.reopen()
    assert office.rows(sql) == truth


def test_a_reader_recovers_from_a_page_it_met(office: Office) -> None:
    def damaged(session):  # type: ignore[no-untyped-def]
        error = dbapi2.DatabaseError("malformed")
        error.sqlite_errorcode = 11
        raise error

    with pytest.raises(Tampered):
        office.store.read_now(damaged)
    assert office.rows("SELECT count(*) FROM domain") == [(1,)]


def test_post_runs_and_its_error_harms_nobody(office: Office) -> None:
    office.store.post(domains.create, "two.test", DomainMode.PRIVATE, "DE", NOW)
    office.store.post(domains.create, "two.test", DomainMode.PRIVATE, "DE", NOW)
    office.store.write_now(devices.touch, 1, NOW)
    assert [domain.name for domain in office.store.read_now(domains.listing)] == ["example.test", "two.test"]


@pytest.mark.parametrize("missing", [1, 4096, 40_960])
def test_a_database_that_was_cut_is_refused_at_the_start(office: Office, anna: Person, missing: int) -> None:
    office.deliver(b"hello", anna)
    office.store.close()
    path = office.data / "postex.db"
    path.write_bytes(path.read_bytes()[:-missing])
    with pytest.raises(Tampered):
        Store.open(office.data, office.master)
