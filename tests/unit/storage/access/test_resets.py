"""A reset by an admin: with escrow nothing is lost, without it nothing is lost before the code is used, and little
after."""

import asyncio
import json
from dataclasses import replace

import pytest

from storage.access import (
    break_glass,
    devices,
    enrolment,
    escrow,
    passwords,
    recovery_codes,
    renewal,
    resets,
    rotation,
    second_factor,
)
from storage.access.enrolment import Enrolled
from storage.access.resets import Reset
from storage.deliveries import arrivals, deliveries, release
from storage.deliveries.arrivals import Acceptance
from storage.deliveries.deliveries import Delivery
from storage.deliveries.terms import Channel, Decided, DeliveryState, DocumentType
from storage.errors import ApprovalNeeded, Busy, Conflict, NotFound, SignInRefused, Tampered
from storage.keys.keyring import AccountKeys
from storage.keys.slots import SlotKind
from storage.mail import documents, mailboxes
from storage.mail.mailbox_names import FIXED
from storage.people import accounts
from storage.records import Account, AccountBarred, DomainMode, Recipient, Role, Scope
from tests.unit.storage.coming_in import PASSWORD, enrol, stretched
from tests.unit.storage.conftest import NOW, Office, Person
from tests.unit.storage.managed import Managed, make_private

from .test_rotation import read_all

CHOSEN = "vier kaarsen op tafel"
SHOWN = Decided(0, DocumentType.LETTER, Channel.MAILBOX, DeliveryState.DELIVERED, "nl", "[]")


def reset(office: Office, admin: Person, person: Person, **asked: bool) -> Reset:
    """`asked`: may_close, with_second_factor."""
    store = office.store
    lock = (store.server_keys, store.shred, admin.account, admin.keys, person.account)
    return store.write_now(resets.reset_by_admin, *lock, NOW, **asked)


def come_back(
    office: Office, person: Person, code: str, mode: DomainMode, now: int = NOW, digits: str | None = None
) -> Enrolled:
    store = office.store
    if digits is None:
        digits = second_factor.code_at(store.write_now(second_factor.begin, person.account.id, now), now)
    opener = (store.server_keys, store.shred, person.account.email, code)
    return store.write_now(enrolment.finish, *opener, stretched(CHOSEN), digits, mode, now)


def keys_by(office: Office, account: Account, password: str) -> AccountKeys:
    store = office.store
    return store.read_now(passwords.open_account, store.server_keys, store.shred, account, stretched(password))


# --- managed ---


async def test_with_escrow_the_code_opens_the_same_key(office: Office) -> None:
    managed = Managed.found(office)
    admin, anna = managed.admin("admin"), office.person("anna")
    enrolled = enrol(office, anna)
    office.deliver(b"before", anna)
    assert office.store.read_now(resets.closes, anna.account) is None
    given = reset(office, admin, anna)
    assert given.closes is None
    assert keys_by(office, anna.account, PASSWORD).same_key(anna.keys), "until it is used nothing has changed"
    done = come_back(office, anna, given.code.code, DomainMode.MANAGED, NOW + 60, enrolled.code(NOW + 60))
    assert done.closed == 0
    assert keys_by(office, done.account, CHOSEN).same_key(anna.keys)
    with pytest.raises(SignInRefused):
        keys_by(office, done.account, PASSWORD)
    assert await read_all(office, done.account, keys_by(office, done.account, CHOSEN)) == [b"before"]
    assert office.keys_of(anna).same_key(anna.keys), "devices go on"
    (event,) = office.rows("SELECT actor, subject, detail FROM audit_event WHERE kind = 'account.reset'")
    assert event[:2] == (f"account:{admin.account.id}", f"account:{anna.account.id}")
    expected = {"closes": 0, "escrow": True, "expires_at": given.code.expires_at, "second_factor": False}
    assert json.loads(event[2]) == expected


