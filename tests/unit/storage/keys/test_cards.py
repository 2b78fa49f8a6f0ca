"""The cache of decoded cards keeps to its budget and to its readers."""

from hypothesis import given
from hypothesis import strategies as st

from storage.keys.cards import CardCache

ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["put", "put", "put", "discard", "drop", "get"]),
        st.sampled_from("abc"),
        st.integers(0, 8),
        st.integers(0, 60),
    ),
    max_size=60,
)


def test_cards_come_back_and_can_be_discarded() -> None:
    shelf = CardCache().shelf("anna")
    shelf.put(1, "one", 10)
    shelf.put(2, "two", 10)
    shelf.discard(1)
    shelf.discard(7)
    assert shelf.get(1) is None
    assert shelf.found([1, 2, 3]) == {2: "two"}


def test_the_card_used_longest_ago_goes_first() -> None:
    cache = CardCache(budget=30)
    shelf = cache.shelf("anna")
    for document_id in (1, 2, 3):
        shelf.put(document_id, "card", 10)
    shelf.get(1)
    shelf.put(4, "card", 10)
    assert set(shelf.found(range(5))) == {1, 3, 4}


def test_the_reader_who_added_longest_ago_loses_first() -> None:
    cache = CardCache(budget=30)
    anna, bram = cache.shelf("anna"), cache.shelf("bram")
    anna.put(1, "card", 10)
    bram.put(2, "card", 10)
    anna.put(3, "card", 10)
    anna.put(4, "card", 10)
    assert bram.get(2) is None
    assert set(anna.found(range(5))) == {1, 3, 4}


def test_a_card_in_place_of_another_is_counted_once() -> None:
    cache = CardCache()
    shelf = cache.shelf("anna")
    shelf.put(1, "old", 10)
    shelf.put(1, "new", 15)
    assert (shelf.get(1), cache.used) == ("new", 15)


def test_a_card_over_the_whole_budget_is_not_kept_and_costs_nobody() -> None:
    cache = CardCache(budget=30)
    shelf = cache.shelf("anna")
    shelf.put(1, "small", 10)
    shelf.put(2, "huge", 31)
    assert shelf.found([1, 2]) == {1: "small"}


def test_a_dropped_reader_takes_no_more_cards() -> None:
    cache = CardCache()
    shelf = cache.shelf("anna")
    shelf.put(1, "card", 10)
    cache.drop("anna")
    shelf.put(2, "card", 10)
    assert shelf.found([1, 2]) == {}
    assert cache.used == 0


@given(ACTIONS)
def test_the_count_is_right_and_never_over_budget(actions: list[tuple[str, str, int, int]]) -> None:
    """Whatever happens: each card found is the one last put there, and `used` is the sum of those found."""
    cache = CardCache(budget=100)
    shelves = {account: cache.shelf(account) for account in "abc"}
    last: dict[tuple[str, int], int] = {}
    for action, account, document_id, size in actions:
        if action == "put":
            shelves[account].put(document_id, size, size)
            last[account, document_id] = size
        elif action == "discard":
            shelves[account].discard(document_id)
            last.pop((account, document_id), None)
        elif action == "drop":
            cache.drop(account)
            shelves[account] = cache.shelf(account)
        else:
            shelves[account].get(document_id)
        found = {(name, key): card for name, shelf in shelves.items() for key, card in shelf.found(range(9)).items()}
        assert found.items() <= last.items()
        assert cache.used == sum(found.values()) <= 100
