"""No table is forgotten: what the schema has on accounts and documents is known to `live_places`, and taken out."""

import re
from typing import Any

import sqlalchemy

from storage import schema
from storage.engine import statements
from storage.erasures import erasing, erasure, live_places
from storage.erasures.erasure import State
from tests.unit.storage.conftest import NOW, Office, Person

POINTS_AT_SOMEONE = re.compile(r"account|actor|subject|(^|_)by$|document")
LEADS_NOWHERE = {
    ("erasure", "account_state"): "a state",
    ("document", "id"): "counted as document.id",
    ("document", "public_id"): "counted as document.id",
    ("document", "correspondent_id"): "a number of a correspondent",
    ("delivery", "document_type"): "a type",
    ("delivery", "reply_by"): "a date",
    ("preference", "document_type"): "a type",
    ("preference_change", "document_type"): "a type",
}


def test_every_column_that_points_at_an_account_or_a_document_is_looked_at() -> None:
    known = {
        *live_places.DELETED,
        *live_places.CLEARED,
        *live_places.KEPT,
        *live_places.OF_DOCUMENT,
        *live_places.WITH_LAST_READER,
        *live_places.KEPT_OF_DOCUMENT,
        *LEADS_NOWHERE,
    }
    pointing = {
        (table.name, column.name)
        for table in schema.metadata.tables.values()
        for column in table.columns
        if POINTS_AT_SOMEONE.search(column.name)
        or any(key.column.table.name in ("account", "document") for key in column.foreign_keys)
    }
    assert ("wrap", "account_id") in pointing
    assert pointing - known == set(), (
        "say in storage/erasures/live_places.py what becomes of it when an account is erased"
    )


def test_every_column_of_an_account_is_personal_or_not() -> None:
    columns = {column.name for column in schema.metadata.tables["account"].columns}
    assert columns == live_places.PERSONAL.keys() | live_places.NOT_PERSONAL


def test_rows_of_every_place_are_counted_and_removed(office: Office, anna: Person, bram: Person) -> None:
    """One planted row in each table, behind storage's back, so that none is empty when it is looked at."""
    office.deliver(b"letter", anna, sender_account_id=anna.account.id)
    planted = plant(office, anna)
    before = office.store.read_now(live_places.of_account, anna.account.id)
    assert {place for place, count in before.items() if not count} == set(), "plant a row there"
    begun = office.store.write_now(erasure.begin, anna.account.id, by=None, now=NOW)
    assert erasing.carry_out(office.store, begun.id, NOW).state is State.DONE
    assert planted > 5


def plant(office: Office, person: Person) -> int:
    """A row in every table of `live_places.DELETED` that is still empty for this account."""
    made = 0
    office.change("PRAGMA foreign_keys = OFF")
    for table, column in live_places.DELETED:
        if office.rows("SELECT 1 FROM ?t WHERE ?c = ?".replace("?t", table).replace("?c", column), person.account.id):
            continue
        columns = [each for each in schema.metadata.tables[table].columns if not each.nullable or each.name == column]
        columns = [each for each in columns if each.name != "id"]
        values = [person.account.id if each.name == column else _sample(each) for each in columns]
        office.change(
            "INSERT INTO ?t (?c) VALUES (?v)".replace("?t", table)
            .replace("?c", ", ".join(each.name for each in columns))
            .replace("?v", ", ".join("?" * len(columns))),
            *_pointing(office, person, table, [each.name for each in columns], values),
        )
        made += 1
    return made


def _pointing(
    office: Office, person: Person, table: str, names: list[str], values: list[statements.Value]
) -> list[statements.Value]:
    """Foreign keys to what is there."""
    slot = office.rows("SELECT id FROM key_slot WHERE account_id = ?", person.account.id)[0][0]
    document = office.rows("SELECT document_id FROM wrap WHERE account_id = ?", person.account.id)[0][0]
    targets = {"slot_id": slot, "document_id": document, "domain_id": person.account.domain_id, "requested_by": 1}
    return [targets.get(name, value) for name, value in zip(names, values, strict=True)]


def _sample(column: sqlalchemy.Column[Any]) -> statements.Value:
    samples: dict[str, statements.Value] = {"INTEGER": 1, "VARCHAR": "planted", "BOOLEAN": 0}
    return samples.get(str(column.type), b"planted")
