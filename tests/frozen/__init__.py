"""Data folders as earlier revisions of the schema left them, with what must be found in them.

`0001.json` was written by the code of revision 0001 itself: five accounts with a device each and one revoked, two
documents (one inline, one in a body file), adopted by one reader, a folder and its subscription, flags, an enrolment
code, a suspended account. It holds the statements that make both databases, so that a difference can be read.
"""

import json
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.database import BODIES_NAME, DATABASE_NAME, KEYRING_NAME
from storage.engine import connections, statements
from storage.engine.bodies import FileBodies
from storage.engine.connections import Database
from storage.keys.master import MasterKey

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Thawed:
    """A data folder of an earlier revision, and what is known of it."""

    data: Path
    master: MasterKey
    facts: Mapping[str, Any]

    @property
    def database(self) -> Database:
        return Database(self.data / DATABASE_NAME, self.master.derive().database)


def thaw(revision: str, data: Path) -> Thawed:
    """Make the data folder of `revision` at `data`."""
    facts = json.loads((FOLDER / f"{revision}.json").read_text(encoding="utf-8"))
    master = MasterKey(b64decode(facts["master_key"]))
    keys = master.derive()
    data.mkdir(mode=0o700)
    master.save(data / "master.key")
    _fill(Database(data / DATABASE_NAME, keys.database), facts["database"])
    _fill(Database(data / KEYRING_NAME, keys.keyring_database), facts["keyring"])
    _as_keyring(Database(data / KEYRING_NAME, keys.keyring_database))
    bodies = FileBodies(data / BODIES_NAME)
    for name, content in facts["bodies"].items():
        bodies.write(name, b64decode(content))
    return Thawed(data, master, facts)


def _fill(database: Database, content: Mapping[str, Any]) -> None:
    database.create()
    session = database.writing()
    statements.run(session, "PRAGMA foreign_keys = OFF")
    statements.run(session, "BEGIN")
    for statement in content["schema"]:
        statements.run(session, statement)
    for table, rows in content["rows"].items():
        _insert(session, table, rows)
    statements.run(session, "COMMIT")
    connections.close(session)


def _insert(session: Any, table: str, rows: Sequence[str]) -> None:
    if table == "sqlite_sequence":
        statements.run(session, "DELETE FROM sqlite_sequence")
    for row in rows:
        statements.run(session, f"INSERT INTO {table} VALUES ({row})")


def _as_keyring(database: Database) -> None:
    """keyring.db has no log of its own."""
    session = database.writing()
    statements.run(session, "PRAGMA journal_mode = DELETE")
    connections.close(session)
