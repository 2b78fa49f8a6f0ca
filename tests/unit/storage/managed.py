"""A managed domain with its escrow key: a kit, admins who hold the key, and people."""

from dataclasses import dataclass, field

from storage.access import escrow
from storage.keys.escrow import EscrowKey
from storage.keys.recovery import RecoveryKit
from storage.people import domains, grants
from storage.records import Domain, DomainMode, Role

from .conftest import NOW, Office, Person


@dataclass
class Managed:
    """`office.person` after this is in escrow."""

    office: Office
    domain: Domain
    kit: RecoveryKit = field(repr=False)
    key: EscrowKey = field(repr=False)

    @classmethod
    def found(cls, office: Office) -> "Managed":
        domain, kit = office.store.read_now(domains.by_name, "example.test"), RecoveryKit.generate()
        key = office.store.write_now(escrow.create_key, domain, (), kit.public_key, NOW, "operator")
        assert key is not None
        return cls(office, domain, kit, key)

    def admin(self, name: str, *, holder: bool = True) -> Person:
        person = self.office.person(name)
        self.grant(person)
        if holder:
            self.office.store.write_now(escrow.entrust, self.key, person.account, NOW, "operator", custodian=False)
        return person

    def grant(self, person: Person, role: Role = Role.DOMAIN_ADMIN) -> None:
        domain_id = self.domain.id if role is Role.DOMAIN_ADMIN else None
        self.office.store.write_now(
            grants.grant, person.account, role, domain_id, NOW, actor="operator", granted_by=None
        )


def make_private(office: Office) -> None:
    office.change("UPDATE domain SET mode = ?", DomainMode.PRIVATE)
