"""Who holds a domain's escrow key, what it opens, and what opens nothing."""

import pytest

from storage.access import escrow
from storage.engine import statements
from storage.errors import Invalid, NotFound, Tampered
from storage.keys.keyring import AccountKeys
from storage.keys.recovery import RecoveryKit
from storage.people import accounts, domains, grants
from storage.records import DomainMode, Role
from tests.unit.storage.conftest import NOW, Office, Person
from tests.unit.storage.managed import Managed


@pytest.fixture
def managed(office: Office) -> Managed:
    return Managed.found(office)


def opened(office: Office, holder: Person, person: Person) -> AccountKeys:
    store = office.store
    return store.read_now(escrow.open_account, store.shred, holder.account, office.keys_of(holder), person.account)


def events(office: Office, kind: str) -> list[statements.Row]:
    return office.rows("SELECT actor, subject, detail FROM audit_event WHERE kind = ? ORDER BY position", kind)


def test_a_holder_opens_every_account_of_the_domain(office: Office, managed: Managed) -> None:
    admin, anna = managed.admin("admin"), office.person("anna")
    assert opened(office, admin, anna).same_key(anna.keys)
    assert opened(office, admin, admin).same_key(admin.keys)


def test_nobody_else_does(office: Office, managed: Managed) -> None:
    managed.admin("admin")
    other, anna = managed.admin("other", holder=False), office.person("anna")
    with pytest.raises(NotFound):
        opened(office, other, anna)


def test_a_custodian_hands_on_and_opens_nothing(office: Office, managed: Managed) -> None:
    owner, anna = office.person("owner"), office.person("anna")
    office.store.write_now(escrow.entrust, managed.key, owner.account, NOW, "operator", custodian=True)
    with pytest.raises(NotFound):
        opened(office, owner, anna)
    admin = managed.admin("admin", holder=False)
    store = office.store
    store.write_now(escrow.hand_on, managed.domain.id, owner.account, owner.keys, admin.account, NOW, "account:1")
    assert opened(office, admin, anna).same_key(anna.keys)
    held = store.read_now(escrow.holders, managed.domain.id)
    assert [(each.account_id, each.custodian) for each in held] == [(admin.account.id, False)], "no custodian is left"
    with pytest.raises(NotFound):
        store.write_now(escrow.hand_on, managed.domain.id, owner.account, owner.keys, admin.account, NOW, "account:1")


def test_the_key_is_handed_to_admins_of_the_domain_alone(office: Office, managed: Managed) -> None:
    admin, anna = managed.admin("admin"), office.person("anna")
    hand_on = (escrow.hand_on, managed.domain.id, admin.account, admin.keys)
    with pytest.raises(Invalid):
        office.store.write_now(*hand_on, anna.account, NOW, "account:1")
    elsewhere = office.store.write_now(domains.create, "other.test", DomainMode.MANAGED, "NL", NOW)
    office.store.write_now(
        grants.grant, anna.account, Role.DOMAIN_ADMIN, elsewhere.id, NOW, actor="operator", granted_by=None
    )
    with pytest.raises(Invalid):
        office.store.write_now(*hand_on, anna.account, NOW, "account:1")
    managed.grant(anna)
    office.store.write_now(*hand_on, anna.account, NOW, "account:1")
    assert opened(office, anna, admin).same_key(admin.keys)


def test_who_is_admin_no_more_holds_nothing(office: Office, managed: Managed) -> None:
    admin, other, anna = managed.admin("admin"), managed.admin("other"), office.person("anna")
    withdraw = (escrow.withdraw, managed.domain.id)
    assert office.store.write_now(*withdraw, admin.account.id, NOW, "operator") == 1
    with pytest.raises(NotFound):
        opened(office, admin, anna)
    assert opened(office, other, anna).same_key(anna.keys)
    assert office.store.write_now(*withdraw, other.account.id, NOW, "operator") == 0
    assert office.store.write_now(*withdraw, other.account.id, NOW, "operator") == 0
    assert len(events(office, "escrow.withdrawn")) == 2, "what was not there was not taken"


def test_the_kit_brings_the_key_back_when_every_holder_is_lost(office: Office, managed: Managed) -> None:
    admin, anna = managed.admin("admin", holder=False), office.person("anna")
    recover = (escrow.recover, managed.domain.id)
    with pytest.raises(Tampered):
        office.store.write_now(*recover, RecoveryKit.generate(), admin.account, NOW, "operator")
    with pytest.raises(Invalid):
        office.store.write_now(*recover, managed.kit, anna.account, NOW, "operator")
    office.store.write_now(*recover, managed.kit, admin.account, NOW, "operator")
    assert opened(office, admin, anna).same_key(anna.keys)
    assert [row[:2] for row in events(office, "escrow.recovered")] == [("operator", f"domain:{managed.domain.id}")]


def test_a_private_domain_has_no_escrow(office: Office) -> None:
    domain = office.store.write_now(domains.create, "private.test", DomainMode.PRIVATE, "NL", NOW)
    kit = RecoveryKit.generate()
    assert office.store.write_now(escrow.create_key, domain, (), kit.public_key, NOW, "operator") is None
    draft = accounts.AccountDraft("anna@private.test", "Anna", Role.RECIPIENT)
    account, _ = office.store.write_now(accounts.create, office.store.shred, draft, domain, NOW)
    assert not office.store.read_now(escrow.has_slot, account.id)
    assert office.store.read_now(escrow.public_key, domain.id) is None


def test_after_shredding_no_holder_opens_the_account(office: Office, managed: Managed) -> None:
    admin, anna = managed.admin("admin"), office.person("anna")
    office.store.shred.delete(anna.account.public_id)
    with pytest.raises(NotFound):
        opened(office, admin, anna)
    office.store.shred.create(anna.account.public_id)
    with pytest.raises(Tampered):
        opened(office, admin, anna)


def test_an_account_of_another_domain_does_not_open(office: Office, managed: Managed) -> None:
    """Not even if its slot is put under this domain's key."""
    admin, anna = managed.admin("admin"), office.person("anna")
    elsewhere = office.store.write_now(domains.create, "other.test", DomainMode.MANAGED, "NL", NOW)
    office.store.write_now(escrow.create_key, elsewhere, (), None, NOW, "operator")
    draft = accounts.AccountDraft("carla@other.test", "Carla", Role.RECIPIENT)
    carla, keys = office.store.write_now(accounts.create, office.store.shred, draft, elsewhere, NOW)
    with pytest.raises(NotFound):
        opened(office, admin, Person(carla, keys, anna.recipient, anna.device))
    office.change("UPDATE escrow_slot SET domain_id = ? WHERE account_id = ?", managed.domain.id, carla.id)
    with pytest.raises(Tampered):
        opened(office, admin, Person(carla, keys, anna.recipient, anna.device))


def test_the_audit_log_has_every_step_with_ids_alone(office: Office, managed: Managed) -> None:
    admin = managed.admin("admin")
    assert events(office, "escrow.created") == [("operator", "domain:1", '{"generation":1,"kit":true}')]
    detail = '{"custodian":false,"domain":1,"generation":1}'
    assert events(office, "escrow.entrusted") == [("operator", f"account:{admin.account.id}", detail)]
