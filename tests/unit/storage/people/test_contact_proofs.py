"""Codes for a contact address: pauses and bounces, also by a clock that was wrong."""

import os

import pytest

from storage.engine import statements
from storage.erasures import partial_erasure
from storage.errors import NotFound
from storage.people import contact_proofs
from storage.people.contact_proofs import Proof, TooSoon
from tests.unit.storage.conftest import NOW, Office, Person

KEY = b"k" * 32
YEAR = 365 * 24 * 3600


@pytest.fixture
def reachable(office: Office, anna: Person) -> Person:
    office.change("UPDATE account SET contact_email = 'anna@else.test' WHERE id = ?", anna.account.id)
    return anna


def begin(office: Office, person: Person, now: int) -> Proof:
    return office.store.write_now(contact_proofs.begin, person.account.id, KEY, now, os.urandom)


def test_the_pause_doubles_and_a_days_rest_ends_it(office: Office, reachable: Person) -> None:
    at = NOW
    for pause in (60, 120, 240):
        begin(office, reachable, at)
        with pytest.raises(TooSoon) as caught:
            begin(office, reachable, at + pause - 1)
        assert caught.value.at == at + pause
        at += pause
    at += contact_proofs.LIFETIME
    begin(office, reachable, at)
    begin(office, reachable, at + 60)


def test_a_clock_that_was_ahead_keeps_nobody_waiting_for_a_year(office: Office, reachable: Person) -> None:
    begin(office, reachable, NOW + YEAR)
    begin(office, reachable, NOW)
    with pytest.raises(TooSoon) as caught:
        begin(office, reachable, NOW + 1)
    assert caught.value.at == NOW + 60


def test_three_bounces_an_hour_apart_unprove_the_address_that_was_written_to(
    office: Office, reachable: Person
) -> None:
    by = reachable.account.id
    office.change("UPDATE account SET contact_email_verified_at = ? WHERE id = ?", NOW, by)
    told = [
        (60, "other@else.test", False),
        (120, None, False),
        (130, None, False),
        (120 + 3600, "anna@else.test", False),
        (120 + 7200, None, True),
        (120 + 10800, None, False),
    ]
    for after, address, last in told:
        assert office.store.write_now(contact_proofs.bounced, by, address, "550", NOW + after) is last
    sql = "SELECT count(*) FROM delivery_event WHERE kind = ?"
    assert office.store.read_now(statements.rows, sql, (contact_proofs.BOUNCED,)) == [(3,)]


def test_a_code_counts_for_a_day_and_a_new_one_for_five_tries_again(office: Office, reachable: Person) -> None:
    def confirm(code: str, at: int) -> str | None:
        by = reachable.account.id
        return office.store.write_now(contact_proofs.confirm, by, KEY, code, at, actor=f"account:{by}")

    first = begin(office, reachable, NOW)
    with pytest.raises(NotFound):
        confirm(first.code, NOW + contact_proofs.LIFETIME)
    for _ in range(contact_proofs.TRIES):
        assert confirm("x" * 8, NOW + 60) is None
    with pytest.raises(NotFound):
        confirm(first.code, NOW + 60)
    second = begin(office, reachable, NOW + 60)
    assert confirm(second.code, NOW + 59 + contact_proofs.LIFETIME) == "anna@else.test"


def test_erased_the_address_is_nowhere_and_the_pause_still_holds(office: Office, reachable: Person) -> None:
    by, field = reachable.account.id, partial_erasure.Field.CONTACT_EMAIL
    begin(office, reachable, NOW)
    assert office.store.read_now(partial_erasure.field_left, by, field)["contact_proof.address"] == 1
    office.store.write_now(partial_erasure.begin_field, by, field, by=by, now=NOW)
    assert set(office.store.read_now(partial_erasure.field_left, by, field).values()) == {0}
    office.change("UPDATE account SET contact_email = 'other@else.test' WHERE id = ?", by)
    with pytest.raises(TooSoon):
        begin(office, reachable, NOW + 59)
