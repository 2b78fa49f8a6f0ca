"""Long lists of accounts: filters, sorts, pages that neither skip nor repeat, and a first page in time."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.database import Store
from storage.engine import statements
from storage.people import accounts, domains
from storage.people.accounts import Sort
from storage.records import Account, AccountState, DomainMode, Role
from tests import stores

NOW = 1_760_000_000
SORTS: tuple[Sort, ...] = ("email", "-email", "name", "-name", "created", "-created")


def fill(store: Store, count: int, domain_ids: tuple[int, ...]) -> None:
    """Rows alone: a list reads nothing else."""

    def insert(session: object) -> None:
        sql = (
            "INSERT INTO account (public_id, domain_id, role, state, email, name, locale, generation, quota_bytes,"
            " used_bytes, last_uid_validity, created_at) VALUES (?, ?, ?, ?, ?, ?, 'nl', 1, 0, 0, 0, ?)"
        )
        rows = (
            (
                f"p{number}",
                domain_ids[number % len(domain_ids)],
                Role.SENDER if number % 50 == 7 else Role.RECIPIENT,
                AccountState.SUSPENDED if number % 1000 == 3 else AccountState.REGISTERED,
                f"{number * 7919 % 1_000_003:07}@d{number % len(domain_ids)}.test",
                f"Name {number * 31 % 97} van {number % 13}",
                NOW + number,
            )
            for number in range(count)
        )
        statements.run_many(session, sql, rows)  # type: ignore[arg-type]

    store.write_now(insert)


def opened(data: Path, domain_count: int) -> tuple[Store, tuple[int, ...]]:
    store = stores.new(data)
    made = tuple(
        store.write_now(domains.create, f"d{number}.test", DomainMode.PRIVATE, "NL", NOW).id
        for number in range(domain_count)
    )
    return store, made


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, tuple[int, ...]]]:
    store, domain_ids = opened(tmp_path_factory.mktemp("small") / "data", 3)
    fill(store, 120, domain_ids)
    yield store, domain_ids
    store.close()


def walked(store: Store, limit: int, sort: Sort, **asked: object) -> list[Account]:
    found: list[Account] = []
    after = None
    while page := store.read_now(accounts.page, limit=limit, after=after, sort=sort, **asked):
        found += page
        after = accounts.sort_key(sort)(page[-1])
    return found


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_pages_are_the_sorted_list_in_pieces(small: tuple[Store, tuple[int, ...]], data: st.DataObject) -> None:
    store, domain_ids = small
    sort = data.draw(st.sampled_from(SORTS))
    reach = data.draw(st.none() | st.frozensets(st.sampled_from(domain_ids)))
    state = data.draw(st.none() | st.sampled_from(AccountState))
    role = data.draw(st.none() | st.sampled_from([Role.SENDER, Role.RECIPIENT, Role.OWNER]))
    text = data.draw(st.none() | st.sampled_from(["VAN 1", "0000", "d1.test", "%", "_", "\\", "'", "name 3"]))
    expected = [
        account
        for account in store.read_now(accounts.listing)
        if (reach is None or account.domain_id in reach)
        and (state is None or account.state is state)
        and (role is None or account.role is role)
        and (text is None or text.lower() in account.email or text.lower() in account.name.lower())
    ]
    expected.sort(key=accounts.sort_key(sort), reverse=sort.startswith("-"))
    limit = data.draw(st.integers(1, 150))
    assert walked(store, limit, sort, domains=reach, state=state, role=role, text=text) == expected


def test_the_first_page_of_100_000_accounts_comes_in_time(tmp_path: Path) -> None:
    """50 ms of the processor, the best of five: other work on the machine is not what is asked about."""
    store, domain_ids = opened(tmp_path / "data", 4)
    fill(store, 100_000, domain_ids)
    for sort in SORTS:
        in_time(store, domain_ids, sort)
    store.close()


def in_time(store: Store, domain_ids: tuple[int, ...], sort: Sort) -> None:
    for reach in (None, frozenset(domain_ids[:1]), frozenset(domain_ids[1:])):
        best = min(timed(store, sort, reach) for _ in range(5))
        assert best < 0.050, f"{sort} over {reach}: {best * 1000:.1f} ms"
    nearly_none = min(timed(store, sort, None, state=AccountState.SUSPENDED) for _ in range(5))
    assert nearly_none < 0.100, f"{sort}, a rare state: {nearly_none * 1000:.1f} ms"


def timed(store: Store, sort: Sort, reach: frozenset[int] | None, state: AccountState | None = None) -> float:
    began = time.thread_time()
    assert len(store.read_now(accounts.page, domains=reach, limit=50, sort=sort, state=state)) == 50
    return time.thread_time() - began


def test_the_canary_of_backups_is_nobody(small: tuple[Store, tuple[int, ...]]) -> None:
    store, _ = small
    before = len(store.read_now(accounts.listing))
    store.write_now(statements.run, "UPDATE account SET role = 'system' WHERE public_id = 'p5'")
    assert len(store.read_now(accounts.listing)) == before - 1
    assert "p5" not in {account.public_id for account in walked(store, 200, "email", domains=None)}
    with pytest.raises(accounts.NotFound):
        store.read_now(accounts.find, "p5")
    store.write_now(statements.run, "UPDATE account SET role = 'recipient' WHERE public_id = 'p5'")
