"""What an account's keys open, and how long they live."""

import copy
import gc
import pickle
import threading
import weakref
from collections.abc import Callable

import pytest

from storage.errors import Invalid, NotFound, Tampered
from storage.keys.envelope import seal_document, unwrap
from storage.keys.keyring import AccountKeys, KeyRing
from storage.records import Recipient

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
DEK = bytes(range(32))


def keys_of(account: str = "anna", key: bytes = KEY) -> AccountKeys:
    return AccountKeys(account, key)


def flipped(data: bytes) -> list[bytes]:
    return [data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] for at in range(len(data))]


# identity keys


def test_an_identity_key_made_by_one_session_opens_in_the_next() -> None:
    public, sealed = keys_of().new_identity(3)
    later = keys_of()
    assert later.open_identity(3, sealed) == public
    document = seal_document(b"text", b"card", [Recipient(1, "anna", 1, 3, public)])
    where = {"account": "anna", "document": document.public_id}
    assert len(unwrap(document.wraps[0], later.private(3), generation=3, **where)) == 32


def test_generations_live_side_by_side() -> None:
    keys = keys_of()
    made = {generation: keys.new_identity(generation) for generation in (1, 2)}
    later = keys_of()
    for generation, (public, sealed) in made.items():
        assert later.open_identity(generation, sealed) == public
    for generation, (public, _) in made.items():
        assert later.private(generation).public_key().public_bytes_raw() == public


def test_a_key_made_anew_takes_the_place_of_the_first() -> None:
    keys = keys_of()
    keys.new_identity(1)
    keys.private(1)
    public, _ = keys.new_identity(1)
    assert keys.private(1).public_key().public_bytes_raw() == public


def test_a_generation_that_was_not_opened_is_not_there() -> None:
    with pytest.raises(NotFound):
        keys_of().private(1)


def test_a_moved_or_altered_identity_key_is_refused() -> None:
    _, sealed = keys_of().new_identity(1)
    attempts = [(keys_of("bram"), 1, sealed), (keys_of(), 2, sealed), (keys_of(key=OTHER_KEY), 1, sealed)]
    attempts += [(keys_of(), 1, altered) for altered in flipped(sealed)]
    for keys, generation, altered in attempts:
        with pytest.raises(Tampered):
            keys.open_identity(generation, altered)
        with pytest.raises(NotFound):
            keys.private(generation)


# adopted documents

OPENERS: dict[str, tuple[Callable[..., bytes], Callable[..., bytes]]] = {
    "wrap": (AccountKeys.rewrap, AccountKeys.open_rewrapped),
    "card": (AccountKeys.seal_indexed_card, AccountKeys.open_indexed_card),
}


@pytest.mark.parametrize("kind", OPENERS)
def test_what_is_adopted_opens_in_a_later_session(kind: str) -> None:
    seal, opener = OPENERS[kind]
    sealed = seal(keys_of(), DEK, document="d1", generation=1)
    assert DEK not in sealed
    assert opener(keys_of(), sealed, document="d1", generation=1) == DEK


@pytest.mark.parametrize("kind", OPENERS)
def test_what_is_adopted_is_bound_to_its_place(kind: str) -> None:
    seal, opener = OPENERS[kind]
    sealed = seal(keys_of(), DEK, document="d1", generation=1)
    for keys, document, generation in [
        (keys_of("bram"), "d1", 1),
        (keys_of(key=OTHER_KEY), "d1", 1),
        (keys_of(), "d2", 1),
        (keys_of(), "d1", 2),
    ]:
        with pytest.raises(Tampered):
            opener(keys, sealed, document=document, generation=generation)


@pytest.mark.parametrize("kind", OPENERS)
def test_every_byte_of_what_is_adopted_counts(kind: str) -> None:
    seal, opener = OPENERS[kind]
    sealed = seal(keys_of(), DEK, document="d1", generation=1)
    for altered in flipped(sealed):
        with pytest.raises(Tampered):
            opener(keys_of(), altered, document="d1", generation=1)


def test_kinds_of_seals_cannot_stand_in_for_each_other() -> None:
    keys = keys_of()
    wrap = keys.rewrap(DEK, document="d1", generation=1)
    card = keys.seal_indexed_card(DEK, document="d1", generation=1)
    name, identity = keys.seal_name("x" * 32, mailbox="d1"), keys.new_identity(1)[1]
    attempts: list[tuple[Callable[[bytes], object], tuple[bytes, ...]]] = [
        (lambda sealed: keys.open_rewrapped(sealed, document="d1", generation=1), (card, name, identity)),
        (lambda sealed: keys.open_indexed_card(sealed, document="d1", generation=1), (wrap, name, identity)),
        (lambda sealed: keys.open_name(sealed, mailbox="d1"), (wrap, card, identity)),
        (lambda sealed: keys.open_identity(1, sealed), (wrap, card, name)),
    ]
    for opener, others in attempts:
        for sealed in others:
            with pytest.raises(Tampered):
                opener(sealed)


