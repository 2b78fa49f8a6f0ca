"""The schema that the revisions build is the one that the tables describe; an upgrade is all or nothing."""

import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from storage import migrations, schema
from storage.database import Store
from storage.engine import connections, statements
from storage.engine.connections import Database
from storage.errors import Invalid
from storage.keys.master import MasterKey

TABLES = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' AND name <> 'alembic_version'"


def built(path: Path) -> Database:
    database = Database(path, b"k" * 32)
    session = database.writing()
    migrations.upgrade(session, lambda: None)
    connections.close(session)
    return database


def test_the_revisions_build_what_the_tables_describe(tmp_path: Path) -> None:
    session = built(tmp_path / "migrated.db").writing()
    context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
    assert compare_metadata(context, schema.metadata) == []
    migrated = statements.rows(session, TABLES + " ORDER BY name")
    session.rollback()
    connections.close(session)

    described = Database(tmp_path / "described.db", b"k" * 32).writing()
    schema.metadata.create_all(described.connection())
    described.commit()
    assert [row[:2] for row in migrated] == [row[:2] for row in statements.rows(described, TABLES + " ORDER BY name")]
    for (_, name, sql), (_, _, wanted) in zip(
        migrated, statements.rows(described, TABLES + " ORDER BY name"), strict=True
    ):
        assert sorted(parts(sql)) == sorted(parts(wanted)), name
    connections.close(described)


def parts(sql: str) -> list[str]:
    """Columns and constraints in no order: alembic writes constraints in another one, and added columns last."""
    head, _, rest = sql.partition("(")
    inside, _, tail = rest.rpartition(")")
    return [head.strip(), tail.strip(), *(part.strip() for part in re.split(r",\s*(?![^(]*\))", inside))]


def test_an_upgrade_twice_changes_nothing(tmp_path: Path) -> None:
    database = built(tmp_path / "x.db")
    built(tmp_path / "x.db")
    session = database.reading()
    assert statements.rows(session, "SELECT version_num FROM alembic_version") == [(migrations.NEWEST,)]
    connections.close(session)


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    database = built(tmp_path / "x.db")
    session = database.writing()
    statements.run(session, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Invalid):
        migrations.upgrade(session, lambda: None)
    assert statements.rows(session, "SELECT version_num FROM alembic_version") == [("9999",)]
    connections.close(session)


def test_the_newest_revision_is_the_one_that_alembic_finds() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations.FOLDER))
    assert ScriptDirectory.from_config(config).get_heads() == [migrations.NEWEST]


def test_an_upgrade_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    database = Database(tmp_path / "x.db", b"k" * 32)

    def fail() -> None:
        raise ZeroDivisionError

    session = database.writing()
    with pytest.raises(ZeroDivisionError):
        migrations.upgrade(session, fail)
    assert statements.rows(session, "SELECT name FROM sqlite_schema") == []
    connections.close(session)
    built(tmp_path / "x.db")


def test_a_folder_whose_making_was_cut_off_is_completed_at_open(tmp_path: Path) -> None:
    """`create` makes the file before the schema; a kill in between leaves it empty."""
    data, master = tmp_path / "data", MasterKey.generate()
    data.mkdir()
    Database(data / "postex.db", master.derive().database).create()
    with Store.open(data, master) as store:
        assert store.read_now(statements.rows, "SELECT position FROM audit_head") == [(0,)]


def test_every_constraint_has_a_name() -> None:
    unnamed = [
        (table.name, constraint)
        for table in schema.metadata.tables.values()
        for constraint in (*table.constraints, *table.indexes)
        if constraint.name is None
    ]
    assert unnamed == []
