"""Group commit: errors kept apart, changes in order, the database refusing and coming back."""

import asyncio
import errno
import os
import resource
import threading
from collections.abc import Callable

import pytest
from sqlcipher3 import dbapi2
from sqlmodel import Session

from storage.engine import connections, statements
from storage.engine.changes import announce
from storage.engine.connections import Database
from storage.errors import Tampered, WriterUnavailable
from storage.mail import documents
from storage.records import DeviceRevoked
from tests.unit.storage.conftest import NOW, Office, Person


def note(session: Session, number: int) -> int:
    statements.run(session, "INSERT INTO hand_in VALUES (?, '', 0)", (b"%d" % number,))
    announce(session, DeviceRevoked(0, number))
    return number


def fail(session: Session, number: int) -> None:
    note(session, number)
    raise ZeroDivisionError


def noted(office: Office) -> list[int]:
    return sorted(int(tag) for (tag,) in office.rows("SELECT dedupe_tag FROM hand_in"))


def driver_error(code: int) -> Exception:
    error: Exception = dbapi2.OperationalError("made up")
    error.sqlite_errorcode = code  # type: ignore[attr-defined]
    return error


def raising(error: Exception) -> Callable[[Session], None]:
    def function(session: Session) -> None:
        raise error

    return function


class Gate:
    """Holds the writer, so that what follows queues up into one batch."""

    def __init__(self, office: Office) -> None:
        self._open, self._entered = threading.Event(), threading.Event()
        office.store.post(self._wait)
        self._entered.wait(10)

    def _wait(self, session: Session) -> None:
        self._entered.set()
        self._open.wait(10)

    def open(self) -> None:
        self._open.set()


def commits(office: Office) -> list[str]:
    """Traces COMMITs of the writer from now on."""
    seen: list[str] = []
    office.store.write_now(
        lambda session: session.info["driver"].set_trace_callback(
            lambda sql: seen.append(sql) if sql == "COMMIT" else 0
        )
    )
    return seen


async def test_what_queues_up_shares_one_commit(office: Office) -> None:
    seen = commits(office)
    gate = Gate(office)
    writes = [asyncio.ensure_future(office.store.write(note, number)) for number in range(50)]
    await asyncio.sleep(0)
    seen.clear()
    gate.open()
    assert await asyncio.gather(*writes) == list(range(50))
    assert len(seen) <= 2


async def test_an_error_undoes_its_own_function_only(office: Office) -> None:
    told: list[int] = []
    office.store.listen(lambda change: told.append(change.device_id))  # type: ignore[union-attr]
    gate = Gate(office)
    writes = [asyncio.ensure_future(office.store.write(fail if number % 2 else note, number)) for number in range(6)]
    await asyncio.sleep(0)
    gate.open()
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert [isinstance(result, ZeroDivisionError) for result in results] == [False, True] * 3
    assert noted(office) == told == [0, 2, 4]


async def test_changes_are_told_in_commit_order_before_the_write_returns(office: Office) -> None:
    told: list[int] = []
    stop = office.store.listen(lambda change: told.append(change.device_id))  # type: ignore[union-attr]

    async def write(number: int) -> None:
        await office.store.write(note, number)
        assert number in told

    await asyncio.gather(*map(write, range(40)))
    assert told == list(range(40))
    stop()
    await office.store.write(note, 99)
    assert 99 not in told


async def test_a_failing_listener_keeps_nothing_from_the_others(office: Office) -> None:
    told: list[object] = []
    office.store.listen(lambda change: 1 / 0)
    office.store.listen(told.append)
    await office.store.write(note, 1)
    assert told == [DeviceRevoked(0, 1)]


async def test_a_cancelled_caller_does_not_stop_its_write(office: Office) -> None:
    gate = Gate(office)
    task = asyncio.ensure_future(office.store.write(note, 7))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gate.open()
    await office.store.write(note, 8)
    assert noted(office) == [7, 8]


async def test_closing_carries_out_what_is_queued(office: Office) -> None:
    writes = [asyncio.ensure_future(office.store.write(note, number)) for number in range(20)]
    await asyncio.sleep(0)
    await office.store.aclose()
    assert await asyncio.gather(*writes) == list(range(20))
    with pytest.raises(WriterUnavailable):
        await office.store.write(note, 21)
    with pytest.raises(WriterUnavailable):
        await office.store.read(statements.rows, "SELECT 1")
    office.reopen()
    assert noted(office) == list(range(20))


