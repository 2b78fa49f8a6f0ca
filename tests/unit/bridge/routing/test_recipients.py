"""Who an address delivers to, and why it gets nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import Session

from bridge.routing.recipients import Refusal, resolve
from storage.engine import statements
from storage.people import accounts
from storage.records import Recipient, Role
from tests.smtp_office import NOW, Office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    office.person("full@example.test", Role.RECIPIENT, quota=1000)
    yield office
    office.store.close()


def asked(office: Office, address: str, size: int = 0) -> Recipient | Refusal:
    return office.store.read_now(resolve, address, size)


@pytest.mark.parametrize("address", ["anna@example.test", "ANNA@Example.test", "anna+invoices@example.test"])
def test_an_account(office: Office, address: str) -> None:
    found = asked(office, address)
    assert isinstance(found, Recipient)
    assert found.account_id == office.anna.account.id


@pytest.mark.parametrize(
    ("address", "size", "refusal"),
    [
        ("nobody@example.test", 0, Refusal.UNKNOWN),
        ("anna@elsewhere.test", 0, Refusal.ELSEWHERE),
        ("anna@sub.example.test", 0, Refusal.ELSEWHERE),
        ("postmaster", 0, Refusal.ELSEWHERE),
        ("full@example.test", 1001, Refusal.FULL),
    ],
)
def test_refusals(office: Office, address: str, size: int, refusal: Refusal) -> None:
    assert asked(office, address, size) is refusal


def test_room_is_asked_for_the_announced_size(office: Office) -> None:
    assert isinstance(asked(office, "full@example.test", 999), Recipient)


def test_a_suspended_account_still_keeps_what_arrives(office: Office) -> None:
    office.store.write_now(accounts.suspend, office.anna.account.id, NOW)
    assert isinstance(asked(office, "anna@example.test"), Recipient)


def test_a_closed_account(office: Office) -> None:
    def closed(session: Session) -> None:
        statements.run(session, "UPDATE account SET state = 'closed' WHERE id = ?", (office.anna.account.id,))

    office.store.write_now(closed)
    assert asked(office, "anna@example.test") is Refusal.CLOSED
