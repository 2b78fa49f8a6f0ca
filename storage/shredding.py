"""Shred secrets: 32 random bytes per account, without which none of its key slots opens. Deleting one is the erasure.

They lie in DATA/keyring.db, a SQLCipher database of its own with a key of its own, so that its backups can be few
and short-lived. A rollback journal that is unlinked at each commit (not a WAL), `secure_delete` and
`synchronous = EXTRA` (FULL, and the folder synced after that unlink: else a power cut could bring the journal, and
with it a deleted secret, back) leave no trace of a deleted secret in any file. What the file system or an SSD keeps
of freed blocks is out of reach here; it is encrypted under MK.
"""

import os
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from sqlcipher3 import dbapi2 as sqlcipher

from storage.backups import manifests
from storage.engine.durable import write_new
from storage.errors import Conflict, NotFound, StorageError, Tampered, WriterUnavailable
from storage.keys.context import KEY_SIZE
from storage.randomness import Rng

_REMEMBERED = 4096
_PATIENCE = 5.0
"""Seconds to wait for a lock on the file; nobody but a backup should hold one."""
_TABLE = (
    "CREATE TABLE IF NOT EXISTS shred_secret (account TEXT PRIMARY KEY, secret BLOB NOT NULL) STRICT, WITHOUT ROWID"
)
_PROBE = "SELECT 1 FROM shred_secret LIMIT 1"
_NO_TABLE = 1
"""SQLITE_ERROR: the statement does not fit the schema. The statements are fixed, so the file was emptied or cut."""


class ShredSecrets:
    """The secrets in keyring.db. Safe to call from several threads; the last few thousand used stay in memory."""

    def __init__(self, path: Path, key: bytes, rng: Rng = os.urandom, *, make: bool = True) -> None:
        """Open `path`; if it is missing make it (0600). With `make` off NotFound if it is missing or empty: a new
        one in the place of one that was lost would make every sign-in fail as if its password were wrong.

        Tampered if it does not open with this key; WriterUnavailable.
        """
        self._path = path
        self._key = key
        self._rng = rng
        self._lock = Lock()
        self._remembered: dict[str, bytes] = {}
        self._connection: Any = None
        _ensure_file(path, make)
        with self._lock:
            self._execute(_TABLE if make else _PROBE)

    def create(self, account: str) -> bytes:
        """A new secret, durable on return. Conflict if the account has one; WriterUnavailable."""
        secret = self._rng(KEY_SIZE)
        with self._lock:
            self._execute("INSERT INTO shred_secret VALUES (?, ?)", account, secret)
            self._remember(account, secret)
        return secret

    def get(self, account: str) -> bytes:
        """The account's secret. NotFound if it was never made or is shredded; Tampered; WriterUnavailable."""
        with self._lock:
            return self._remembered.get(account) or self._fetch(account)

    def delete(self, account: str) -> None:
        """Shred: gone from memory and disk on return; nothing happens if it is gone already. WriterUnavailable."""
        with self._lock:
            self._remembered.pop(account, None)
            self._execute("DELETE FROM shred_secret WHERE account = ?", account)

    def names(self) -> frozenset[str]:
        """Public ids of all accounts that have a secret. Tampered; WriterUnavailable."""
        with self._lock:
            return frozenset(account for (account,) in self._execute("SELECT account FROM shred_secret"))

    def copy_to(self, path: Path) -> int:
        """All secrets into the new file `path`, under the same key, durable on return; how many.

        A copy of rows, not of pages: of a deleted one there is nothing. Conflict, Tampered, WriterUnavailable.
        """
        with suppress(FileExistsError):
            write_new(path, b"", 0o600)
        with self._lock:
            self._execute("VACUUM INTO ?", str(path))
            ((count,),) = self._execute("SELECT count(*) FROM shred_secret")
        manifests.sync(path)
        accounts: int = count
        return accounts

    def close(self) -> None:
        """Forget what is in memory. A later call opens the file again."""
        with self._lock:
            self._remembered.clear()
            self._disconnect()

    def _fetch(self, account: str) -> bytes:
        rows = self._execute("SELECT secret FROM shred_secret WHERE account = ?", account)
        if not rows:
            raise NotFound("the account has no shred secret")
        secret: bytes = rows[0][0]
        self._remember(account, secret)
        return secret

    def _remember(self, account: str, secret: bytes) -> None:
        if len(self._remembered) >= _REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[account] = secret

    def _execute(self, statement: str, *values: str | bytes) -> list[Any]:
        """All rows of one statement, its own transaction; errors in storage's words.

        SQLCipher answers every read after one damaged page with an error, until it is opened anew: so after an error
        the connection is given up, and damage to one page costs the accounts on that page only.
        """
        try:
            if self._connection is None:
                self._connection = _connect(self._path, self._key)
            rows: list[Any] = self._connection.execute(statement, values).fetchall()
        except sqlcipher.IntegrityError:
            raise Conflict("the account has a shred secret") from None
        except sqlcipher.DatabaseError as error:
            self._disconnect()
            raise _translated(error) from error
        return rows

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _ensure_file(path: Path, make: bool) -> None:
    if not make and not (path.exists() and path.stat().st_size):
        raise NotFound(f"{path}: no shred secrets there; put the file back from its backup")
    with suppress(FileExistsError):
        write_new(path, b"", 0o600)


def _connect(path: Path, key: bytes) -> Any:
    """One connection for all threads: the lock is ours. What SQLCipher would print, the errors say."""
    connection = sqlcipher.connect(str(path), timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        for pragma in ("journal_mode = DELETE", "synchronous = EXTRA", "secure_delete = ON"):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def _translated(error: sqlcipher.DatabaseError) -> StorageError:
    """An unwilling disk is WriterUnavailable, an unusable file or one without the table Tampered."""
    if isinstance(error, sqlcipher.OperationalError) and error.sqlite_errorcode != _NO_TABLE:
        return WriterUnavailable(f"keyring.db: {error}")
    return Tampered(f"keyring.db does not open with this master key, or is damaged: {error}")