def test_no_admin_alone_replaces_the_second_factor(office: Office) -> None:
    """Who holds such a code can open the mailbox: it takes two people, and one approval serves once."""
    managed = Managed.found(office)
    admin, other, anna = managed.admin("admin"), managed.admin("other"), office.person("anna")
    enrol(office, anna)
    with pytest.raises(ApprovalNeeded):
        reset(office, admin, anna, with_second_factor=True)
    asked = office.store.write_now(break_glass.request, admin.account, anna.account, "lost phone", 1, NOW)
    with pytest.raises(ApprovalNeeded):
        reset(office, admin, anna, with_second_factor=True)
    office.store.write_now(break_glass.approve, asked.id, other.account, NOW)
    with pytest.raises(ApprovalNeeded):
        reset(office, other, anna, with_second_factor=True)
    given = reset(office, admin, anna, with_second_factor=True)
    lock = (office.store.server_keys, office.store.shred, asked.id, admin.account, admin.keys, NOW)
    with pytest.raises(Conflict):
        office.store.write_now(break_glass.open_mailbox, *lock)
    with pytest.raises(ApprovalNeeded):
        reset(office, admin, anna, with_second_factor=True)
    done = come_back(office, anna, given.code.code, DomainMode.MANAGED)
    assert keys_by(office, done.account, CHOSEN).same_key(anna.keys)


def test_without_the_escrow_key_an_admin_resets_nothing(office: Office) -> None:
    managed = Managed.found(office)
    admin, anna = managed.admin("admin", holder=False), office.person("anna")
    for may_close in (False, True):
        with pytest.raises(NotFound):
            reset(office, admin, anna, may_close=may_close)


def test_a_code_is_used_once_and_a_new_one_replaces_it(office: Office) -> None:
    managed = Managed.found(office)
    admin, anna = managed.admin("admin"), office.person("anna")
    first, second = reset(office, admin, anna), reset(office, admin, anna)
    with pytest.raises(SignInRefused):
        come_back(office, anna, first.code.code, DomainMode.MANAGED)
    come_back(office, anna, second.code.code, DomainMode.MANAGED)
    with pytest.raises(SignInRefused):
        come_back(office, anna, second.code.code, DomainMode.MANAGED, NOW + 60)


@pytest.mark.parametrize("mode", DomainMode)
def test_a_new_password_ends_a_code_that_was_not_wanted(office: Office, mode: DomainMode) -> None:
    managed = Managed.found(office) if mode is DomainMode.MANAGED else None
    admin, anna = managed.admin("admin") if managed else office.person("admin"), office.person("anna")
    given, store = reset(office, admin, anna, may_close=True), office.store
    store.write_now(
        passwords.set_password,
        store.server_keys,
        store.shred,
        anna.account,
        anna.keys,
        stretched(PASSWORD),
        NOW,
        "account:2",
    )
    with pytest.raises(SignInRefused):
        come_back(office, anna, given.code.code, mode)


# --- private ---


@pytest.fixture
def admin(office: Office) -> Person:
    make_private(office)
    return office.person("admin")


def test_documents_are_closed_only_if_the_admin_says_so(office: Office, admin: Person, anna: Person) -> None:
    office.deliver(b"one", anna)
    office.deliver(b"two", anna)
    assert office.store.read_now(resets.closes, anna.account) == 2
    with pytest.raises(Conflict):
        reset(office, admin, anna)
    given = reset(office, admin, anna, may_close=True)
    assert given.closes == 2
    assert office.store.read_now(enrolment.closes, anna.account) == 2


async def test_making_the_code_changes_nothing(office: Office, admin: Person, anna: Person) -> None:
    office.deliver(b"one", anna)
    reset(office, admin, anna, may_close=True)
    assert await read_all(office, anna.account, office.keys_of(anna)) == [b"one"]


async def test_using_the_code_closes_what_was_and_opens_what_comes(
    office: Office, admin: Person, anna: Person
) -> None:
    store, told = office.store, []
    store.write_now(mailboxes.create, anna.account.id, anna.keys, "work", NOW)
    store.write_now(mailboxes.rename, anna.account.id, anna.keys, "Archive", "Kast", NOW)
    office.deliver(b"old", anna)
    await read_all(office, anna.account, office.keys_of(anna))
    given = reset(office, admin, anna, may_close=True)
    office.deliver(b"between", anna)
    store.listen(told.append)
    done = come_back(office, anna, given.code.code, DomainMode.PRIVATE)
    assert done.closed == 2
    await asyncio.sleep(0)
    assert AccountBarred(anna.account.id) in told
    keys = keys_by(office, done.account, CHOSEN)
    assert not keys.same_key(anna.keys)
    with pytest.raises(SignInRefused):
        office.keys_of(anna)
    listed = store.read_now(mailboxes.listing, anna.account.id, keys)
    assert {mailbox.name for mailbox in listed if mailbox.chooses is None} == set(FIXED.values())
    expected = sorted([*FIXED.values(), *(mailbox.name for mailbox in listed if mailbox.chooses is not None)])
    assert store.read_now(mailboxes.subscriptions, anna.account.id, keys) == expected
    for mailbox in listed:
        assert store.read_now(mailboxes.select, mailbox.id, keys).copies == []
    fresh = store.read_now(accounts.recipient, anna.account.email)
    assert fresh is not None
    anna.recipient = fresh
    office.deliver(b"new", anna)
    assert await read_all(office, done.account, keys) == [Tampered, Tampered, b"new"]
    inbox = store.read_now(mailboxes.by_name, anna.account.id, keys, "INBOX")
    assert len(store.read_now(mailboxes.select, inbox.id, keys).copies) == 1


