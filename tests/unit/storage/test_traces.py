"""What deleted rows leave behind: the log that is cut, and body files on their way out."""

import threading
import time

import pytest

from storage.engine import statements
from storage.engine.connections import TRUNCATE_PATIENCE_MS
from storage.errors import Invalid
from storage.mail import documents
from storage.records import Flag
from tests.unit.storage.conftest import NOW, Office, Person


def log_size(office: Office) -> int:
    return (office.data / "postex.db-wal").stat().st_size


def test_the_log_is_cut_to_nothing(office: Office, anna: Person) -> None:
    office.deliver(b"letter", anna)
    assert log_size(office) > 0
    assert office.store.truncate_log()
    assert log_size(office) == 0
    office.deliver(b"another", anna)
    assert len(office.store.read_now(documents.copies_of, anna.inbox)) == 2


def test_a_reader_is_not_waited_for_and_not_disturbed(office: Office, anna: Person) -> None:
    office.deliver(b"letter", anna)
    reading, done, seen = threading.Event(), threading.Event(), []

    def slow(session: object) -> None:
        first = statements.rows(session, "SELECT count(*) FROM document")  # type: ignore[arg-type]
        reading.set()
        done.wait(10)
        seen.extend([first, statements.rows(session, "SELECT count(*) FROM document")])  # type: ignore[arg-type]

    reader = threading.Thread(target=office.store.read_now, args=(slow,))
    reader.start()
    reading.wait(10)
    office.deliver(b"another", anna)
    began = time.monotonic()
    assert not office.store.truncate_log()
    assert time.monotonic() - began < TRUNCATE_PATIENCE_MS / 1000 + 2
    done.set()
    reader.join()
    assert seen == [[(1,)], [(1,)]]
    assert office.store.truncate_log()


def test_writes_around_it_keep_their_order_and_their_commits(office: Office, anna: Person) -> None:
    outcomes: list[object] = []

    def write(number: int) -> None:
        try:
            outcomes.append(office.store.write_now(_note, number))
        except Invalid:
            outcomes.append("refused")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(40)]
    threads += [threading.Thread(target=office.store.truncate_log) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("refused") == 4
    assert office.rows("SELECT count(*) FROM hand_in") == [(36,)]


def _note(session: object, number: int) -> int:
    statements.run(session, "INSERT INTO hand_in VALUES (?, 'x', ?)", (bytes([number]), NOW))  # type: ignore[arg-type]
    if number % 10 == 0:
        raise Invalid("this one is undone")
    return number


def test_a_body_is_going_until_its_file_is_gone(office: Office, anna: Person) -> None:
    name = "ab" * 16
    office.store.bodies.write(name, b"sealed")
    office.deliver(b"large", anna, body_name=name)
    office.flag(anna.inbox, Flag.DELETED, (1, 1))
    with office.store.pin_bodies():
        office.store.write_now(documents.expunge, anna.inbox)
        assert office.store.bodies_going() == {name}
        assert list(office.store.bodies.names()) == [name]
    until = time.monotonic() + 5
    while office.store.bodies_going() and time.monotonic() < until:
        time.sleep(0.001)
    assert list(office.store.bodies.names()) == []


def test_a_file_that_cannot_be_deleted_stays_counted(
    office: Office, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    from storage.errors import WriterUnavailable

    def refuse(name: str) -> None:
        raise WriterUnavailable(name)

    name = "cd" * 16
    office.store.bodies.write(name, b"sealed")
    office.deliver(b"large", anna, body_name=name)
    office.flag(anna.inbox, Flag.DELETED, (1, 1))
    monkeypatch.setattr(office.store.bodies, "delete", refuse)
    office.store.write_now(documents.expunge, anna.inbox)
    office.store.close()
    assert office.store.bodies_going() == {name}
    monkeypatch.undo()
    office.reopen()
    assert list(office.store.bodies.names()) == []
