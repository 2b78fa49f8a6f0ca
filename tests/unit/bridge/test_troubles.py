"""What went wrong with stored data, out of the lines of the log."""

import time
from io import StringIO

import structlog

from bridge import logs, troubles


def test_refused_writes_are_of_late_and_damage_of_all_lines() -> None:
    logs.configure("info", StringIO())
    log, now = structlog.get_logger("test"), int(time.time())
    before = troubles.since(now - 60)
    log.error("batch_lost", jobs=1, kind="x")
    log.warning("smtp.not_stored", door="mx", kind="x")
    log.error("imap_damaged", documents_count=1)
    log.info("smtp.stored", document="x")
    after = troubles.since(now - 60)
    assert after.refused_writes - before.refused_writes == 2
    assert after.damaged - before.damaged == 1
    assert troubles.since(now + 60) == (0, after.damaged)
