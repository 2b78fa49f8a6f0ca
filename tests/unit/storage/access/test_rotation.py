"""A new account key: everything opens under it, nothing under the old one, all at once or not at all."""

import json

import pytest

from storage.access import devices, escrow, key_slots, passwords, recovery_codes, rotation, sessions
from storage.access.rotation import Prepared, Rotated
from storage.errors import NotFound, SignInRefused, Tampered
from storage.keys.keyring import AccountKeys
from storage.keys.slots import SlotKind
from storage.mail import documents, mailboxes
from storage.mail.adoption import Adopted, adopt
from storage.mail.reading import Reader
from storage.people import accounts
from storage.records import Account, AccountBarred, DeviceRevoked, Scope
from tests.unit.storage.coming_in import enrol, stretched
from tests.unit.storage.conftest import NOW, Office, Person
from tests.unit.storage.managed import Managed

NEW_PASSWORD = "drie fietsen in de regen"


def prepare(office: Office, person: Person) -> Prepared:
    return office.store.read_now(rotation.prepare, person.account, office.keys_of(person))


def put(office: Office, person: Person, keys: AccountKeys, prepared: Prepared) -> Rotated:
    store, actor = office.store, f"account:{person.account.id}"
    lock = (store.server_keys, store.shred, person.account, keys, prepared, stretched(NEW_PASSWORD))
    return store.write_now(rotation.rotate, *lock, NOW, actor)


def rotate(office: Office, person: Person) -> Rotated:
    keys = office.keys_of(person)
    return put(office, person, keys, office.store.read_now(rotation.prepare, person.account, keys))


def keys_now(office: Office, account: Account, password: str = NEW_PASSWORD) -> AccountKeys:
    store = office.store
    return store.read_now(passwords.open_account, store.server_keys, store.shred, account, stretched(password))


async def read_all(office: Office, account: Account, keys: AccountKeys) -> list[object]:
    """Bodies as the account reads them now, in the order they came; what is refused as the class of the error."""
    held = office.rows("SELECT document_id FROM wrap WHERE account_id = ? ORDER BY document_id", account.id)
    ids = [document for (document,) in held]
    reader = Reader(office.store, account, keys, bytes)
    cards, bodies = await reader.cards(ids), await reader.bodies(ids)
    refused = {document for document, card in cards.items() if isinstance(card, Tampered)}
    return [Tampered if each in refused or isinstance(bodies[each], Tampered) else bodies[each] for each in ids]


async def test_all_documents_open_under_the_new_key_alone(office: Office, anna: Person, bram: Person) -> None:
    """Adopted, not adopted, shared, and come in after the sealing began."""
    office.deliver(b"adopted", anna, bram)
    await read_all(office, anna.account, office.keys_of(anna))
    office.deliver(b"not adopted", anna)
    old, device = office.keys_of(anna), anna.device
    prepared = office.store.read_now(rotation.prepare, anna.account, old)
    office.deliver(b"late", anna)
    rotated = put(office, anna, old, prepared)
    office.deliver(b"on its way to the old identity key", anna)
    assert (rotated.documents, rotated.refused) == (3, 0)
    assert rotated.account.generation == anna.account.generation + 1
    new = keys_now(office, rotated.account)
    assert not new.same_key(old)
    bodies = [b"adopted", b"not adopted", b"late", b"on its way to the old identity key"]
    for _ in range(2):
        assert await read_all(office, rotated.account, new) == bodies
    stale = AccountKeys(anna.account.public_id, old.account_key)
    assert await read_all(office, anna.account, stale) == [Tampered] * 4
    anna.device = device
    with pytest.raises(SignInRefused):
        office.keys_of(anna)
    assert await read_all(office, bram.account, office.keys_of(bram)) == [b"adopted"], "others are not concerned"


