"""R16: killed at any statement of an upgrade, the database is wholly the old one or wholly the new one."""

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from storage import migrations
from storage.database import Store
from storage.engine import connections, statements
from storage.engine.connections import Database
from storage.errors import WriterUnavailable
from storage.oversight import audit
from tests import warm
from tests.frozen import Thawed, thaw

POINTS = int(os.environ.get("SOAK_UPGRADE_POINTS", "12"))
"""Places in the middle; the first and the last statements are tried besides."""
EDGE = 4
SCHEMA = "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name"


def end_early(data: Path, last: int) -> int | None:
    """Open the folder in a process that is killed before its `last` statement; their number, if there are fewer."""
    command = [sys.executable, "-m", "tests.crash.early_end", str(data), str(last)]
    done = warm.run(command)
    if done.returncode == -signal.SIGKILL:
        return None
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def image(database: Database) -> tuple[str, list[statements.Row], dict[str, list[statements.Row]]]:
    """Revision, schema and content. Recovers nothing and upgrades nothing."""
    session = database.reading()
    try:
        found = statements.row(session, "SELECT version_num FROM alembic_version")
        assert found is not None
        tables = statements.rows(session, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        content = {name: statements.rows(session, f"SELECT * FROM {name}") for (name,) in tables}
        return found[0], statements.rows(session, SCHEMA), content
    finally:
        connections.close(session)


@pytest.fixture
def frozen(tmp_path: Path) -> Thawed:
    return thaw("0001", tmp_path / "data")


@pytest.mark.timeout(400)
def test_a_kill_in_the_middle_of_an_upgrade_leaves_no_half_state(frozen: Thawed, tmp_path: Path) -> None:
    before = image(frozen.database)
    assert before[0] == "0001"
    shutil.copytree(frozen.data, tmp_path / "counted")
    total = end_early(tmp_path / "counted", 0)
    assert total is not None
    after = image(Database(tmp_path / "counted" / "postex.db", frozen.database.key))
    assert after[0] == migrations.NEWEST
    places = {
        *range(1, EDGE),
        *range(1, total + 1, max(1, total // POINTS)),
        *range(total - EDGE, total + 1),
    }
    ended_as = []
    for place in sorted(places):
        assert end_early(frozen.data, place) is None, place
        found = image(frozen.database)
        assert found == (before if found[0] == "0001" else after), place
        ended_as.append(found[0])
        if found[0] != "0001":  # begin again with the old one
            shutil.rmtree(frozen.data)
            thaw("0001", frozen.data)
    assert ended_as.count("0001") > POINTS / 2
    with Store.open(frozen.data, frozen.master) as store:
        assert store.read_now(audit.verify, store.server_keys) is None


def test_a_full_disk_in_the_middle_leaves_the_old_one(frozen: Thawed, monkeypatch: pytest.MonkeyPatch) -> None:
    """As far as a page count can stand for a disk."""
    before = image(frozen.database)
    pragmas = connections._pragmas
    session = frozen.database.reading()
    pages = statements.row(session, "PRAGMA page_count")
    connections.close(session)
    assert pages is not None
    limit = [f"PRAGMA max_page_count = {pages[0] + 3}"]
    monkeypatch.setattr(connections, "_pragmas", lambda key, read_only: pragmas(key, read_only) + limit)
    with pytest.raises(WriterUnavailable):
        Store.open(frozen.data, frozen.master)
    monkeypatch.undo()
    assert image(frozen.database) == before
    with Store.open(frozen.data, frozen.master) as store:
        assert store.read_now(statements.row, "SELECT version_num FROM alembic_version") == (migrations.NEWEST,)
