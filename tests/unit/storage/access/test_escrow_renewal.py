"""A domain's next escrow key: every account moves, nobody who holds loses anything, and the old key opens no more."""

import pytest

from storage.access import escrow, escrow_renewal
from storage.access.escrow_renewal import Moved
from storage.engine import server_facts
from storage.engine.server_facts import Fact
from storage.errors import NotFound, StorageError
from storage.keys.escrow import EscrowKey
from tests.unit.storage.conftest import NOW, Office, Person
from tests.unit.storage.managed import Managed

from .test_escrow import opened


@pytest.fixture
def managed(office: Office) -> Managed:
    return Managed.found(office)


def begin(office: Office, holder: Person) -> int:
    lock = (1, holder.account, office.keys_of(holder), NOW, "account:1")
    return office.store.write_now(escrow_renewal.begin, *lock)


def move(office: Office, holder: Person, generation: int, after: int = 0) -> Moved:
    lock = (1, holder.account, office.keys_of(holder), generation, after)
    return office.store.write_now(escrow_renewal.move, *lock)


def old_key_opens(office: Office, key: EscrowKey) -> int:
    count = 0
    for public_id, sealed in office.rows(
        "SELECT public_id, sealed_key FROM escrow_slot JOIN account ON id = account_id"
    ):
        try:
            key.open_slot(sealed, office.store.shred.get(public_id), account=public_id)
        except StorageError:
            continue
        count += 1
    return count


def test_all_accounts_move_and_the_old_key_opens_nothing(office: Office, managed: Managed) -> None:
    office.store.write_now(server_facts.put, Fact.KIT_PUBLIC_KEY, managed.kit.public_key)
    admin, other, anna = managed.admin("admin"), managed.admin("other"), office.person("anna")
    assert old_key_opens(office, managed.key) == 3
    generation = begin(office, admin)
    late = office.person("late")
    for person in (anna, late):
        assert opened(office, other, person).same_key(person.keys), "between the steps all of it opens"
    assert move(office, admin, generation) == Moved(3, None)
    assert office.store.write_now(escrow_renewal.finish, 1, generation) == 0
    assert old_key_opens(office, managed.key) == 0
    for holder in (admin, other):
        for person in (admin, other, anna, late):
            assert opened(office, holder, person).same_key(person.keys)
    assert {each.generation for each in office.store.read_now(escrow.holders, 1)} == {generation}
    third = managed.admin("third", holder=False)
    office.store.write_now(escrow.recover, 1, managed.kit, third.account, NOW, "operator")
    assert opened(office, third, anna).same_key(anna.keys)


def test_a_renewal_that_was_cut_off_goes_on(
    office: Office, managed: Managed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(escrow_renewal, "BATCH", 1)
    admin, anna = managed.admin("admin"), office.person("anna")
    generation = begin(office, admin)
    first = move(office, admin, generation)
    assert first == Moved(1, admin.account.id)
    assert begin(office, admin) == generation
    assert move(office, admin, generation, admin.account.id) == Moved(1, anna.account.id)
    assert move(office, admin, generation, anna.account.id) == Moved(0, None)
    assert office.store.write_now(escrow_renewal.finish, 1, generation) == 0
    assert begin(office, admin) == generation + 1, "that one is done; this is the next"


def test_what_was_altered_blocks_nothing(office: Office, managed: Managed) -> None:
    admin, anna, bram = managed.admin("admin"), office.person("anna"), office.person("bram")
    office.change("UPDATE escrow_slot SET sealed_key = x'01' WHERE account_id = ?", anna.account.id)
    generation = begin(office, admin)
    assert move(office, admin, generation) == Moved(2, None)
    assert office.store.write_now(escrow_renewal.finish, 1, generation) == 1
    assert opened(office, admin, bram).same_key(bram.keys)


def test_only_an_admin_who_holds_the_key_renews_it(office: Office, managed: Managed) -> None:
    owner, keyless = office.person("owner"), managed.admin("keyless", holder=False)
    office.store.write_now(escrow.entrust, managed.key, owner.account, NOW, "operator", custodian=True)
    for person in (owner, keyless):
        with pytest.raises(NotFound):
            begin(office, person)
