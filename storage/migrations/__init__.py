"""Revisions of the schema, shipped with the package and run by `Store` itself, never by hand.

An upgrade is one transaction, whatever the number of revisions: killed in the middle, it leaves the old schema.
There is no downgrade: the way back is the backup from before.
"""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection
from sqlmodel import Session

from storage.engine import statements
from storage.errors import Invalid, Tampered

FOLDER = Path(__file__).parent
NEWEST = "0004"
"""The last revision below `versions/`. A database that has it is used as it is: alembic takes 0.1 s to import."""


def upgrade(session: Session, afterwards: Callable[[], None]) -> None:
    """Bring the database to the newest revision, then call `afterwards` in the same transaction.

    Nothing happens if it is there already. Invalid if a newer version of Postex has made it. Foreign keys are off
    meanwhile (SQLite rebuilds a table to alter it) and are checked before the commit.
    """
    if _revision(session) == NEWEST:
        return
    connection = session.get_bind()
    assert isinstance(connection, Connection)
    statements.run(session, "PRAGMA foreign_keys = OFF")
    with connection.begin():  # alembic leaves a transaction alone that it finds open
        statements.run(session, "BEGIN IMMEDIATE")
        _run(connection)
        afterwards()
        if statements.rows(session, "PRAGMA foreign_key_check"):
            raise Tampered("references between tables do not hold")


def _revision(session: Session) -> str | None:
    """None for a database without a schema."""
    tables = "SELECT 1 FROM sqlite_schema WHERE name = 'alembic_version'"
    found = statements.row(session, tables) and statements.row(session, "SELECT version_num FROM alembic_version")
    return found[0] if found else None


def _run(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError:
        raise Invalid("database: made by a newer version of Postex") from None