# folder names


def test_a_folder_name_opens_for_its_folder_only() -> None:
    sealed = keys_of().seal_name("Belasting/2026 €", mailbox="m1")
    assert keys_of().open_name(sealed, mailbox="m1") == "Belasting/2026 €"
    assert b"Belasting" not in sealed
    for keys, mailbox in [(keys_of(), "m2"), (keys_of("bram"), "m1"), (keys_of(key=OTHER_KEY), "m1")]:
        with pytest.raises(Tampered):
            keys.open_name(sealed, mailbox=mailbox)


def test_a_name_tag_is_the_same_within_an_account_only() -> None:
    tag = keys_of().name_tag("Facturen")
    assert len(tag) == 16
    assert keys_of().name_tag("Facturen") == tag
    others = [keys_of().name_tag("facturen"), keys_of("bram").name_tag("Facturen")]
    others.append(keys_of(key=OTHER_KEY).name_tag("Facturen"))
    assert tag not in others


# silence


def test_keys_show_and_give_away_nothing() -> None:
    keys = keys_of()
    keys.new_identity(1)
    assert repr(keys) == str(keys) == "AccountKeys(account='anna')"
    for take_out in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            take_out(keys)


def test_an_account_key_of_another_size_is_refused() -> None:
    with pytest.raises(Invalid):
        keys_of(key=b"k" * 16)


# the ring


def test_sessions_of_an_account_share_its_keys_until_the_last_one_ends() -> None:
    ring = KeyRing()
    first = ring.acquire("anna", keys_of())
    assert ring.acquire("anna", keys_of()) is first
    ring.release("anna")
    assert "anna" in ring
    ring.release("anna")
    assert "anna" not in ring
    assert len(ring) == 0
    assert ring.acquire("anna", keys_of()) is not first


def test_the_last_release_lets_go_of_keys_and_cards() -> None:
    ring = KeyRing()
    keys = ring.acquire("anna", keys_of())
    keys.card_cache.put(1, "card", 100)
    gone = weakref.ref(keys)
    ring.release("anna")
    assert ring.cards.used == 0
    del keys
    gc.collect()
    assert gone() is None


def test_keys_are_made_only_if_none_are_held() -> None:
    ring, made = KeyRing(), []

    def make() -> AccountKeys:
        made.append(1)
        return keys_of()

    assert ring.acquire("anna", make) is ring.acquire("anna", make)
    assert made == [1]


def test_a_factory_that_fails_leaves_the_ring_as_it_was() -> None:
    def refuse() -> AccountKeys:
        raise Tampered

    ring = KeyRing()
    with pytest.raises(Tampered):
        ring.acquire("anna", refuse)
    assert "anna" not in ring


def test_accounts_do_not_meet() -> None:
    ring = KeyRing()
    anna, bram = ring.acquire("anna", keys_of()), ring.acquire("bram", keys_of("bram", OTHER_KEY))
    anna.card_cache.put(1, "anna's", 10)
    assert bram.card_cache.get(1) is None
    ring.release("bram")
    assert anna.card_cache.get(1) == "anna's"
    assert "anna" in ring


@pytest.mark.parametrize("keys", [keys_of("bram"), keys_of(key=OTHER_KEY)])
def test_keys_that_are_not_the_accounts_are_refused(keys: AccountKeys) -> None:
    ring = KeyRing()
    held = ring.acquire("anna", keys_of())
    with pytest.raises(Tampered):
        ring.acquire("anna", keys)
    ring.release("anna")
    assert "anna" not in ring, f"a refused acquire counted as a session of {held}"


def test_the_first_keys_must_be_the_accounts_too() -> None:
    with pytest.raises(Tampered):
        KeyRing().acquire("anna", keys_of("bram"))


def test_held_keys_learn_an_identity_that_a_later_session_opened() -> None:
    ring = KeyRing()
    held = ring.acquire("anna", keys_of())
    later = keys_of()
    later.new_identity(2)
    ring.acquire("anna", later)
    assert held.private(2).private_bytes_raw() == later.private(2).private_bytes_raw()


def test_threads_share_the_ring() -> None:
    ring = KeyRing()

    def come_and_go() -> None:
        for _ in range(200):
            ring.acquire("anna", keys_of()).card_cache.put(1, "card", 1)
            ring.release("anna")

    threads = [threading.Thread(target=come_and_go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(ring), ring.cards.used) == (0, 0)


def test_releasing_what_is_not_held_is_refused() -> None:
    with pytest.raises(NotFound):
        KeyRing().release("anna")


def test_the_ring_shows_a_count_only() -> None:
    ring = KeyRing()
    ring.acquire("anna", keys_of())
    assert repr(ring) == "KeyRing(1 accounts)"
