"""Backups while documents arrive and others are expunged, and to a disk that runs full: nobody loses anything."""

import imaplib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storage.backups import destinations, verification
from tests import warm
from tests.crash.test_disk_full import HandIns, small_disk
from tests.crash.traffic import MESSAGE_ID, Traffic, stored
from tests.restoring import Kept
from tests.running import COMMAND, Bridge, Login

WANTED = 200


@contextmanager
def expunging(bridge: Bridge, login: Login) -> Iterator[set[str]]:
    """While it is entered, a client deletes the oldest document for good, again and again; their names."""
    gone: set[str] = set()
    stop = threading.Event()

    def work() -> None:
        address = bridge.listeners["imap-plain"]
        with imaplib.IMAP4(address.host, address.port, timeout=60) as client:
            client.login(login.username, login.password)
            while not stop.wait(0.02):
                client.select("INBOX")
                for uid in client.uid("SEARCH", "HEADER", "Message-ID", "crash.test")[1][0].split()[:1]:
                    found = client.uid("FETCH", uid, "(BODY.PEEK[HEADER])")[1]
                    named = MESSAGE_ID.search(found[0][1])
                    assert named is not None
                    gone.add(named[1].decode())
                    client.uid("STORE", uid, "+FLAGS.SILENT", "(\\Deleted)")
                    client.expunge()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield gone
    finally:
        stop.set()
        thread.join(60)
        assert not thread.is_alive()


@pytest.mark.timeout(300)
def test_what_was_acknowledged_before_is_in_the_backup(tmp_path: Path) -> None:
    kept = Kept.create(tmp_path / "old", recipients=("anna",))
    anna = kept.office.recipients["anna"]
    traffic = Traffic(kept.office.sender, ["anna"], sizes=(2_000, 40_000), senders=3)
    rounds: list[tuple[Path, set[str]]] = []
    with kept.office.start() as bridge, expunging(bridge, anna) as gone:
        traffic.address = bridge.listeners["smtp-plain"]
        traffic.start()
        while len(traffic.acknowledged) < WANTED or len(rounds) < 3:
            acknowledged = set(traffic.acknowledged)
            made = kept.back_up()
            assert made["unreadable_bodies"] == 0
            rounds.append((Path(made["folder"]), acknowledged))
        traffic.finish()
    assert gone, "nothing was expunged meanwhile"
    for folder, _ in rounds:
        verification.verify(folder, kept.keys, kept.keyrings)
    folder, acknowledged = rounds[-1]
    restored, _ = kept.restore(tmp_path / "new", folder)
    with restored.start() as bridge:
        found = stored(bridge.listeners["imap-plain"], restored.recipients["anna"])
        names = [name for name, _ in found]
        assert all(body.endswith(f"end of {name}\r\n".encode()) for name, body in found)
        assert len(names) == len(set(names))
        assert acknowledged - gone <= set(names)


def test_a_full_destination_is_said_and_harms_nobody(tmp_path: Path) -> None:
    kept = Kept.create(tmp_path / "data", recipients=("anna",))
    with small_disk(tmp_path / "disk", 12) as disk:
        kept.backups = disk / "backups"
        with kept.office.start() as bridge:
            sender = HandIns(bridge.listeners["smtp-plain"], kept.office.sender)
            assert sender.hand_in("before", 300_000) == 250
            first = Path(kept.back_up()["folder"])
            for number in range(50):
                assert sender.hand_in(f"more-{number}", 300_000) == 250
            done = refused(kept)
            assert (done["code"], "full" in done["message"]) == ("backup-full", True)
            assert sender.hand_in("after", 3_000) == 250
            found = stored(bridge.listeners["imap-plain"], kept.office.recipients["anna"])
            assert {name for name, _ in found} == sender.acknowledged
        assert destinations.folders(kept.backups) == [first]
        verification.verify(first, kept.keys, kept.keyrings)


@pytest.mark.parametrize("left", [20_000, 100_000, 250_000])
def test_a_disk_full_within_the_database_is_said_too(tmp_path: Path, left: int) -> None:
    kept = Kept.create(tmp_path / "data", recipients=("anna",))
    with small_disk(tmp_path / "disk", 2) as disk:
        kept.backups = disk / "backups"
        (disk / "ballast").write_bytes(bytes(2 * 1024 * 1024 - left))
        assert refused(kept)["code"] == "backup-full"
        assert not kept.backups.exists() or destinations.folders(kept.backups) == []
        (disk / "ballast").unlink()
        verification.verify(Path(kept.back_up()["folder"]), kept.keys, kept.keyrings)


def refused(kept: Kept) -> dict[str, str]:
    """The error of a backup that is not made."""
    command = [*COMMAND, "backup", kept.backups, "--keyring", kept.keyrings, "--data", kept.office.data, "--json"]
    done = warm.run(command, LC_ALL="C.UTF-8")
    assert done.returncode == 1, done.stdout
    error: dict[str, str] = json.loads(done.stdout)["error"]
    return error


def test_a_full_disk_of_keyrings_is_said_and_the_backup_stays(tmp_path: Path) -> None:
    kept = Kept.create(tmp_path / "data", recipients=("anna",))
    with small_disk(tmp_path / "disk", 1) as disk:
        kept.keyrings = disk / "keyrings"
        (disk / "ballast").write_bytes(bytes(1024 * 1024 - 12_000))
        error = refused(kept)
        assert (error["code"], str(kept.keyrings) in error["message"]) == ("backup-full", True)
        assert not kept.keyrings.exists() or destinations.folders(kept.keyrings) == []
        (folder,) = destinations.whole(kept.backups)
        verification.verify(folder, kept.keys, kept.office.data / "keyring.db")
