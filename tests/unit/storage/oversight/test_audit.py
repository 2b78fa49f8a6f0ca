"""The audit chain: any change of the past shows, and where."""

from threading import Thread

import pytest

from storage.database import Store
from storage.keys.master import MasterKey
from storage.oversight import audit
from tests.unit.storage.conftest import NOW, Office, Person


@pytest.fixture
def chain(office: Office) -> Office:
    for number in range(5):
        office.store.write_now(audit.append, "test.event", "system", f"thing:{number}", {"n": number}, NOW + number)
    return office


def first_bad(office: Office) -> int | None:
    return office.store.read_now(audit.verify, office.store.server_keys)


def test_a_sound_chain_verifies_also_after_reopening(chain: Office) -> None:
    assert first_bad(chain) is None
    chain.reopen()
    chain.store.write_now(audit.append, "test.event", "system", "thing:9", {}, NOW)
    assert first_bad(chain) is None


def test_an_empty_chain_verifies(office: Office) -> None:
    for table in ("audit_event", "audit_head", "audit_involved", "audit_domain"):
        office.change(f"DELETE FROM {table}")
    office.store.write_now(audit.begin, office.store.server_keys)
    assert first_bad(office) is None


@pytest.mark.parametrize("column", ["at", "kind", "actor", "subject", "detail", "hash", "mac"])
def test_a_changed_column_is_found_at_its_place(chain: Office, column: str) -> None:
    last = chain.rows("SELECT max(position) FROM audit_event")[0][0]
    value: int | str | bytes = {"at": 1, "hash": bytes(32), "mac": bytes(32)}.get(column, "other")  # type: ignore[assignment]
    chain.change(f"UPDATE audit_event SET {column} = ? WHERE position = ?", value, last - 2)
    assert first_bad(chain) == last - 2


def test_a_missing_event_is_found(chain: Office) -> None:
    last = chain.rows("SELECT max(position) FROM audit_event")[0][0]
    chain.change("DELETE FROM audit_event WHERE position = ?", last - 1)
    assert first_bad(chain) == last - 1


def test_a_cut_end_is_found(chain: Office) -> None:
    last = chain.rows("SELECT max(position) FROM audit_event")[0][0]
    chain.change("DELETE FROM audit_event WHERE position = ?", last)
    assert first_bad(chain) == last


def test_a_chain_hashed_anew_without_the_old_keys_is_found(chain: Office) -> None:
    """Who reads the database knows the key for the next event, and no older one."""
    last = chain.rows("SELECT max(position) FROM audit_event")[0][0]
    ((previous,),) = chain.rows("SELECT hash FROM audit_event WHERE position = ?", last - 1)
    chain.change("DELETE FROM audit_event WHERE position = ?", last)
    chain.change("UPDATE audit_head SET position = ?, hash = ?", last - 1, previous)
    chain.store.write_now(audit.append, "test.event", "system", "thing:forged", {}, NOW)
    assert first_bad(chain) == last


def test_the_seed_is_not_in_the_database_and_another_does_not_verify(chain: Office) -> None:
    seed = chain.store.server_keys.audit
    assert chain.rows("SELECT count(*) FROM audit_head WHERE ratchet_key = ?", seed) == [(0,)]
    assert chain.store.read_now(audit.verify, MasterKey.generate().derive()) == 1


def test_detail_is_canonical(office: Office) -> None:
    office.store.write_now(audit.append, "test.event", "system", "thing:1", {"b": [2, 1], "a": "é"}, NOW)
    assert office.rows("SELECT detail FROM audit_event WHERE kind = 'test.event'") == [('{"a":"\\u00e9","b":[2,1]}',)]


# --- the index of accounts and domains ---


@pytest.fixture
def indexed(office: Office, anna: Person, bram: Person) -> Office:
    """Events of every sort that the index knows."""
    write = office.store.write_now
    a, b = f"account:{anna.account.id}", f"account:{bram.account.id}"
    for actor, subject in ((a, a), (a, b), ("system", b), (a, "domain:1"), ("operator", "backup:1"), (a, "backup:1")):
        write(audit.append, "test.event", actor, subject, {}, NOW)
    office.deliver(b"a letter", anna)
    return office


def examined(office: Office) -> audit.Verification:
    return office.store.read_now(audit.examine, office.store.server_keys)


def test_the_index_is_what_the_events_say(indexed: Office) -> None:
    assert first_bad(indexed) is None


