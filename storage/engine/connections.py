"""Connections to the SQLCipher database: pragmas, sessions bound to them, and what its errors mean.

Every connection is in autocommit mode at the driver; the writer and the readers say BEGIN themselves. What differs
for another database lies here and in `statements`.
"""

import errno
import os
import tempfile
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool
from sqlcipher3 import dbapi2
from sqlmodel import Session

from storage.engine import statements
from storage.errors import Conflict, StorageError, Tampered, WriterUnavailable

BUSY_TIMEOUT_MS = 4000
"""A locked database is reported within 10 s even to who queued up behind a waiting batch (R8)."""
TRUNCATE_PATIENCE_MS = 20
WRITER_CACHE_KIB = 65536
READER_CACHE_KIB = 16384
CHECKPOINT_PAGES = 4000
"""16 MiB of WAL between checkpoints: hot pages are written back once for many commits."""
WAL_LIMIT_BYTES = 64 * 1024 * 1024
"""A WAL that one large transaction made longer is cut back to this."""
_PROBE = 65536


class Code(IntEnum):
    """SQLite's primary result codes that end a transaction."""

    BUSY = 5
    LOCKED = 6
    NO_MEMORY = 7
    READ_ONLY = 8
    IO = 10
    CORRUPT = 11
    FULL = 13
    CANNOT_OPEN = 14
    NOT_A_DATABASE = 26


_FATAL = frozenset(Code)
_ALTERED = frozenset({Code.CORRUPT, Code.NOT_A_DATABASE})
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

DriverError: type[Exception] = dbapi2.Error
WrappedError: type[Exception] = DBAPIError
"""A driver error as it comes out of SQLAlchemy, that is, out of a revision of the schema."""
TakenError: type[Exception] = dbapi2.IntegrityError
"""A unique or foreign key says no."""


@dataclass(frozen=True, slots=True)
class Database:
    """Where the database is and what opens it."""

    path: Path
    key: bytes

    def __repr__(self) -> str:
        return f"Database({self.path.name!r})"

    def create(self) -> None:
        """An empty file that nobody else may read; the WAL beside it gets the same rights. Conflict if it is
        there."""
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            raise Conflict("a database is there already") from None

    def writing(self) -> Session:
        """A session for the one writer."""
        return self._session(read_only=False)

    def reading(self) -> Session:
        """A session that cannot change anything."""
        return self._session(read_only=True)

    def inspecting(self) -> Session:
        """A session that leaves every file as it is: other last connections write the WAL back and delete it."""
        return self._session(read_only=True, mode="ro")

    def at_rest(self) -> Session:
        """A session on a file that nobody writes, such as one in a backup: nothing is made beside it."""
        return self._session(read_only=True, mode="ro&immutable=1")

    def _session(self, read_only: bool, mode: str = "rwc") -> Session:
        driver = _connect(self.path, self.key, read_only, mode)
        engine = sqlalchemy.create_engine("sqlite://", module=dbapi2, creator=lambda: driver, poolclass=NullPool)
        session = Session(engine.connect())
        statements.bind(session, driver)
        return session


def _connect(path: Path, key: bytes, read_only: bool, mode: str) -> Any:
    driver = dbapi2.connect(
        f"{path.resolve().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
        timeout=BUSY_TIMEOUT_MS / 1000,
    )
    try:
        for pragma in _pragmas(key, read_only):
            driver.execute(pragma)
        driver.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except BaseException:
        driver.close()
        raise
    return driver


def plain(database: Database) -> Any:
    """A driver connection with the key and nothing else: for filling a new file."""
    driver = dbapi2.connect(str(database.path), isolation_level=None)
    driver.execute(f"PRAGMA key = \"x'{database.key.hex()}'\"")
    driver.execute("PRAGMA cipher_log_level = NONE")
    return driver


def _pragmas(key: bytes, read_only: bool) -> list[str]:
    shared = [
        f"PRAGMA key = \"x'{key.hex()}'\"",
        "PRAGMA cipher_log_level = NONE",
        "PRAGMA temp_store = MEMORY",
        "PRAGMA foreign_keys = ON",
    ]
    if read_only:
        return [*shared, f"PRAGMA cache_size = -{READER_CACHE_KIB}", "PRAGMA query_only = ON"]
    return [
        *shared,
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA secure_delete = ON",
        f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}",
        f"PRAGMA journal_size_limit = {WAL_LIMIT_BYTES}",
        f"PRAGMA cache_size = -{WRITER_CACHE_KIB}",
    ]


def truncate_log(session: Session) -> bool:
    """Checkpoint all of the log and cut it to nothing; False if a reader still needs it. Outside of transactions.

    Most is written back before anybody is locked out, and nobody is for longer than `TRUNCATE_PATIENCE_MS`.
    """
    statements.rows(session, "PRAGMA wal_checkpoint(PASSIVE)")
    statements.rows(session, f"PRAGMA busy_timeout = {TRUNCATE_PATIENCE_MS}")
    try:
        ((busy, _, _),) = statements.rows(session, "PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        statements.rows(session, f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    return not busy


def roll_back(session: Session) -> None:
    """End the transaction, unless an error has ended it already."""
    if statements.in_transaction(session):
        statements.run(session, "ROLLBACK")


def close(session: Session) -> None:
    """Close the session and its driver connection."""
    bind = session.get_bind()
    session.close()
    if isinstance(bind, sqlalchemy.Connection):
        bind.close()


def _code(error: BaseException) -> int:
    """SQLite's primary result code; 0 for what is not a driver error. The driver does not give extended codes."""
    inner = error.orig if isinstance(error, DBAPIError) else error
    return getattr(inner, "sqlite_errorcode", 0) & 0xFF if isinstance(inner, DriverError) else 0


def breaks_transaction(error: BaseException) -> bool:
    """Whether the whole transaction is lost, not just the failing function."""
    return _code(error) in _FATAL


def meaning(error: BaseException) -> StorageError:
    """What a driver error says to callers. SQLCipher answers a page whose MAC does not match with these codes."""
    return Tampered("database page") if _code(error) in _ALTERED else WriterUnavailable("database")


def must_end(error: BaseException, path: Path) -> bool:
    """Whether `error` is an I/O error that lack of room does not explain: then an fsync may have failed, what the
    disk holds is not known, and the process must end (R5).

    SQLite gives one code for EIO at fsync and for a write past a file size limit or disk quota; a page written
    elsewhere in the folder, at the same offset, tells them apart.
    """
    return _code(error) == Code.IO and not _out_of_room(path)


def _out_of_room(path: Path) -> bool:
    sizes = [file.stat().st_size for file in path.parent.glob(path.name + "*")]
    try:
        with tempfile.TemporaryFile(dir=path.parent, buffering=0) as probe:
            os.pwrite(probe.fileno(), bytes(_PROBE), max(sizes, default=0))
            os.fsync(probe.fileno())
    except OSError as refused:
        return refused.errno in _NO_ROOM
    return False
