"""Purges: two people, 72 hours, the ordinary erasure for each account, holds respected."""

import pytest

from storage.erasures import erasing, erasure, holds, purges
from storage.erasures.erasure import State
from storage.erasures.purges import LIFETIME, Left, Purge, SamePerson
from storage.erasures.receipts import DAY
from storage.errors import Invalid, NotFound
from storage.people import accounts
from storage.records import AccountState
from tests.unit.storage.conftest import NOW, Office, Person

DUE = NOW + 14 * DAY


def requested(office: Office, by: Person, *people: Person) -> Purge:
    ids = [person.account.id for person in people]
    domain_id = by.account.domain_id
    return office.store.write_now(purges.request, domain_id, ids, "left us", by=by.account.id, now=NOW)


def test_two_people_erase_what_is_not_held(office: Office, anna: Person, bram: Person) -> None:
    carla, dirk = office.person("carla"), office.person("dirk")
    ends_at = NOW + DAY
    office.store.write_now(
        holds.place, dirk.account.id, reason="case", basis="AWR 52", ends_at=ends_at, by=None, now=NOW
    )
    purge = requested(office, anna, carla, dirk)
    assert office.store.read_now(accounts.by_id, carla.account.id).state is AccountState.REGISTERED
    with pytest.raises(NotFound):
        office.store.write_now(purges.carry_on, purge.id, DUE, NOW)
    office.store.write_now(purges.approve, purge.id, by=bram.account.id, now=NOW)
    assert office.store.read_now(purges.unfinished) == [purge.id]
    assert office.store.write_now(purges.carry_on, purge.id, DUE, NOW) is False
    assert office.store.read_now(purges.unfinished) == []
    assert office.store.read_now(purges.outcome, purge.id) == {
        carla.account.id: (State.REQUESTED, None),
        dirk.account.id: (State.LEFT, Left.HELD),
    }
    assert office.store.read_now(accounts.by_id, dirk.account.id).state is AccountState.REGISTERED
    assert office.store.read_now(purges.by_id, purge.id).reason == "left us"
    assert erasing.carry_out_due(office.store, DUE) == 1
    assert office.store.read_now(purges.outcome, purge.id)[carla.account.id] == (State.DONE, None)
    assert office.store.read_now(purges.by_id, purge.id).reason == "", "free text about people who are gone"


def test_nobody_approves_their_own(office: Office, anna: Person, bram: Person) -> None:
    purge = requested(office, anna, bram)
    with pytest.raises(SamePerson):
        office.store.write_now(purges.approve, purge.id, by=anna.account.id, now=NOW)


def test_after_three_days_it_is_void(office: Office, anna: Person, bram: Person) -> None:
    purge = requested(office, anna, bram)
    with pytest.raises(NotFound):
        office.store.write_now(purges.approve, purge.id, by=bram.account.id, now=NOW + LIFETIME)
    office.store.write_now(purges.approve, purge.id, by=bram.account.id, now=NOW + LIFETIME - 1)


def test_a_cancelled_or_approved_one_stays_so(office: Office, anna: Person, bram: Person) -> None:
    cancelled, approved = requested(office, anna, bram), requested(office, anna, bram)
    office.store.write_now(purges.cancel, cancelled.id, by=anna.account.id, now=NOW)
    office.store.write_now(purges.approve, approved.id, by=bram.account.id, now=NOW)
    for purge in (cancelled, approved):
        with pytest.raises(NotFound):
            office.store.write_now(purges.approve, purge.id, by=bram.account.id, now=NOW)
        with pytest.raises(NotFound):
            office.store.write_now(purges.cancel, purge.id, by=anna.account.id, now=NOW)


def test_what_waits_already_or_is_gone_is_left(office: Office, anna: Person, bram: Person) -> None:
    carla, dirk = office.person("carla"), office.person("dirk")
    purge = requested(office, anna, carla, dirk)
    office.store.write_now(erasure.request, carla.account.id, by=None, due_at=DUE, now=NOW)
    office.store.write_now(erasure.begin, dirk.account.id, by=None, now=NOW)
    office.store.write_now(purges.approve, purge.id, by=bram.account.id, now=NOW)
    office.store.write_now(purges.carry_on, purge.id, DUE, NOW)
    found = office.store.read_now(purges.outcome, purge.id)
    assert [left for _, left in found.values()] == [Left.ASKED, Left.GONE]


def test_many_go_in_slices(office: Office, anna: Person, bram: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purges, "_AT_ONCE", 1)
    purge = requested(office, anna, *(office.person(name) for name in ("c", "d", "e")))
    office.store.write_now(purges.approve, purge.id, by=bram.account.id, now=NOW)
    steps = [office.store.write_now(purges.carry_on, purge.id, DUE, NOW) for _ in range(3)]
    assert steps == [True, True, False]


def test_only_accounts_of_the_domain(office: Office, anna: Person, bram: Person) -> None:
    with pytest.raises(NotFound):
        office.store.write_now(purges.request, 99, [bram.account.id], "why", by=anna.account.id, now=NOW)
    for ids, reason in (([], "why"), ([bram.account.id], " "), ([bram.account.id], "x" * 501)):
        with pytest.raises(Invalid):
            office.store.write_now(purges.request, anna.account.domain_id, ids, reason, by=anna.account.id, now=NOW)


def test_a_filter_finds_those_closed_long_ago(office: Office, anna: Person, bram: Person) -> None:
    office.store.write_now(accounts.close, anna.account.id, NOW)
    office.store.write_now(accounts.close, bram.account.id, NOW + DAY)
    found = office.store.read_now(purges.matching, anna.account.domain_id, state=AccountState.CLOSED, before=NOW + 1)
    assert found == [anna.account.id]


def test_purges_are_listed_by_domain(office: Office, anna: Person, bram: Person) -> None:
    purge = requested(office, anna, bram)
    for domains, wanted in ((None, [purge]), (frozenset({purge.domain_id}), [purge]), (frozenset({99}), [])):
        assert office.store.read_now(purges.listing, domains) == wanted
    assert office.store.read_now(purges.listing, None, purge.id) == []
