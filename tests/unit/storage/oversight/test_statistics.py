"""Counts that tell of nobody: a threshold of five, also against subtraction (S27, S63)."""

from hypothesis import given
from hypothesis import strategies as st

from storage.engine import statements
from storage.oversight import statistics
from storage.records import Role
from tests.unit.storage.conftest import NOW, Office

COUNTS = st.dictionaries(st.text(max_size=3), st.integers(0, 20), max_size=6)


@given(COUNTS)
def test_no_subtraction_gives_few_people_away(counts: dict[str, int]) -> None:
    """Whoever knows the sum learns of the hidden ones together: they are none, or five at least."""
    shown = statistics.withheld(counts)
    hidden = sum(counts[key] for key, value in shown.items() if value is None)
    everybody = sum(counts.values())
    assert hidden == 0 or hidden >= statistics.K or everybody < statistics.K
    assert all(value is None or (value >= statistics.K and value == counts[key]) for key, value in shown.items())


def of_domain(office: Office, now: int = NOW) -> statistics.DomainStatistics:
    (found,) = office.store.read_now(statistics.of_domains, frozenset({1}), now)
    return found


def test_four_people_are_too_few_for_any_figure(office: Office) -> None:
    people = [office.person(f"p{number}") for number in range(4)]
    office.deliver(b"hello", *people)
    office.change("UPDATE device SET last_used_at = ?, last_client = 'Mail'", NOW)
    office.change("UPDATE account SET client_noted = 1")
    found = of_domain(office)
    assert (found.accounts, found.connected, found.documents, found.stored_bytes) == (None, None, None, None)
    assert set(found.by_state.values()) == {None}
    assert found.clients == {}


def test_five_people_are_counted(office: Office) -> None:
    people = [office.person(f"p{number}") for number in range(6)]
    office.deliver(b"hello", *people[:5])
    office.change("UPDATE device SET last_used_at = ?, last_client = 'Mail' WHERE id < 6", NOW)
    office.change("UPDATE device SET last_used_at = ?, last_client = 'Rare' WHERE id = 6", NOW)
    office.change("UPDATE account SET client_noted = 1")
    found = of_domain(office)
    assert (found.domain, found.accounts, found.by_state["registered"]) == ("example.test", 6, 6)
    assert (found.connected, found.clients, found.documents) == (6, {"Mail": 5}, 5)
    assert found.stored_bytes == 25


def test_who_does_not_let_the_program_be_noted_is_not_counted_among_its_users(office: Office) -> None:
    for number in range(5):
        office.person(f"p{number}")
    office.change("UPDATE device SET last_used_at = ?, last_client = 'Mail'", NOW)
    assert of_domain(office).clients == {}
    assert of_domain(office).connected == 5


def test_what_was_long_ago_does_not_count(office: Office) -> None:
    office.deliver(b"hello", *(office.person(f"p{number}") for number in range(5)))
    office.change("UPDATE device SET last_used_at = ?", NOW)
    late = of_domain(office, NOW + statistics.SPAN + 1)
    assert (late.documents, late.connected, late.accounts) == (None, None, 5)


def test_the_canary_of_backups_is_nobody(office: Office) -> None:
    for number in range(4):
        office.person(f"p{number}")
    canary = office.person("canary")
    office.store.write_now(
        statements.run, "UPDATE account SET role = ? WHERE id = ?", (Role.SYSTEM, canary.account.id)
    )
    assert of_domain(office).accounts is None


def test_domains_out_of_reach_are_not_there(office: Office) -> None:
    assert office.store.read_now(statistics.of_domains, frozenset(), NOW) == []
    assert len(office.store.read_now(statistics.of_domains, None, NOW)) == 1
