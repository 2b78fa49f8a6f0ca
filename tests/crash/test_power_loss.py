"""R2: power loss. Writes of real deliveries are recorded and cut off at random moments, with what was not synced
dropped or torn; the data folder is opened again and every acknowledged document is there. With synchronous = NORMAL
it is not.
"""

import hashlib
import os
import random
import shutil
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from sqlmodel import Session

from storage.database import Store
from storage.engine import connections, statements, write_ahead_log
from storage.engine.bodies import FileBodies
from storage.engine.connections import Database
from storage.errors import StorageError
from storage.keys.master import MasterKey
from tests.crash.disk import Disk, Layout
from tests.crash.recording import Event, Mark, needs_strace, record

pytestmark = [
    pytest.mark.skipif(needs_strace, reason="strace is missing: apt install strace"),
    pytest.mark.timeout(600),
]
DOCUMENTS = 120
STATES = int(os.environ.get("SOAK_POWER_STATES", "5000"))
CONTROL_STATES = 300
MEMORY = Path("/dev/shm")
"""Where states are laid out, if there is such a place: they need not survive anything."""
DATABASE = "postex.db"
"""With what follows its name, all that is written to as one looks at a state."""
OPENED_WHOLE = 100
"""Every this many states the whole Store is opened, which migrates and sweeps too."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What one power cut left."""

    lost: tuple[str, ...]
    acknowledged: int


def recorded(folder: Path, synchronous: str) -> tuple[list[Event], dict[str, bytes], Path]:
    """Events of a run, and the files there were before it."""
    data = folder / "data"
    data.mkdir(parents=True)
    master = MasterKey.generate()
    master.save(data / "master.key")
    Store.create(data, master)
    before = {str(path): path.read_bytes() for path in data.rglob("*") if path.is_file()}
    driver = [sys.executable, "-m", "tests.crash.power_driver", str(data), str(DOCUMENTS), synchronous]
    return record(driver, data, folder / "trace"), before, data


def cuts(
    events: list[Event], before: dict[str, bytes], data: Path, places: list[int], rng: random.Random
) -> list[Cut]:
    """Cut the power after each of the event numbers in `places` (ascending) and look at what is left."""
    disk = Disk.with_files(before)
    acknowledged: dict[str, str] = {}
    found, wanted = [], iter(places)
    place = next(wanted)
    target = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else data.parent))
    layout = Layout(data, target)
    for number, event in enumerate(events):
        match event:
            case Mark(text) if text.startswith("acked "):
                _, document, digest = text.split()
                acknowledged[document] = digest
            case Mark():
                pass
            case _:
                disk.apply(event)
        while number == place:
            layout.put(disk.after_cut(rng))
            whole = len(found) % OPENED_WHOLE == 0
            found.append(Cut(lost(target, acknowledged, whole=whole), len(acknowledged)))
            layout.forget_all() if whole else layout.forget(DATABASE)
            place = next(wanted, -1)
    shutil.rmtree(target)
    return found


def lost(data: Path, acknowledged: dict[str, str], *, whole: bool) -> tuple[str, ...]:
    """Acknowledged documents that are not there, or not whole; all of them if the store would not start."""
    (data / "master.key").chmod(0o400)
    master = MasterKey.load(data / "master.key")
    database = Database(data / DATABASE, _database_key(master))
    try:
        write_ahead_log.check(database)
        if whole:
            Store.open(data, master).close()
        session = database.writing()
    except (StorageError, connections.DriverError):
        return tuple(acknowledged)
    try:
        there = bodies(session, FileBodies(data / "bodies"))
    except (StorageError, connections.DriverError):
        return tuple(acknowledged)
    finally:
        connections.close(session)
    return tuple(document for document, digest in acknowledged.items() if there.get(document) != digest)


@cache
def _database_key(master: MasterKey) -> bytes:
    return master.derive().database


def bodies(session: Session, files: FileBodies) -> dict[str, str]:
    """SHA-256 of the sealed body of each document that has a card, a wrap and a copy."""
    query = (
        "SELECT public_id, body_name, sealed_body FROM document"
        " JOIN card ON card.document_id = document.id JOIN wrap ON wrap.document_id = document.id"
        " JOIN copy ON copy.document_id = document.id LEFT JOIN inline_body ON inline_body.document_id = document.id"
    )
    found = {}
    for document, name, inline in statements.rows(session, query):
        body = inline if name is None else files.read(name, 0, files.size(name))
        found[document] = hashlib.sha256(body).hexdigest()
    return found


def run(folder: Path, synchronous: str, states: int) -> list[Cut]:
    events, before, data = recorded(folder, synchronous)
    begin = events.index(Mark("begin"))
    rng = random.Random(states)
    places = sorted(rng.randrange(begin, len(events)) for _ in range(states))
    return cuts(events, before, data, places, rng)


def test_no_acknowledged_document_is_lost(tmp_path: Path) -> None:
    found = run(tmp_path, "FULL", STATES)
    assert len(found) == STATES
    assert max(cut.acknowledged for cut in found) > DOCUMENTS * 0.9
    assert [cut.lost for cut in found if cut.lost] == []


def test_without_sync_documents_are_lost(tmp_path: Path) -> None:
    """The control: the same test shows the loss when commits are not synced."""
    assert any(cut.lost for cut in run(tmp_path, "NORMAL", CONTROL_STATES))