async def test_a_document_on_its_way_is_sealed_again_rather_than_kept_where_nobody_can_read_it(
    office: Office, admin: Person, anna: Person
) -> None:
    store, on_its_way = office.store, office.draft(b"on its way", anna)
    done = come_back(office, anna, reset(office, admin, anna, may_close=True).code.code, DomainMode.PRIVATE)
    with pytest.raises(Busy):
        store.write_now(documents.deliver, on_its_way, NOW)
    assert office.rows("SELECT count(*) FROM document") == [(0,)]
    fresh = store.read_now(accounts.recipient, anna.account.email)
    assert fresh is not None
    anna.recipient = fresh
    office.deliver(b"on its way", anna)
    assert await read_all(office, done.account, keys_by(office, done.account, CHOSEN)) == [b"on its way"]


async def test_what_was_held_during_a_reset_comes_closed_and_is_brought_back(
    office: Office, admin: Person, anna: Person
) -> None:
    """A batch that its sender commits later: of before the reset, and of after it but before new keys of the same
    account."""
    store, first = office.store, enrol_private(office, anna)
    before = hold(office, anna, b"before")
    second = come_back(office, anna, reset(office, admin, anna, may_close=True).code.code, DomainMode.PRIVATE)
    anna.recipient = recipient_of(office, anna)
    after = hold(office, anna, b"after")
    keys = keys_by(office, second.account, CHOSEN)
    prepared = store.read_now(rotation.prepare, second.account, keys)
    opener = (store.server_keys, store.shred)
    rotated = store.write_now(
        rotation.rotate, *opener, second.account, keys, prepared, stretched(PASSWORD), NOW, "account:2"
    )
    keys = keys_by(office, rotated.account, PASSWORD)
    for held in (before, after):
        store.write_now(release.release, held, SHOWN, b"", (), NOW)
    inbox = store.read_now(mailboxes.by_name, anna.account.id, keys, "INBOX")
    assert len(store.read_now(mailboxes.select, inbox.id, keys).copies) == 1
    assert await read_all(office, rotated.account, keys) == [Tampered, b"after"]
    assert store.write_now(renewal.reopen, *opener, rotated.account, keys, first[0], NOW) == 1
    assert await read_all(office, rotated.account, keys) == [b"before", b"after"]


def recipient_of(office: Office, person: Person) -> Recipient:
    found = office.store.read_now(accounts.recipient, person.account.email)
    assert found is not None
    return found


def hold(office: Office, person: Person, text: bytes) -> Delivery:
    """A document for one reader that waits for its sender."""
    store, draft = office.store, replace(office.draft(text, person), sender_account_id=person.account.id)
    decided = replace(SHOWN, account_id=person.account.id, state=DeliveryState.HELD)
    acceptance = Acceptance(draft, {person.account.id: decided}, "erp@outside.test", b"", batch="nov")
    made = store.write_now(arrivals.accept, acceptance, NOW)
    return store.read_now(deliveries.of_document, person.account.id, made.document_public_id)


def test_the_closed_mailbox_is_shown_to_nobody(office: Office, admin: Person, anna: Person) -> None:
    office.deliver(b"old", anna)
    done = come_back(office, anna, reset(office, admin, anna, may_close=True).code.code, DomainMode.PRIVATE)
    keys = keys_by(office, done.account, CHOSEN)
    ((closed,),) = office.rows("SELECT id FROM mailbox WHERE special = 'closed'")
    with pytest.raises(Tampered):
        office.store.read_now(mailboxes.select, closed, keys)


