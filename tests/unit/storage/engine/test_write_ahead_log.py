"""The write-ahead log: a torn end is let pass, damage before it is not, and looking changes nothing."""

import shutil
from pathlib import Path

import pytest

from storage.engine import connections, statements
from storage.engine.connections import Database
from storage.engine.write_ahead_log import check, log_of, unreadable_commits
from storage.errors import LogDamaged

PAGE, HEADER = 4096, 32
FRAME = 24 + PAGE
COMMITS = 5


@pytest.fixture
def crashed(tmp_path: Path) -> Database:
    """A database as a crash leaves it: `COMMITS` transactions of one row each in the log."""
    living = Database(tmp_path / "living.db", b"k" * 32)
    session = living.writing()
    statements.run(session, "CREATE TABLE row (value BLOB)")
    statements.rows(session, "PRAGMA wal_checkpoint(TRUNCATE)")
    for _ in range(COMMITS):
        statements.run(session, "INSERT INTO row VALUES (zeroblob(3000))")
    for end in ("", "-wal"):
        shutil.copy(tmp_path / f"living.db{end}", tmp_path / f"crashed.db{end}")
    connections.close(session)
    return Database(tmp_path / "crashed.db", b"k" * 32)


def alter(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def last_frame(path: Path) -> int:
    return HEADER + FRAME * ((path.stat().st_size - HEADER) // FRAME - 1)


def test_a_sound_log_passes_and_looking_changes_nothing(crashed: Database) -> None:
    before = log_of(crashed).read_bytes()
    check(crashed)
    assert unreadable_commits(crashed) == 0
    assert log_of(crashed).read_bytes() == before


def test_no_log_passes(tmp_path: Path) -> None:
    check(Database(tmp_path / "none.db", b"k" * 32))


def test_a_torn_last_transaction_passes(crashed: Database) -> None:
    alter(log_of(crashed), last_frame(log_of(crashed)) + 100)
    assert unreadable_commits(crashed) == 1
    check(crashed)


@pytest.mark.parametrize("at", [HEADER + 5, HEADER + 24 + 7, HEADER + 16, 3, 20])
def test_damage_before_the_last_transaction_is_reported_each_time(crashed: Database, at: int) -> None:
    alter(log_of(crashed), at)
    for _ in range(2):
        with pytest.raises(LogDamaged):
            check(crashed)


def test_a_log_of_zeros_passes_as_one_never_written(crashed: Database) -> None:
    """What a power cut leaves of a log whose first sync never came."""
    log_of(crashed).write_bytes(bytes(log_of(crashed).stat().st_size))
    check(crashed)
