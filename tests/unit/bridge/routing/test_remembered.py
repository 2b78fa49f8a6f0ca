"""What decisions depend on is read once, and again as soon as any of it may have changed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2
from sqlmodel import Session

from bridge.routing import planning
from bridge.routing.planning import Gathered
from bridge.routing.remembered import Remembered
from storage.choices import consents, dependence
from storage.deliveries.terms import Channel, Road
from storage.engine import statements
from tests.ladders import House
from tests.reading import NOW

TABLES = ("account", "consent", "correspondent", "external_mailbox", "notice_url", "preference")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House.create(tmp_path / "data")
    made.hand_in()
    yield made
    made.store.close()


def fresh(house: House) -> Gathered:
    return house.store.read_now(planning.gather, [house.anna.id], house.erp.id, True)


def test_it_is_read_once(house: House) -> None:
    remembered = Remembered(house.store)
    assert remembered.gather([house.anna.id], house.erp.id, True) is remembered.gather(
        [house.anna.id], house.erp.id, True
    )
    house.hand_in()
    assert house.store.choices.number == remembered._number, "an arrival chooses nothing"


CHANGES = (
    "UPDATE account SET locale = 'en' WHERE id = {anna}",
    "UPDATE account SET state = 'invited' WHERE id = {anna}",
    "UPDATE account SET contact_email_verified_at = NULL WHERE id = {anna}",
    "UPDATE account SET postal_address = NULL WHERE id = {anna}",
    "UPDATE account SET postal_returned_at = 1 WHERE id = {anna}",
    "UPDATE account SET default_type = 'invoice' WHERE id = {erp}",
    "INSERT INTO notice_url (account_id, sealed_url, service, changed_at) VALUES ({anna}, x'00', 'ntfys', 0)",
    "INSERT INTO external_mailbox VALUES ({anna}, 'h', 993, 'u', x'00', 'INBOX', 'NL', 1, 1)",
    "INSERT INTO preference (level, account_id, channel, mandatory, changed_at) VALUES ('x', {anna}, 'paper', 0, 0)",
    "INSERT INTO preference (level, domain_id, document_type, mandatory, changed_at)"
    " SELECT 'y', domain_id, 'notice', 1, 0 FROM account WHERE id = {anna}",
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen_by_the_next_hand_in(house: House, change: str) -> None:
    remembered = Remembered(house.store)
    before = remembered.gather([house.anna.id], house.erp.id, True)
    house.store.write_now(statements.run, change.format(anna=house.anna.id, erp=house.erp.id))
    after = remembered.gather([house.anna.id], house.erp.id, True)
    assert after == fresh(house) != before


def test_consent_taken_back_is_seen(house: House) -> None:
    remembered = Remembered(house.store)
    house.store.write_now(consents.note_carriers, house.anna.id, [Channel.PAPER], road=Road.API, now=NOW)
    remembered.gather([house.anna.id], house.erp.id, True)
    house.store.write_now(
        consents.withdraw, house.anna.id, consents.Purpose.CARRIERS, None, Channel.PAPER, now=NOW + 1
    )
    assert remembered.gather([house.anna.id], house.erp.id, True).applying[house.anna.id].reader.declined
    assert remembered.gather([house.anna.id], house.erp.id, True) == fresh(house)


def test_what_is_not_there_yet_is_asked_for_each_time(house: House) -> None:
    remembered = Remembered(house.store)
    stranger = remembered.gather([house.anna.id], "new@elsewhere.test", False)
    number = house.store.choices.number
    assert stranger.sender.correspondent_id is None
    house.store.write_now(statements.run, "INSERT INTO correspondent (address) VALUES ('new@elsewhere.test')")
    assert remembered.gather([house.anna.id], "new@elsewhere.test", False).sender.correspondent_id is not None
    assert house.store.choices.number == number, "a new sender makes nothing old"


def test_a_change_that_is_undone_is_not_kept(house: House) -> None:
    def fails(session: Session) -> None:
        statements.run(session, "UPDATE account SET locale = 'nl' WHERE id = ?", (house.anna.id,))
        raise ZeroDivisionError

    remembered = Remembered(house.store)
    with pytest.raises(ZeroDivisionError):
        house.store.write_now(fails)
    assert remembered.gather([house.anna.id], house.erp.id, True) == fresh(house)


def test_all_that_is_read_is_watched(house: House) -> None:
    """SQLite itself names each column that the look-up reads."""
    read: set[tuple[str, str]] = set()

    def note(action: int, table: str | None, column: str | None, *_: object) -> int:
        if action == dbapi2.SQLITE_READ and table is not None and column:
            read.add((table, column))
        return dbapi2.SQLITE_OK

    def gathered(session: Session) -> None:
        statements.run(
            session,
            "INSERT INTO consent (account_id, purpose, scope, granted_at, road)"
            " VALUES (?, 'carriers', 'paper', 0, 'api')",
            (house.anna.id,),
        )
        for change in CHANGES:
            statements.run(session, change.format(anna=house.anna.id, erp=house.erp.id))
        statements.driver(session).set_authorizer(note)
        planning.gather(session, [house.anna.id], house.erp.id, True)
        planning.gather(session, [house.anna.id], "new@elsewhere.test", False)
        statements.driver(session).set_authorizer(None)

    house.store.write_now(gathered)
    assert {table for table, _ in read} == set(TABLES) == set(dependence.CHANGES)
    watched = dependence.CHANGES["account"][0].removeprefix("UPDATE OF ").split(", ")
    assert {column for table, column in read if table == "account"} - {"id"} == set(watched)
