"""Every column about a person has an entry in the data inventory (S2), and every entry its value (S40)."""

from bridge.inventory import ITEMS, LINKS, TECHNICAL
from storage.people import held
from storage.schema import metadata


def named() -> list[tuple[str, str]]:
    return [
        (table, column) for item in ITEMS for table, columns in item.columns.items() for column in columns.split()
    ]


def test_every_column_is_in_the_inventory_or_says_nothing_of_a_person() -> None:
    there = {(table.name, column.name) for table in metadata.tables.values() for column in table.columns}
    technical = {(table, column) for table, columns in TECHNICAL.items() for column in columns.split()}
    links = {each for each in there if each[1] in LINKS}
    known = set(named())
    assert sorted(there - known - technical - links) == []
    assert sorted((known | technical) - there) == []
    assert sorted(known & technical) == []


def test_a_column_stands_for_one_item_alone() -> None:
    assert len(named()) == len(set(named()))


def test_every_item_has_its_value_and_every_value_its_item() -> None:
    names = [item.name for item in ITEMS]
    assert len(names) == len(set(names))
    assert set(names) == set(held._VALUES) | set(held._COUNTS) | {"audit", "break-glass"}