@pytest.mark.parametrize("code", [connections.Code.FULL, connections.Code.READ_ONLY, connections.Code.BUSY])
async def test_a_refusing_database_loses_the_batch_and_the_next_one_works(office: Office, code: int) -> None:
    gate = Gate(office)
    writes = [
        asyncio.ensure_future(office.store.write(note, 1)),
        asyncio.ensure_future(office.store.write(raising(driver_error(code)))),
        asyncio.ensure_future(office.store.write(note, 2)),
    ]
    await asyncio.sleep(0)
    gate.open()
    for result in await asyncio.gather(*writes, return_exceptions=True):
        assert isinstance(result, WriterUnavailable)
    assert await office.store.write(note, 3) == 3
    assert noted(office) == [3]
    assert not office.store.failed.is_set()


async def test_a_locked_database_is_reported_and_waited_out(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "BUSY_TIMEOUT_MS", 50)
    office.reopen()
    database = Database(office.data / "postex.db", office.store.server_keys.database)
    other = database.writing()
    statements.run(other, "BEGIN IMMEDIATE")
    results = await asyncio.gather(*(office.store.write(note, number) for number in range(3)), return_exceptions=True)
    assert all(isinstance(result, WriterUnavailable) for result in results)
    statements.run(other, "ROLLBACK")
    connections.close(other)
    assert await office.store.write(note, 4) == 4


def test_the_wait_for_a_lock_is_well_below_ten_seconds() -> None:
    assert 2 * connections.BUSY_TIMEOUT_MS < 10_000


async def test_a_file_size_limit_loses_only_what_does_not_fit(office: Office, anna: Person) -> None:
    """RLIMIT_FSIZE looks like an I/O error to SQLite, but it is lack of room: the process goes on (R4)."""
    big = office.draft(os.urandom(3_000_000), anna)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, hard))
    try:
        with pytest.raises(WriterUnavailable):
            await office.store.write(documents.deliver, big, NOW)
        assert not office.store.failed.is_set()
        assert await office.store.write(note, 1) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert (await office.store.write(documents.deliver, big, NOW)).copies == ((anna.inbox, 1),)


async def test_an_unexplained_io_error_ends_the_writer(office: Office) -> None:
    with pytest.raises(WriterUnavailable):
        await office.store.write(raising(driver_error(connections.Code.IO)))
    await asyncio.wait_for(office.store.failed.wait(), 10)
    with pytest.raises(WriterUnavailable):
        await office.store.write(note, 1)
    assert noted(office) == []


def test_io_errors_are_explained_by_lack_of_room(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    error, path = driver_error(connections.Code.IO), office.data / "postex.db"
    assert connections.must_end(error, path)
    assert not connections.must_end(driver_error(connections.Code.FULL), path)

    def full(*_: object) -> int:
        raise OSError(errno.EDQUOT, "quota")

    monkeypatch.setattr(os, "pwrite", full)
    assert not connections.must_end(error, path)


async def test_a_damaged_page_met_by_the_writer_is_tampered_for_who_met_it(office: Office) -> None:
    gate = Gate(office)
    writes = [
        asyncio.ensure_future(office.store.write(note, 1)),
        asyncio.ensure_future(office.store.write(raising(driver_error(connections.Code.CORRUPT)))),
    ]
    await asyncio.sleep(0)
    gate.open()
    neighbour, own = await asyncio.gather(*writes, return_exceptions=True)
    assert isinstance(neighbour, WriterUnavailable)
    assert isinstance(own, Tampered)


async def test_a_savepoint_that_is_gone_loses_the_batch_but_not_the_writer(office: Office) -> None:
    def end_transaction(session: Session) -> None:
        statements.run(session, "ROLLBACK")

    with pytest.raises(WriterUnavailable):
        await office.store.write(end_transaction)
    assert await office.store.write(note, 1) == 1


def test_an_error_that_ended_the_transaction_is_told_as_it_is(office: Office) -> None:
    def ended(session: Session) -> None:
        statements.run(session, "ROLLBACK")
        raise driver_error(connections.Code.CORRUPT)

    with pytest.raises(Tampered):
        office.store.read_now(ended)
    assert noted(office) == []


def test_readers_cannot_write(office: Office) -> None:
    with pytest.raises(WriterUnavailable):
        office.store.read_now(note, 1)
    assert noted(office) == []