async def test_an_old_recovery_code_brings_the_documents_back(office: Office, admin: Person, anna: Person) -> None:
    """Even one by one, after two resets, and after a rotation in between."""
    store = office.store
    first = enrol_private(office, anna)
    office.deliver(b"of the first key", anna)
    await read_all(office, anna.account, office.keys_of(anna))
    second = come_back(office, anna, reset(office, admin, anna, may_close=True).code.code, DomainMode.PRIVATE)
    recipient = store.read_now(accounts.recipient, anna.account.email)
    assert recipient is not None
    anna.recipient = recipient
    office.deliver(b"of the second", anna)
    third = come_back(
        office, anna, reset(office, admin, anna, may_close=True).code.code, DomainMode.PRIVATE, NOW + 60
    )
    assert third.closed == 2
    keys = keys_by(office, third.account, CHOSEN)
    prepared = store.read_now(rotation.prepare, third.account, keys)
    opener = (store.server_keys, store.shred)
    done = store.write_now(
        rotation.rotate, *opener, third.account, keys, prepared, stretched(PASSWORD), NOW, "account:2"
    )
    keys, account = keys_by(office, done.account, PASSWORD), done.account
    reopen = (renewal.reopen, *opener, account, keys)
    with pytest.raises(SignInRefused):
        store.write_now(*reopen, third.recovery_codes[0], NOW)
    with pytest.raises(SignInRefused):
        store.write_now(*reopen, "not a code", NOW)
    assert store.write_now(*reopen, first[0], NOW) == 1
    assert await read_all(office, account, keys) == [b"of the first key", Tampered]
    assert store.write_now(*reopen, second.recovery_codes[0], NOW) == 1
    assert await read_all(office, account, keys) == [b"of the first key", b"of the second"]
    archive = store.read_now(mailboxes.by_name, account.id, keys, "Archive")
    assert len(store.read_now(mailboxes.select, archive.id, keys).copies) == 2
    assert store.read_now(renewal.closed_documents, account.id) == 0


def enrol_private(office: Office, person: Person) -> tuple[str, ...]:
    store = office.store
    lock = (store.server_keys, store.shred, person.account, person.keys, NOW, "system")
    return store.write_now(recovery_codes.replace, *lock)


def test_old_secrets_open_the_past_and_nothing_else(office: Office, admin: Person, anna: Person) -> None:
    store, codes = office.store, enrol_private(office, anna)
    done = come_back(office, anna, reset(office, admin, anna, may_close=True).code.code, DomainMode.PRIVATE)
    with pytest.raises(SignInRefused):
        store.read_now(recovery_codes.open_account, store.server_keys, store.shred, done.account, codes[0])
    kinds = {kind for (kind,) in office.rows("SELECT kind FROM key_slot WHERE account_id = ?", anna.account.id)}
    assert kinds == {"closed-recovery", SlotKind.PASSWORD, SlotKind.RECOVERY}


def test_a_code_for_a_new_key_adds_no_device(office: Office, admin: Person, anna: Person) -> None:
    """The short way of an enrolment code, a first device, would hold a key that is not the account's."""
    store, given = office.store, reset(office, admin, anna, may_close=True)
    with pytest.raises(SignInRefused):
        store.write_now(enrolment.enrol, store.server_keys, store.shred, anna.account.email, given.code.code, NOW)
    _, keys = store.read_now(
        enrolment.open_code, store.server_keys, store.shred, anna.account.email, given.code.code, NOW
    )
    with pytest.raises(SignInRefused):
        store.write_now(
            devices.add,
            store.server_keys,
            store.shred,
            anna.account,
            keys,
            "phone",
            frozenset({Scope.IMAP}),
            NOW,
        )


def test_a_holder_who_lost_the_key_holds_no_escrow(office: Office) -> None:
    """The admin of a managed domain, whose own account lies in none."""
    managed = Managed.found(office)
    admin, other = managed.admin("admin"), managed.admin("other")
    office.change("DELETE FROM escrow_slot WHERE account_id = ?", admin.account.id)
    given = reset(office, other, admin, may_close=True)
    done = come_back(office, admin, given.code.code, DomainMode.MANAGED)
    held = office.store.read_now(escrow.holders, managed.domain.id)
    assert [each.account_id for each in held] == [other.account.id]
    assert office.store.read_now(escrow.has_slot, admin.account.id), "the new key is in escrow"
    assert done.account.role is Role.RECIPIENT
