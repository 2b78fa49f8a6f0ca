"""STORE: bits, keywords, what counts as changed, what listeners hear."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.errors import Invalid, NotFound
from storage.mail import documents, mailboxes
from storage.mail.documents import FlagMode
from storage.records import Copy, Flag, MailboxChange
from tests.unit.storage.conftest import Office, Person


def store(
    office: Office, person: Person, mode: FlagMode, flags: Flag, *keywords: str, uids: tuple[int, int] = (1, 99)
) -> list[Copy]:
    return office.store.write_now(documents.store_flags, person.inbox, [uids], mode, flags, keywords)


def state(office: Office, person: Person) -> list[tuple[int, tuple[str, ...]]]:
    return [(copy.flags, copy.keywords) for copy in office.store.read_now(documents.copies_of, person.inbox)]


def test_the_three_modes(office: Office, anna: Person) -> None:
    office.deliver(b"x", anna, flags=Flag.SEEN, keywords=("a",))
    store(office, anna, FlagMode.ADD, Flag.FLAGGED, "b")
    assert state(office, anna) == [(Flag.SEEN | Flag.FLAGGED, ("a", "b"))]
    store(office, anna, FlagMode.REMOVE, Flag.SEEN, "a")
    assert state(office, anna) == [(Flag.FLAGGED, ("b",))]
    store(office, anna, FlagMode.SET, Flag.DRAFT, "c")
    assert state(office, anna) == [(Flag.DRAFT, ("c",))]
    store(office, anna, FlagMode.SET, Flag.NONE)
    assert state(office, anna) == [(0, ())]


def test_adding_or_removing_nothing_keeps_keywords(office: Office, anna: Person) -> None:
    office.deliver(b"x", anna, keywords=("a",))
    store(office, anna, FlagMode.ADD, Flag.SEEN)
    store(office, anna, FlagMode.REMOVE, Flag.SEEN)
    assert state(office, anna) == [(0, ("a",))]


def test_keywords_keep_the_spelling_first_stored(office: Office, anna: Person) -> None:
    office.deliver(b"x", anna, keywords=("Invoice",))
    assert store(office, anna, FlagMode.ADD, Flag.NONE, "INVOICE") == []
    assert store(office, anna, FlagMode.SET, Flag.NONE, "invoice") == []
    assert state(office, anna) == [(0, ("Invoice",))]
    store(office, anna, FlagMode.REMOVE, Flag.NONE, "iNVOICE")
    assert state(office, anna) == [(0, ())]


def test_a_mailbox_has_one_spelling_of_a_keyword(office: Office, anna: Person) -> None:
    office.deliver(b"x", anna, keywords=("Invoice",))
    office.deliver(b"y", anna, keywords=("INVOICE", "paid"))
    office.deliver(b"z", anna)
    store(office, anna, FlagMode.ADD, Flag.NONE, "invoice", "Paid", uids=(3, 3))
    assert [keywords for _, keywords in state(office, anna)] == [
        ("Invoice",),
        ("Invoice", "paid"),
        ("Invoice", "paid"),
    ]


def test_only_what_is_different_is_told(office: Office, anna: Person) -> None:
    for _ in range(3):
        office.deliver(b"x", anna)
    store(office, anna, FlagMode.ADD, Flag.SEEN, uids=(2, 2))
    changes: list[MailboxChange] = []
    office.store.listen(changes.append)  # type: ignore[arg-type]
    changed = store(office, anna, FlagMode.ADD, Flag.SEEN, "k", uids=(1, 2))
    assert [(copy.uid, copy.flags, copy.keywords) for copy in changed] == [(1, 1, ("k",)), (2, 1, ("k",))]
    assert store(office, anna, FlagMode.ADD, Flag.SEEN, "k", uids=(1, 2)) == []
    (change,) = changes
    assert change.flagged == tuple(changed)
    highest = office.store.read_now(mailboxes.status, anna.inbox).highest_modseq
    assert max(copy.modseq for copy in changed) == change.modseq <= highest


def test_overlapping_ranges_change_each_message_once(office: Office, anna: Person) -> None:
    for _ in range(3):
        office.deliver(b"x", anna)
    ranges = [(1, 2), (2, 3)]
    changed = office.store.write_now(documents.store_flags, anna.inbox, ranges, FlagMode.ADD, Flag.SEEN, ("k",))
    assert [copy.uid for copy in changed] == [1, 2, 3]


@pytest.mark.parametrize("keyword", ["", "a b", "(", "\\Seen", "é", "a]", "x" * 101, 'q"', "%", "*", "{", "\x7f"])
def test_keywords_are_short_atoms(office: Office, anna: Person, keyword: str) -> None:
    with pytest.raises(Invalid):
        store(office, anna, FlagMode.ADD, Flag.NONE, keyword)


def test_keywords_of_a_message_are_bounded(office: Office, anna: Person) -> None:
    office.deliver(b"x", anna, keywords=tuple(f"k{number}" for number in range(60)))
    with pytest.raises(Invalid):
        store(office, anna, FlagMode.ADD, Flag.NONE, *(f"m{number}" for number in range(10)))
    with pytest.raises(NotFound):
        office.store.write_now(documents.store_flags, 999, [(1, 1)], FlagMode.ADD, Flag.SEEN)


KEYWORDS = st.lists(st.sampled_from(["a", "A", "b", "$MDNSent", "C"]), max_size=3)
STEPS = st.tuples(
    st.sampled_from(FlagMode), st.integers(0, 31), KEYWORDS, st.tuples(st.integers(1, 4), st.integers(1, 4))
)


@given(st.lists(STEPS, max_size=8))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_sequence_agrees_with_a_model(
    office: Office, anna: Person, steps: list[tuple[FlagMode, int, list[str], tuple[int, int]]]
) -> None:
    while len(state(office, anna)) < 4:
        office.deliver(b"x", anna)
    store(office, anna, FlagMode.SET, Flag.NONE)
    model: dict[int, tuple[int, set[str]]] = {uid: (0, set()) for uid in range(1, 5)}
    for mode, flags, keywords, uids in steps:
        store(office, anna, mode, Flag(flags), *keywords, uids=uids)
        asked = {keyword.lower() for keyword in keywords}
        for uid in range(uids[0], uids[1] + 1):
            bits, words = model[uid]
            model[uid] = {
                FlagMode.SET: (flags, asked),
                FlagMode.ADD: (bits | flags, words | asked),
                FlagMode.REMOVE: (bits & ~flags, words - asked),
            }[mode]
        found = [(bits, {keyword.lower() for keyword in words}) for bits, words in state(office, anna)]
        assert found == list(model.values())