@pytest.mark.parametrize("table", ["audit_involved", "audit_domain"])
def test_a_removed_index_row_is_found_at_its_place(indexed: Office, table: str) -> None:
    for (position,) in indexed.rows(f"SELECT DISTINCT position FROM {table} ORDER BY position DESC"):
        indexed.change(f"DELETE FROM {table} WHERE position = ?", position)
        found = examined(indexed)
        assert (found.broken_at, found.misindexed_at, found.first_bad) == (None, position, position)


@pytest.mark.parametrize(("table", "column"), [("audit_involved", "account_id"), ("audit_domain", "domain_id")])
def test_an_added_or_moved_index_row_is_found_at_its_place(indexed: Office, table: str, column: str) -> None:
    held = {position for (position,) in indexed.rows(f"SELECT position FROM {table}")}
    last = indexed.rows("SELECT max(position) FROM audit_event")[0][0]
    for position in (last + 7, *sorted(set(range(1, last + 1)) - held, reverse=True)):
        indexed.change(f"INSERT INTO {table} ({column}, position) VALUES (?, ?)", 1, position)
        assert examined(indexed).misindexed_at == position
    indexed.change(f"DELETE FROM {table} WHERE position > ?", last)
    indexed.change(f"UPDATE {table} SET {column} = 99 WHERE position = ?", min(held))
    assert first_bad(indexed) == 1


def test_the_index_is_made_anew_as_it_was(indexed: Office) -> None:
    tables = ("audit_involved", "audit_domain")
    before = [indexed.rows(f"SELECT * FROM {table}") for table in tables]
    for table in tables:
        indexed.change(f"DELETE FROM {table} WHERE position % 2 = 0")
        indexed.change(f"UPDATE {table} SET position = position + 100")
    indexed.store.write_now(audit.reindex, "operator", NOW)
    assert [indexed.rows(f"SELECT * FROM {table}") for table in tables] == before
    assert first_bad(indexed) is None
    assert indexed.rows("SELECT actor FROM audit_event WHERE kind = 'audit.reindexed'") == [("operator",)]


def test_a_letter_adds_nothing_to_the_index(indexed: Office) -> None:
    assert indexed.rows(
        "SELECT count(*) FROM audit_event e JOIN audit_involved i USING (position) WHERE kind LIKE 'document.%'"
    ) == [(0,)]


# --- rows put in, swapped and removed ---


@pytest.mark.parametrize("position", [-5, 0])
def test_an_event_below_the_first_is_found(chain: Office, position: int) -> None:
    chain.change(
        "INSERT INTO audit_event SELECT ?, at, kind, actor, subject, detail, hash, mac FROM audit_event"
        " WHERE position = 1",
        position,
    )
    assert first_bad(chain) == position


def test_an_event_behind_the_end_is_found(chain: Office) -> None:
    last = chain.rows("SELECT max(position) FROM audit_event")[0][0]
    chain.change(
        "INSERT INTO audit_event SELECT ?, at, kind, actor, subject, detail, hash, mac FROM audit_event"
        " WHERE position = ?",
        last + 1,
        last,
    )
    assert first_bad(chain) == last + 1


def test_swapped_events_are_found(chain: Office) -> None:
    last = chain.rows("SELECT max(position) FROM audit_event")[0][0]
    for old, new in ((last, 1000), (last - 2, last), (1000, last - 2)):
        chain.change("UPDATE audit_event SET position = ? WHERE position = ?", new, old)
    assert first_bad(chain) == last - 2


@pytest.mark.parametrize("column", ["at", "kind", "detail", "hash", "mac"])
@pytest.mark.parametrize("value", [b"\xff\xfe", "9", 7])
def test_a_value_of_another_kind_is_found_and_breaks_nothing(
    chain: Office, column: str, value: bytes | str | int
) -> None:
    chain.change(f"UPDATE audit_event SET {column} = ? WHERE position = 2", value)
    assert first_bad(chain) == 2


def test_the_log_holds_while_it_is_appended_to(indexed: Office) -> None:
    """A thousand events come in while it is verified over and over: never a false alarm."""
    store = indexed.store
    events = [Thread(target=_append, args=(store, number)) for number in range(4)]
    for thread in events:
        thread.start()
    seen = []
    while any(thread.is_alive() for thread in events):
        seen.append(examined(indexed))
    for thread in events:
        thread.join()
    assert [found for found in seen if found.first_bad is not None] == []
    assert len({found.position for found in seen}) > 1
    assert examined(indexed).position >= 1000


def _append(store: Store, number: int) -> None:
    for each in range(250):
        store.write_now(audit.append, "test.event", f"account:{1 + each % 2}", "system", {"n": number}, NOW)
