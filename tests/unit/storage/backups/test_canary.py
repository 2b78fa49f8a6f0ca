"""The canary opens with all its parts, and with none of them missing or altered."""

from collections.abc import Callable

import pytest

from storage.backups import canary
from storage.database import Store
from storage.engine import statements
from storage.errors import NotFound, StorageError, Tampered
from storage.keys.master import MasterKey
from storage.people import accounts
from tests.unit.storage.conftest import NOW, Office


def made(office: Office) -> str:
    store = office.store
    return store.write_now(canary.ensure, store.server_keys, store.shred, store.bodies, NOW)


def check(office: Office) -> str:
    store = office.store
    return store.read_now(canary.check, store.server_keys, store.shred, store.bodies)


def test_it_opens_from_end_to_end(office: Office) -> None:
    assert check_fails(office) is NotFound
    public_id = made(office)
    assert check(office) == public_id
    office.reopen()
    assert check(office) == public_id


def test_it_is_made_once(office: Office) -> None:
    assert made(office) == made(office)
    assert office.rows("SELECT count(*) FROM account WHERE role = 'system'") == [(1,)]


def test_it_has_no_address_no_device_and_no_other_slot(office: Office) -> None:
    made(office)
    assert office.rows("SELECT * FROM address") == []
    assert office.rows("SELECT * FROM device") == []
    assert office.rows("SELECT kind FROM key_slot") == [("canary",)]
    for address in ("canary", "canary@example.test"):
        assert office.store.read_now(accounts.recipient, address) is None


def test_without_a_domain_there_is_none(tmp_path: object, office: Office) -> None:
    office.change("DELETE FROM domain")
    with pytest.raises(NotFound):
        made(office)


def check_fails(office: Office) -> type[StorageError] | None:
    try:
        check(office)
    except StorageError as error:
        return type(error)
    return None


def remove_body(office: Office) -> None:
    ((name,),) = office.rows("SELECT body_name FROM document")
    office.store.bodies.delete(name)


def swap_body(office: Office) -> None:
    ((name,),) = office.rows("SELECT body_name FROM document")
    size = office.store.bodies.size(name)
    office.store.bodies.delete(name)
    office.store.bodies.write(name, bytes(size))


def shred(office: Office) -> None:
    (name,) = office.store.shred.names()
    office.store.shred.delete(name)


def change(sql: str) -> Callable[[Office], None]:
    return lambda office: statements_run(office, sql)


def statements_run(office: Office, sql: str) -> None:
    assert office.store.write_now(statements.run, sql) > 0


@pytest.mark.parametrize(
    "harm",
    [
        remove_body,
        swap_body,
        shred,
        change("DELETE FROM key_slot"),
        change("UPDATE key_slot SET sealed_key = NULL"),
        change("UPDATE key_slot SET salt = zeroblob(32)"),
        change("DELETE FROM card"),
        change("UPDATE wrap SET sealed_wrap = zeroblob(81)"),
        change("UPDATE server_fact SET value = CAST('nobody' AS BLOB) WHERE name = 'canary'"),
    ],
    ids=lambda harm: getattr(harm, "__name__", "change"),
)
def test_whatever_is_missing_or_altered_shows(office: Office, harm: Callable[[Office], None]) -> None:
    made(office)
    harm(office)
    assert check_fails(office) is Tampered


def test_another_master_key_does_not_open_it(office: Office) -> None:
    made(office)
    store: Store = office.store
    with pytest.raises(Tampered):
        store.read_now(canary.check, MasterKey(bytes(32)).derive(), store.shred, store.bodies)
