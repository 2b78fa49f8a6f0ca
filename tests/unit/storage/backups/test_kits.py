"""A new kit opens what comes after it, the old one what was before."""

from functools import partial
from pathlib import Path

import pytest

from storage.access import escrow
from storage.backups import kits, restore
from storage.engine import server_facts, statements
from storage.engine.server_facts import Fact
from storage.errors import BackupReason, BackupRefused, Tampered, WriterUnavailable
from storage.keys.recovery import open_master
from tests.unit.storage.backups.test_restore import place
from tests.unit.storage.conftest import NOW, Office
from tests.unit.storage.managed import Managed
from tests.unit.storage.vault import Vault, furnished


@pytest.fixture
def vault(office: Office, tmp_path: Path) -> Vault:
    return furnished(office, tmp_path)


def test_a_new_kit_seals_the_master_key_again(vault: Vault) -> None:
    office = vault.office
    new, _ = kits.renew(office.store, office.master, "operator", NOW)
    sealed = (office.data / "recovery" / "master.sealed").read_bytes()
    assert open_master(new, sealed) == office.master
    with pytest.raises(Tampered):
        open_master(vault.kit, sealed)
    assert office.store.read_now(server_facts.get, Fact.KIT_PUBLIC_KEY) == new.public_key
    assert office.rows("SELECT actor FROM audit_event WHERE kind = 'kit.replaced'") == [("operator",)]


@pytest.mark.parametrize("part", ["file", "database"])
def test_a_kit_that_was_never_shown_opens_nothing(vault: Vault, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """Else every backup from then on would be sealed to a kit that nobody has."""
    office = vault.office

    def refused(*_: object) -> None:
        raise WriterUnavailable("disk full")

    monkeypatch.setattr(kits, {"file": "write_whole", "database": "_replace"}[part], refused)
    with pytest.raises(WriterUnavailable):
        kits.renew(office.store, office.master, "operator", NOW)
    assert open_master(vault.kit, (office.data / "recovery" / "master.sealed").read_bytes()) == office.master
    assert office.store.read_now(server_facts.get, Fact.KIT_PUBLIC_KEY) == vault.kit.public_key


def test_each_backup_stays_with_its_kit(vault: Vault, tmp_path: Path) -> None:
    office, before = vault.office, vault.make()
    new, _ = kits.renew(office.store, office.master, "operator", NOW)
    after = vault.make(NOW + 1)
    assert before.keyring_folder is not None
    assert after.keyring_folder is not None
    for made, kit, other in ((before, vault.kit, new), (after, new, vault.kit)):
        target = tmp_path / made.folder.name
        with pytest.raises(BackupRefused) as error:
            restore.restore(made.folder, after.keyring_folder, target, other, place, NOW)
        assert error.value.reason is BackupReason.WRONG_KIT
        restore.restore(made.folder, after.keyring_folder, target, kit, place, NOW)


def test_seals_of_escrow_keys_for_the_old_kit_go(vault: Vault) -> None:
    office = vault.office
    sql = (
        "INSERT INTO escrow_key (domain_id, generation, public_key, sealed_for_kit, created_at)"
        " SELECT id, 1, zeroblob(32), zeroblob(80), 0 FROM domain"
    )
    office.store.write_now(statements.run, sql)
    assert kits.renew(office.store, office.master, "operator", NOW)[1] == 1
    assert office.rows("SELECT sealed_for_kit FROM escrow_key") == [(None,)]


def test_an_admin_who_hands_the_escrow_key_on_seals_it_to_the_new_kit(vault: Vault) -> None:
    office = vault.office
    managed, store = Managed.found(office), office.store
    admin, other = managed.admin("admin"), managed.admin("other", holder=False)
    new, waiting = kits.renew(store, office.master, "operator", NOW)
    assert waiting == 1
    domain, recover = managed.domain.id, partial(store.write_now, escrow.recover, managed.domain.id)
    with pytest.raises(Tampered):
        recover(new, other.account, NOW, "operator")
    store.write_now(escrow.hand_on, domain, admin.account, admin.keys, other.account, NOW, "account:1")
    recover(new, other.account, NOW, "operator")
