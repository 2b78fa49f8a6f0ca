"""The escrow part of the world that `test_tampered_rows` attacks: what holders and kit open, and what a row concerns.

Two domains; the first has keys of two generations, and an account under each. Anna holds both, of two generations of
her identity key; Bram holds the second, and the key of the other domain.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from storage.access import escrow
from storage.engine import statements
from storage.errors import StorageError
from storage.keys.escrow import EscrowKey, open_with_kit
from storage.keys.keyring import AccountKeys
from storage.keys.recovery import RecoveryKit
from storage.people import domains
from storage.records import Account, Domain, DomainMode

from .conftest import NOW, Office, Person

Thing = tuple[str, ...]
Row = dict[str, Any]


@dataclass
class Escrowed:
    """Kit and keys; the holders and the slots are read from what stands in the tables."""

    office: Office
    kit: RecoveryKit = field(default_factory=RecoveryKit.generate, repr=False)
    keys: list[EscrowKey] = field(default_factory=list, repr=False)
    held: list[tuple[int, int, int]] = field(default_factory=list)
    """(account, domain, generation), as it was before any attack."""
    slots: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Account to (domain, generation)."""

    def found(self) -> None:
        """The first key; before the first account."""
        self.keys.append(self._create(self.office.store.read_now(domains.by_name, "example.test")))

    def next_generation(self) -> None:
        """A second key for what comes after, and another domain's."""
        fresh = EscrowKey.generate(self.keys[0].domain, 2)
        self.office.change(
            "INSERT INTO escrow_key (domain_id, generation, public_key, sealed_for_kit, created_at)"
            " VALUES (?, 2, ?, ?, ?)",
            fresh.domain,
            fresh.public_key,
            fresh.seal_for_kit(self.kit.public_key),
            NOW,
        )
        other = self.office.store.write_now(domains.create, "other.test", DomainMode.MANAGED, "NL", NOW)
        self.keys += [fresh, self._create(other)]

    def entrust(self, number: int, account: Account) -> None:
        key = self.keys[number]
        self.office.store.write_now(escrow.entrust, key, account, NOW, "operator", custodian=False)
        self.held.append((account.id, key.domain, key.generation))

    def settled(self) -> None:
        """Remember which account is under which key."""
        for account, domain, generation in self.office.rows(
            "SELECT account_id, domain_id, generation FROM escrow_slot"
        ):
            self.slots[account] = (domain, generation)

    # --- what is served ---

    def served(self, people: dict[int, Person], refused: str) -> dict[Thing, object]:
        def tried(opens: Callable[[], object]) -> object:
            try:
                return opens()
            except StorageError:
                return refused

        found: dict[Thing, object] = {}
        for number, (account, domain, generation) in enumerate(self.held):
            found[self._key(account, domain, generation)] = tried(
                lambda at=number: self._opened(people, *self.held[at])
            )
            for target in (each for each, at in self.slots.items() if at == (domain, generation)):
                opens = (people[account], people[target])
                found["escrow", str(account), str(target)] = tried(lambda pair=opens: self._account_key(*pair))
        for key in self.keys:
            found["kit", str(key.domain), str(key.generation)] = tried(lambda its=key: self._by_kit(its))
        return found

    def _opened(self, people: dict[int, Person], account: int, domain: int, generation: int) -> object:
        who = people[account]
        fresh = AccountKeys(who.account.public_id, who.keys.account_key)
        read = (escrow.key_of, domain, generation, who.account, fresh)
        return self.office.store.look_up(*read, as_custodian=True).secret

    def _account_key(self, holder: Person, target: Person) -> object:
        fresh = AccountKeys(holder.account.public_id, holder.keys.account_key)
        store = self.office.store
        return store.look_up(escrow.open_account, store.shred, holder.account, fresh, target.account).account_key

    def _by_kit(self, key: EscrowKey) -> object:
        found = self.office.store.look_up(
            statements.row,
            "SELECT sealed_for_kit, public_key FROM escrow_key WHERE domain_id = ? AND generation = ?",
            (key.domain, key.generation),
        )
        assert found is not None
        return open_with_kit(found[0], self.kit, found[1], domain=key.domain, generation=key.generation).secret

    # --- what a row concerns ---

    def of_key(self, row: Row) -> set[Thing]:
        at = (row["domain_id"], row["generation"])
        return self.of_kit(row).union(*(self._of(holder, at) for holder in self._holders(at)))

    def of_kit(self, row: Row) -> set[Thing]:
        return {("kit", str(row["domain_id"]), str(row["generation"]))}

    def of_holder(self, row: Row) -> set[Thing]:
        return self._of(row["account_id"], (row["domain_id"], row["generation"]))

    def of_slot(self, row: Row) -> set[Thing]:
        at = self.slots[row["account_id"]]
        return {("escrow", str(holder), str(row["account_id"])) for holder in self._holders(at)}

    def of_identity(self, row: Row) -> set[Thing]:
        found = self.office.rows(
            "SELECT domain_id, generation FROM escrow_holder WHERE account_id = ? AND identity_generation = ?",
            row["account_id"],
            row["generation"],
        )
        return set().union(*(self._of(row["account_id"], (domain, at)) for domain, at in found))

    def _of(self, holder: int, at: tuple[int, int]) -> set[Thing]:
        opened = {("escrow", str(holder), str(target)) for target, its in self.slots.items() if its == at}
        return {self._key(holder, *at)} | opened

    def _holders(self, at: tuple[int, int]) -> Iterable[int]:
        return [account for account, *its in self.held if tuple(its) == at]

    def _key(self, account: int, domain: int, generation: int) -> Thing:
        return ("escrow key", str(account), str(domain), str(generation))

    def _create(self, domain: Domain) -> EscrowKey:
        key = self.office.store.write_now(escrow.create_key, domain, (), self.kit.public_key, NOW, "operator")
        assert key is not None
        return key