async def test_new_documents_go_to_the_new_identity_key(office: Office, anna: Person) -> None:
    old = office.keys_of(anna)
    rotated = rotate(office, anna)
    fresh = office.store.read_now(accounts.recipient, anna.account.email)
    assert fresh is not None
    assert fresh.generation == rotated.account.generation
    anna.recipient = fresh
    office.deliver(b"new", anna)
    assert await read_all(office, rotated.account, keys_now(office, rotated.account)) == [b"new"]
    assert await read_all(office, rotated.account, old) == [Tampered]


def test_folders_and_subscriptions_keep_their_names(office: Office, anna: Person) -> None:
    store, keys = office.store, office.keys_of(anna)
    for name in ("work", "work/invoices", "privé"):
        store.write_now(mailboxes.create, anna.account.id, keys, name, NOW)
        store.write_now(mailboxes.subscribe, anna.account.id, keys, name)
    store.write_now(mailboxes.rename, anna.account.id, keys, "Archive", "Kast", NOW)
    before = store.read_now(mailboxes.listing, anna.account.id, keys)
    subscribed = store.read_now(mailboxes.subscriptions, anna.account.id, keys)
    new = keys_now(office, rotate(office, anna).account)
    assert store.read_now(mailboxes.listing, anna.account.id, new) == before
    assert store.read_now(mailboxes.subscriptions, anna.account.id, new) == subscribed
    for mailbox in before:
        assert store.read_now(mailboxes.by_name, anna.account.id, new, mailbox.name).id == mailbox.id
        if mailbox.chooses is not None:  # its name is everybody's
            continue
        with pytest.raises(NotFound):
            store.read_now(mailboxes.by_name, anna.account.id, keys, mailbox.name)


def test_every_way_in_ends_and_the_new_ones_work(office: Office, anna: Person) -> None:
    store, enrolled, told = office.store, enrol(office, anna), []
    keys = office.keys_of(anna)
    token = store.write_now(sessions.start, store.server_keys, store.shred, anna.account, keys, "tui", NOW).token
    store.listen(told.append)
    rotated = rotate(office, anna)
    assert DeviceRevoked(anna.account.id, anna.device.device.id) in told
    assert AccountBarred(anna.account.id) in told
    opener = (store.server_keys, store.shred)
    with pytest.raises(SignInRefused):
        store.read_now(sessions.open, *opener, token, NOW)
    with pytest.raises(SignInRefused):
        keys_now(office, rotated.account, "een lamp bij het raam")
    with pytest.raises(SignInRefused):
        store.read_now(recovery_codes.open_account, *opener, rotated.account, enrolled.recovery_codes[0])
    code = rotated.recovery_codes[0]
    by_code = store.read_now(recovery_codes.open_account, *opener, rotated.account, code)
    assert by_code.same_key(keys_now(office, rotated.account))
    kinds = {kind for (kind,) in office.rows("SELECT kind FROM key_slot WHERE account_id = ?", anna.account.id)}
    assert kinds == {SlotKind.PASSWORD, SlotKind.RECOVERY}
    (event,) = office.rows("SELECT detail FROM audit_event WHERE kind = 'account.key-rotated'")
    assert json.loads(event[0]) == {"devices": 1, "documents": 0, "generation": 2, "refused": 0}


def test_escrow_follows_the_new_key(office: Office) -> None:
    managed = Managed.found(office)
    admin, anna = managed.admin("admin"), office.person("anna")
    store, rotated = office.store, rotate(office, anna)
    opened = store.read_now(escrow.open_account, store.shred, admin.account, office.keys_of(admin), rotated.account)
    assert opened.same_key(keys_now(office, rotated.account))


def test_a_holder_goes_on_holding(office: Office) -> None:
    managed = Managed.found(office)
    admin, anna = managed.admin("admin"), office.person("anna")
    store, old = office.store, office.keys_of(admin)
    rotated = rotate(office, admin)
    new = keys_now(office, rotated.account)
    opened = store.read_now(escrow.open_account, store.shred, rotated.account, new, anna.account)
    assert opened.same_key(anna.keys)
    with pytest.raises(Tampered):
        store.read_now(
            escrow.open_account,
            store.shred,
            rotated.account,
            AccountKeys(old.account, old.account_key),
            anna.account,
        )


