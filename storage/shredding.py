"""Shred secrets: 32 random bytes per account, without which none of its key slots opens. Deleting one is the erasure.

They lie in DATA/keyring.db, a SQLCipher database of its own with a key of its own, so that its backups can be few
and short-lived. A rollback journal that is unlinked at each commit (not a WAL), `secure_delete` and
`synchronous = EXTRA` (FULL, and the folder synced after that unlink: else a power cut could bring the journal, and
with it a deleted secret, back) leave no trace of a deleted secret in any file. What the file system or an SSD keeps
of freed blocks is out of reach here; it is encrypted under MK.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any

from sqlcipher3 import dbapi2 as sqlcipher

from storage.durable import write_new
from storage.errors import Conflict, NotFound, Tampered, WriterUnavailable
from storage.keys.context import KEY_SIZE
from storage.randomness import Rng

_REMEMBERED = 4096
_TABLE = (
    "CREATE TABLE IF NOT EXISTS shred_secret (account TEXT PRIMARY KEY, secret BLOB NOT NULL) STRICT, WITHOUT ROWID"
)


class ShredSecrets:
    """The secrets in keyring.db. Safe to call from several threads; the last few thousand used stay in memory."""

    def __init__(self, path: Path, key: bytes, rng: Rng = os.urandom) -> None:
        """Open `path`, or make it (0600). Tampered if it does not open with this key; WriterUnavailable."""
        self._rng = rng
        self._lock = Lock()
        self._remembered: dict[str, bytes] = {}
        with suppress(FileExistsError):
            write_new(path, b"", 0o600)
        with _translated():
            self._connection = _connect(path, key)

    def create(self, account: str) -> bytes:
        """A new secret, durable on return. Conflict if the account has one; WriterUnavailable."""
        secret = self._rng(KEY_SIZE)
        with self._lock, _translated():
            try:
                self._connection.execute("INSERT INTO shred_secret VALUES (?, ?)", (account, secret))
            except sqlcipher.IntegrityError:
                raise Conflict("the account has a shred secret") from None
            self._remember(account, secret)
        return secret

    def get(self, account: str) -> bytes:
        """The account's secret. NotFound if it was never made or is shredded; Tampered; WriterUnavailable."""
        with self._lock:
            return self._remembered.get(account) or self._fetch(account)

    def delete(self, account: str) -> None:
        """Shred: gone from memory and disk on return; nothing happens if it is gone already. WriterUnavailable."""
        with self._lock, _translated():
            self._remembered.pop(account, None)
            self._connection.execute("DELETE FROM shred_secret WHERE account = ?", (account,))

    def names(self) -> frozenset[str]:
        """Public ids of all accounts that have a secret. Tampered; WriterUnavailable."""
        with self._lock, _translated():
            return frozenset(account for (account,) in self._connection.execute("SELECT account FROM shred_secret"))

    def close(self) -> None:
        """Forget all; the object is of no use afterwards."""
        with self._lock:
            self._remembered.clear()
            self._connection.close()

    def _fetch(self, account: str) -> bytes:
        with _translated():
            row = self._connection.execute("SELECT secret FROM shred_secret WHERE account = ?", (account,)).fetchone()
        if row is None:
            raise NotFound("the account has no shred secret")
        secret = bytes(row[0])
        self._remember(account, secret)
        return secret

    def _remember(self, account: str, secret: bytes) -> None:
        if len(self._remembered) >= _REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[account] = secret


def _connect(path: Path, key: bytes) -> Any:
    """One connection for all threads (the lock is ours), each statement its own transaction."""
    connection = sqlcipher.connect(str(path), isolation_level=None, check_same_thread=False)
    try:
        for pragma in (
            f"key = \"x'{key.hex()}'\"",
            "journal_mode = DELETE",
            "synchronous = EXTRA",
            "secure_delete = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(_TABLE)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _translated() -> Iterator[None]:
    """The database's errors in storage's words: an unusable file is Tampered, an unwilling disk WriterUnavailable."""
    try:
        yield
    except sqlcipher.OperationalError as error:
        raise WriterUnavailable(f"keyring.db: {error}") from error
    except sqlcipher.DatabaseError as error:
        raise Tampered(f"keyring.db does not open with this master key, or is damaged: {error}") from error
