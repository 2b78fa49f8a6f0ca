"""Who has the master key, the whole database, keyring.db and every body, and no person's secret: no content.

Every 32 bytes that the machine has are tried as every kind of key there is: as account key, as the private half of an
identity or escrow key, as the secret of a slot. The same search, given what one holder has, opens everything.
"""

from collections.abc import Callable, Iterator
from dataclasses import fields

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import LargeBinary

from storage import schema
from storage.backups import canary
from storage.errors import StorageError
from storage.keys.envelope import unwrap
from storage.keys.escrow import EscrowKey, Holder, open_for_holder, open_with_kit
from storage.keys.keyring import AccountKeys
from storage.keys.recovery import RecoveryKit
from storage.keys.slots import SealedSlot, SlotKind, open_slot
from tests.unit.storage.coming_in import enrol
from tests.unit.storage.conftest import NOW, Office, Person
from tests.unit.storage.managed import Managed

SIZE = 32


def house(office: Office) -> tuple[Managed, Person, Person]:
    """A holder, somebody enrolled with documents adopted and not, a code, a canary."""
    managed = Managed.found(office)
    admin, anna = managed.admin("admin"), office.person("anna")
    enrol(office, anna)
    office.deliver(b"secret", anna, admin)
    store = office.store
    store.write_now(canary.ensure, store.server_keys, store.shred, store.bodies, NOW)
    return managed, admin, anna


def known(office: Office) -> set[bytes]:
    """Whatever has the size of a key, and every window of that size in what is longer, at a byte a step."""
    keys = office.store.server_keys
    found = {getattr(keys, each.name) for each in fields(keys)} | {office.master.secret}
    found |= {office.store.shred.get(name) for name in office.store.shred.names()}
    for table in schema.metadata.tables.values():
        for column in (each.name for each in table.columns if isinstance(each.type, LargeBinary)):
            for (value,) in office.rows(f"SELECT {column} FROM {table.name} WHERE {column} IS NOT NULL"):
                found |= {value[at : at + SIZE] for at in range(max(1, len(value) - SIZE + 1))}
    return {value for value in found if len(value) == SIZE}


def attempts(office: Office, secret: bytes) -> Iterator[Callable[[], object]]:
    """Every seal of this office that is not the canary's, tried with one key."""
    private = X25519PrivateKey.from_private_bytes(secret)
    people = {
        account: (public_id, office.store.shred.get(public_id))
        for account, public_id in office.rows("SELECT id, public_id FROM account WHERE role <> 'system'")
    }
    for account, generation, sealed in office.rows("SELECT account_id, generation, sealed_private FROM identity_key"):
        if account in people:
            yield lambda a=account, g=generation, s=sealed: AccountKeys(people[a][0], secret).open_identity(g, s)
    for account, generation, wrap, document in office.rows(
        "SELECT account_id, generation, sealed_wrap, public_id FROM wrap JOIN document ON document.id = document_id"
    ):
        if account in people:
            bound = {"account": people[account][0], "document": document, "generation": generation}
            yield lambda w=wrap, b=bound: unwrap(w, private, **b)
    for domain, generation, public, kit in office.rows(
        "SELECT domain_id, generation, public_key, sealed_for_kit FROM escrow_key"
    ):
        at = {"domain": domain, "generation": generation}
        yield lambda k=kit, p=public, b=at: open_with_kit(k, RecoveryKit(secret), p, **b)
        for account, identity, sealed in office.rows(
            "SELECT account_id, identity_generation, sealed_private FROM escrow_holder"
        ):
            holder = Holder(people[account][0], identity)
            yield lambda s=sealed, p=public, h=holder, b=at: open_for_holder(s, private, p, holder=h, **b)
    for account, domain, generation, sealed in office.rows(
        "SELECT account_id, domain_id, generation, sealed_key FROM escrow_slot"
    ):
        name, shredding = people[account]
        key = EscrowKey(domain, generation, secret)
        yield lambda k=key, s=sealed, n=name, x=shredding: k.open_slot(s, x, account=n)
    pepper = office.store.server_keys.pepper
    for account, slot, kind, *sealed in office.rows(
        "SELECT account_id, public_id, kind, salt, commitment, sealed_key FROM key_slot"
    ):
        if account in people:
            name, shredding = people[account]
            bound = {"account": name, "slot": slot, "kind": SlotKind(kind)}
            yield lambda s=sealed, x=shredding, b=bound: open_slot(secret, pepper, x, SealedSlot(*s), **b)


def opened(office: Office, secret: bytes) -> int:
    """How many seals this key opens."""
    count = 0
    for attempt in attempts(office, secret):
        try:
            attempt()
        except StorageError:
            continue
        count += 1
    return count


def test_the_machine_alone_opens_nothing(office: Office) -> None:
    house(office)
    found = known(office)
    assert len(found) > 500
    assert office.master.secret in found
    assert sum(opened(office, secret) for secret in found) == 0


def test_the_same_search_with_one_secret_of_a_person_opens_all_it_should(office: Office) -> None:
    """The control."""
    managed, admin, anna = house(office)
    slots = len(office.rows("SELECT 1 FROM escrow_slot"))
    assert opened(office, managed.key.secret) == slots >= 2
    assert opened(office, managed.kit.secret) == 1
    assert opened(office, anna.keys.account_key) == 1
    identity = admin.keys.private(1).private_bytes_raw()
    assert opened(office, identity) == 2, "the document and the escrow key"
