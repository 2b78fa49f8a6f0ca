"""An office with two places for its backups: what tests of backup and restore begin with."""

from dataclasses import dataclass
from pathlib import Path

from storage.backups import backup, canary
from storage.backups.backup import Made
from storage.engine import server_facts
from storage.engine.bodies import new_name
from storage.engine.server_facts import Fact
from storage.keys.recovery import RecoveryKit, seal_master
from storage.mail import documents
from tests.unit.storage.conftest import NOW, Office, Person

DAY = 86_400


@dataclass
class Vault:
    """An office with two places for its backups."""

    office: Office
    kit: RecoveryKit
    data: Path
    keyring: Path

    def make(self, now: int = NOW, *, keyring: bool = True) -> Made:
        return backup.make(self.office.store, self.data, self.keyring if keyring else None, 35, "operator", now)

    def deliver(self, message: bytes, *people: Person) -> str:
        """With the body as a file; its name."""
        name = new_name()
        draft = self.office.draft(message, *people, body_name=name)
        self.office.store.bodies.write(name, draft.sealed.sealed_body)
        self.office.store.write_now(documents.deliver, draft, NOW)
        return name

    def bodies(self) -> set[str]:
        return {path.name for path in (self.data / "bodies").glob("*/*")}


def furnished(office: Office, tmp_path: Path) -> Vault:
    """With a kit, settings and a canary, as `init` makes them."""
    kit, store = RecoveryKit.generate(), office.store
    (office.data / "recovery").mkdir()
    (office.data / "recovery" / "master.sealed").write_bytes(seal_master(kit.public_key, office.master))
    (office.data / "postex.toml").write_text('hostname = "example.test"\n')
    store.write_now(server_facts.put, Fact.KIT_PUBLIC_KEY, kit.public_key)
    store.write_now(canary.ensure, store.server_keys, store.shred, store.bodies, NOW)
    return Vault(office, kit, tmp_path / "backups", tmp_path / "keyrings")