async def test_what_was_altered_stays_refused_and_blocks_nothing(office: Office, anna: Person) -> None:
    for number in range(3):
        office.deliver(b"document %d" % number, anna)
    await read_all(office, anna.account, office.keys_of(anna))
    office.change("UPDATE wrap SET sealed_wrap = x'01' WHERE document_id = 2")
    rotated = rotate(office, anna)
    assert (rotated.documents, rotated.refused) == (2, 1)
    new = keys_now(office, rotated.account)
    assert await read_all(office, rotated.account, new) == [b"document 0", Tampered, b"document 2"]


async def test_a_session_of_before_can_seal_nothing_more(office: Office, anna: Person) -> None:
    """What it would keep, nobody could open: it has not heard yet that it is over."""
    office.deliver(b"document", anna)
    store, old = office.store, office.keys_of(anna)
    opener = (store.server_keys, store.shred, anna.account)
    rotated = rotate(office, anna)
    stale: list[tuple[object, ...]] = [
        (devices.add, *opener, old, "late", frozenset({Scope.IMAP}), NOW),
        (sessions.start, *opener, old, "late", NOW),
        (passwords.set_password, *opener, old, stretched("nog een lamp erbij"), NOW, "account:1"),
        (key_slots.insert, *opener, "late", SlotKind.DEVICE, bytes(32), old, NOW, None),
        (mailboxes.create, anna.account.id, old, "late", NOW),
        (mailboxes.rename, anna.account.id, old, "Archive", "late", NOW),
        (mailboxes.subscribe, anna.account.id, old, "late"),
        (rotation.rotate, *opener, old, prepare_with(office, anna, old), stretched(), NOW, "account:1"),
    ]
    for function, *arguments in stale:
        with pytest.raises(SignInRefused):
            store.write_now(function, *arguments)  # type: ignore[arg-type]
    store.write_now(adopt, anna.account, [Adopted(1, 1, b"under the old key", b"card")])
    assert await read_all(office, rotated.account, keys_now(office, rotated.account)) == [b"document"]


def prepare_with(office: Office, person: Person, keys: AccountKeys) -> Prepared:
    return office.store.read_now(rotation.prepare, person.account, keys)


def test_two_rotations_at_once_give_one(office: Office, anna: Person) -> None:
    keys = office.keys_of(anna)
    first, second = prepare_with(office, anna, keys), prepare_with(office, anna, keys)
    put(office, anna, keys, first)
    with pytest.raises(SignInRefused):
        put(office, anna, keys, second)


async def test_a_document_adopted_between_sealing_and_putting_opens(office: Office, anna: Person) -> None:
    office.deliver(b"document", anna)
    keys = office.keys_of(anna)
    prepared = prepare_with(office, anna, keys)
    await read_all(office, anna.account, office.keys_of(anna))
    await office.store.write(documents.copies_of, 0)
    assert office.rows("SELECT form FROM wrap") == [("account",)]
    rotated = put(office, anna, keys, prepared)
    assert await read_all(office, rotated.account, keys_now(office, rotated.account)) == [b"document"]


async def test_rotation_after_rotation(office: Office, anna: Person) -> None:
    office.deliver(b"document", anna)
    rotated = rotate(office, anna)
    between = keys_now(office, rotated.account)
    anna.account = rotated.account
    prepared = prepare_with(office, anna, between)
    await read_all(office, rotated.account, keys_now(office, rotated.account))
    await office.store.write(documents.copies_of, 0)
    assert office.rows("SELECT count(*) FROM indexed_card") == [(1,)], "a card came under the key in between"
    again = put(office, anna, between, prepared)
    assert again.account.generation == 3
    assert await read_all(office, again.account, keys_now(office, again.account)) == [b"document"]
