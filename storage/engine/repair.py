"""The way on after damage in the write-ahead log: what can be read is kept, what cannot is given up, on the record.

Mailboxes jump ahead in UIDs and mod-sequences, as those given up may have been seen by mail clients and must not come
to mean another document (RFC 3501 section 2.3.1.1).
"""

import shutil
from pathlib import Path

from sqlmodel import Session

from storage.engine import connections, statements
from storage.engine.connections import Database
from storage.engine.lock import DataFolderLock
from storage.engine.write_ahead_log import log_of, unreadable_commits
from storage.oversight import audit

UID_JUMP = 1_000_000
"""More documents than a mailbox gets between two checkpoints of the log."""


def give_up_unreadable(data: Path, database: Database, now: int) -> int:
    """Continue from the last commit that can be read; returns how many behind it are given up, 0 if none.

    The damaged log is kept beside as `postex.db-wal.damaged`. DataFolderLocked while a bridge runs.
    """
    with DataFolderLock(data):
        lost = unreadable_commits(database)
        if lost:
            shutil.copyfile(log_of(database), data / f"{log_of(database).name}.damaged")
            _continue(database, lost, now)
    return lost


def _continue(database: Database, lost: int, now: int) -> None:
    session = database.writing()
    try:
        statements.run(session, "BEGIN IMMEDIATE")
        jump(session)
        audit.append(session, "log.repaired", "system", "database", {"commits_lost": lost}, now)
        statements.run(session, "COMMIT")
        statements.rows(session, "PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connections.close(session)


def jump(session: Session) -> None:
    """Leave a gap in the UIDs and mod-sequences of all mailboxes."""
    statements.run(
        session,
        "UPDATE mailbox SET uid_next = uid_next + ?, highest_modseq = highest_modseq + ?",
        (UID_JUMP, UID_JUMP),
    )
