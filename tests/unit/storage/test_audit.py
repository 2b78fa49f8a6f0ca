"""The audit chain: any change of the past shows, and where."""

import pytest

from storage import audit
from storage.keys.master import MasterKey

from .conftest import NOW, Office


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
    office.change("DELETE FROM audit_event")
    office.change("DELETE FROM audit_head")
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
