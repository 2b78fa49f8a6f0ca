"""Counts that tell of nobody: a threshold of five, also against subtraction (S27, S63)."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.engine import statements
from storage.oversight import document_statistics, statistics
from storage.oversight.document_statistics import DAY, K, last_month, told
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


CELLS = st.dictionaries(
    st.text(max_size=3), st.integers(0, 12).flatmap(lambda p: st.tuples(st.integers(p, 40), st.just(p)))
)


@given(CELLS)
def test_no_table_gives_few_people_away_by_its_sum(cells: dict[str, tuple[int, int]]) -> None:
    """People of cells may be the same: the rest is of as many as its largest cell at least, or it is nothing."""
    shown = told(cells)
    rest = [cells[name] for name, count in shown.items() if count is None and cells[name][0]]
    assert all(count is None or (count == cells[name][0] and cells[name][1] >= K) for name, count in shown.items())
    assert not rest or max(people for _, people in rest) >= K or all(count is None for count in shown.values())


ROWS = st.lists(
    st.tuples(
        st.integers(1, 9),
        st.integers(0, 3),
        st.sampled_from(["mailbox", "paper", "email"]),
        st.sampled_from(["letter", "invoice"]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=60,
)
"""Account, day, channel, type, whether it lets senders know, whether opened."""


@given(ROWS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_figure_and_no_difference_is_of_fewer_than_five(
    office: Office, rows: list[tuple[int, int, str, str, bool, bool]]
) -> None:
    """Against a count of people by hand: each figure, what is left of each table, and of the days."""
    begin, end = last_month(NOW)
    office.change("DELETE FROM delivery")
    known = dict(enumerate(_people(office), 1))
    for number, day, channel, kind, receipts, opened in rows:
        decide(office, begin + day * DAY, known[number], channel=channel, kind=kind, receipts=receipts, opened=opened)
    found = office.store.read_now(document_statistics.of_domain, 1, end)
    days = {day: {row[0] for row in rows if row[1] == day} for day in range(4)}
    seen = [row for row in rows if len(days[row[1]]) >= K]
    assert found.documents == (len(seen) or None)
    assert {at for at, count in found.by_day.items() if count is not None} == {begin + row[1] * DAY for row in seen}
    for table, place in ((found.by_channel, 2), (found.by_type, 3)):
        people = {name: {row[0] for row in seen if row[place] == name} for name in table}
        assert all(count is None or len(people[name]) >= K for name, count in table.items())
        rest = {row[0] for row in seen if table[row[place]] is None}
        assert not rest or len(rest) >= K


def _people(office: Office) -> list[int]:
    found = office.store.read_now(statements.rows, "SELECT id FROM account WHERE email LIKE 'p%' ORDER BY id")
    if found:
        return [number for (number,) in found]
    return [office.person(f"p{number}").account.id for number in range(9)]


@pytest.mark.parametrize(
    ("now", "begin", "end"), [("2026-01-15", "2025-12-01", "2026-01-01"), ("2026-03-01", "2026-02-01", "2026-03-01")]
)
def test_the_last_month_that_is_over(now: str, begin: str, end: str) -> None:
    def at(day: str) -> int:
        return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())

    assert last_month(at(now)) == (at(begin), at(end))


def decide(
    office: Office,
    at: int,
    *accounts: int,
    channel: str = "mailbox",
    kind: str = "letter",
    receipts: bool = False,
    opened: bool = False,
) -> None:
    """A document came for each of them."""
    for account in accounts:
        office.change(
            "INSERT INTO delivery (public_id, document_public_id, account_id, document_type, decided_at, channel,"
            " state, notify, language, receipts, wants_mdn, ladder_step, needs_key, opened_at)"
            " VALUES (hex(randomblob(8)), 'x', ?, ?, ?, ?, 'delivered', 'none', 'en', ?, 0, 0, 0, ?)",
            account,
            kind,
            at,
            channel,
            receipts,
            at if opened else None,
        )


def of_domain(office: Office, now: int = NOW) -> statistics.DomainStatistics:
    (found,) = office.store.read_now(statistics.of_domains, frozenset({1}), now)
    return found


def test_four_people_are_too_few_for_any_figure(office: Office) -> None:
    people = [office.person(f"p{number}") for number in range(4)]
    decide(office, NOW - DAY, *(person.account.id for person in people))
    office.change("UPDATE device SET last_used_at = ?, last_client = 'Mail'", NOW)
    office.change("UPDATE account SET client_noted = 1")
    found = of_domain(office)
    assert (found.accounts, found.connected, found.stored_bytes) == (None, None, None)
    assert found.documents.documents is None
    assert set(found.documents.by_day.values()) == {None}
    assert set(found.by_state.values()) == {None}
    assert found.clients == {}


def test_five_people_are_counted(office: Office) -> None:
    people = [office.person(f"p{number}") for number in range(6)]
    office.deliver(b"hello", *people[:5])
    decide(office, NOW - DAY, *(person.account.id for person in people[:5]))
    office.change("UPDATE device SET last_used_at = ?, last_client = 'Mail' WHERE id < 6", NOW)
    office.change("UPDATE device SET last_used_at = ?, last_client = 'Rare' WHERE id = 6", NOW)
    office.change("UPDATE account SET client_noted = 1")
    found = of_domain(office)
    assert (found.domain, found.accounts, found.by_state["registered"]) == ("example.test", 6, 6)
    assert (found.connected, found.clients, found.documents.documents) == (6, {"Mail": 5}, 5)
    assert found.stored_bytes == statistics.GRAIN


def test_what_is_opened_when_the_month_is_over_changes_no_figure(office: Office) -> None:
    """Who looks again and again would see one person open one document."""
    begin, end = last_month(NOW)
    people = [office.person(f"p{number}").account.id for number in range(6)]
    for opened in (False, True):
        decide(office, begin + DAY, *people, receipts=True, opened=opened)
    before = of_domain(office).documents.by_opening
    assert before == {"opened": 6, "unopened": 6}
    office.change("UPDATE delivery SET opened_at = ? WHERE opened_at IS NULL AND account_id = ?", end, people[0])
    assert of_domain(office).documents.by_opening == before


def test_who_does_not_let_the_program_be_noted_is_not_counted_among_its_users(office: Office) -> None:
    for number in range(5):
        office.person(f"p{number}")
    office.change("UPDATE device SET last_used_at = ?, last_client = 'Mail'", NOW)
    assert of_domain(office).clients == {}
    assert of_domain(office).connected == 5


def test_what_was_long_ago_does_not_count(office: Office) -> None:
    decide(office, NOW, *(office.person(f"p{number}").account.id for number in range(5)))
    office.change("UPDATE device SET last_used_at = ?", NOW)
    late = of_domain(office, NOW + statistics.SPAN + DAY)
    assert (late.documents.documents, late.connected, late.accounts) == (None, None, 5)


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
