"""Damage in the write-ahead log, which SQLite alone would take for its end (SQLite file format, section 4).

SQLite reads the log up to the first frame whose checksum does not match and drops the rest, as it must after a power
cut: the last transaction may be torn. With `synchronous = FULL` only the last one can be, as each is synced before
the next begins. So where two or more commits stand behind the place at which SQLite stopped, bytes were altered that
had been on the disk: acknowledged documents would vanish without a word.

Damage inside the last transaction cannot be told from a torn write.
"""

from pathlib import Path
from struct import Struct, pack, unpack

from storage.engine import connections, statements
from storage.engine.connections import Database
from storage.errors import LogDamaged

_HEADER_SIZE = 32
_FRAME = Struct(">II8s8x")
_PAGE_SIZE_AT = 8
_SALTS = slice(16, 24)
_ORDERS = {b"\x37\x7f\x06\x82": "<", b"\x37\x7f\x06\x83": ">"}
_WORD = 0xFFFF_FFFF
_LARGEST_PAGE = 65_536


_TORN = 1


def check(database: Database) -> None:
    """LogDamaged if transactions that were on the disk can no longer be read. Changes nothing."""
    if unreadable_commits(database) > _TORN:
        raise LogDamaged("write-ahead log: transactions behind a damaged place cannot be read")


def log_of(database: Database) -> Path:
    """Where SQLite keeps the log."""
    return database.path.with_name(database.path.name + "-wal")


def unreadable_commits(database: Database) -> int:
    """Commits behind the place where SQLite stops reading: 0, or one that may be torn, if all is well."""
    log = log_of(database)
    if not log.exists():
        return 0
    commits = _commits(log)
    session = database.inspecting()
    try:
        ((_, readable, _),) = statements.rows(session, "PRAGMA wal_checkpoint(NOOP)")
    finally:
        connections.close(session)
    return sum(commits[max(readable, 0) :])


def _commits(log: Path) -> list[bool]:
    """For each frame of the present generation whether it ends a transaction.

    Frames of an earlier generation carry other salts than the header, which is synced before any frame is written
    under it. A header that does not hold true is damage; then the first frame says which generation this is.
    """
    found: list[bool] = []
    with log.open("rb") as file:
        header = file.read(_HEADER_SIZE)
        page = int.from_bytes(header[_PAGE_SIZE_AT : _PAGE_SIZE_AT + 4], "big")
        present = header[_SALTS] if _holds(header) else None
        while page <= _LARGEST_PAGE and len(head := file.read(_FRAME.size)) == _FRAME.size:
            _, pages_after_commit, salts = _FRAME.unpack(head)
            present = present or salts
            if salts == present:
                found.append(pages_after_commit > 0)
            file.seek(page, 1)
    return found


def _holds(header: bytes) -> bool:
    """Whether the header's own checksum is right; the magic number says in which byte order its words are summed."""
    order = _ORDERS.get(header[:4])
    if order is None or len(header) < _HEADER_SIZE:
        return False
    words = unpack(order + "6I", header[:24])
    low = high = 0
    for even, odd in zip(words[::2], words[1::2], strict=True):
        low = (low + even + high) & _WORD
        high = (high + odd + low) & _WORD
    return pack(">2I", low, high) == header[24:_HEADER_SIZE]
