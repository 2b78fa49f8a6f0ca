"""R3: the 250 leaves only after the write-ahead log that holds the document was synced."""

import smtplib
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.crash.recording import Event, Sent, Synced, Written, needs_strace, read, tracing
from tests.crash.traffic import document
from tests.running import DOMAIN, SENDER_ADDRESS, PostOffice

pytestmark = pytest.mark.skipif(needs_strace, reason="strace is missing: apt install strace")
DOCUMENTS = 20


def early_answers(events: Iterable[Event]) -> tuple[int, int]:
    """(250s for documents, those sent while the database or a body was written but not synced)."""
    dirty: set[str] = set()
    answers = early = 0
    for event in events:
        match event:
            case Written(path) if path.endswith("-wal") or "/bodies/" in path:
                dirty.add(path)
            case Synced(path):
                dirty.discard(path)
            case Sent(data) if data.startswith(b"250 2.0.0 stored"):
                answers += 1
                early += bool(dirty)
    return answers, early


def test_each_250_follows_its_sync(tmp_path: Path) -> None:
    office = PostOffice.create(tmp_path / "data", recipients=("anna",))
    with office.start(seconds=60, wrapper=tracing(tmp_path / "trace")) as bridge:
        smtp = bridge.listeners["smtp-plain"]
        with smtplib.SMTP(smtp.host, smtp.port, timeout=60) as client:
            client.login(office.sender.username, office.sender.password)
            for number in range(DOCUMENTS):
                size = 2_000 if number % 2 else 200_000
                client.sendmail(SENDER_ADDRESS, [f"anna@{DOMAIN}"], document(f"d{number}", size))
        bridge.stop()
    assert early_answers(read(tmp_path / "trace", office.data)) == (DOCUMENTS, 0)


def test_an_answer_before_the_sync_is_caught() -> None:
    """The control."""
    wal = "/data/postex.db-wal"
    good = [Written(wal, 0, b"x"), Synced(wal), Sent(b"250 2.0.0 stored as a\r\n")]
    bad = [Written(wal, 0, b"x"), Sent(b"250 2.0.0 stored as a\r\n"), Synced(wal)]
    assert early_answers(good) == (1, 0)
    assert early_answers(bad) == (1, 1)
