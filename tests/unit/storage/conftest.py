"""A real store in a temporary folder, with people in it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from storage.access import devices
from storage.database import Store
from storage.engine import statements
from storage.keys.envelope import seal_document
from storage.keys.keyring import AccountKeys
from storage.keys.master import MasterKey
from storage.mail import documents
from storage.mail.documents import DeliveryDraft
from storage.mail.reading import Reader
from storage.people import accounts, domains
from storage.people.accounts import AccountDraft
from storage.records import (
    Account,
    Delivered,
    DeviceCredentials,
    DomainMode,
    Flag,
    Recipient,
    Role,
    Scope,
)
from tests import stores

NOW = 1_760_000_000


@dataclass
class Person:
    """An account with its keys and where its mail goes."""

    account: Account
    keys: AccountKeys
    recipient: Recipient
    device: DeviceCredentials = field(repr=False)

    @property
    def inbox(self) -> int:
        return self.recipient.inbox_id


@dataclass
class Office:
    """A store and shorthand for what tests do with it."""

    store: Store
    data: Path
    master: MasterKey

    def person(self, name: str, **draft: object) -> Person:
        store = self.store
        domain = store.read_now(domains.by_name, "example.test")
        wanted = AccountDraft(f"{name}@example.test", name.title(), Role.RECIPIENT, **draft)  # type: ignore[arg-type]
        account, keys = store.write_now(accounts.create, store.shred, wanted, domain, NOW)
        device = store.write_now(
            devices.add, store.server_keys, store.shred, account, keys, "phone", frozenset({Scope.IMAP}), NOW
        )
        recipient = store.read_now(accounts.recipient, account.email)
        assert recipient is not None
        return Person(account, keys, recipient, device)

    def keys_of(self, person: Person) -> AccountKeys:
        """As at a new sign-in: nothing is cached."""
        store, device = self.store, person.device
        signed_in = store.read_now(
            devices.sign_in, store.server_keys, store.shred, device.username, device.password, Scope.IMAP, NOW
        )
        assert signed_in.keys is not None
        return signed_in.keys

    def reader(self, person: Person) -> Reader[bytes]:
        return Reader(self.store, person.account, self.keys_of(person), bytes)

    def draft(self, message: bytes, *people: Person, card: bytes = b"card", **more: object) -> DeliveryDraft:
        readers = tuple(person.recipient for person in people)
        values: dict[str, object] = {
            "mailbox_ids": tuple(reader.inbox_id for reader in readers),
            "internal_date": NOW,
            "stored_size": len(message),
        }
        return DeliveryDraft(seal_document(message, card, readers), readers, **(values | more))  # type: ignore[arg-type]

    def deliver(self, message: bytes, *people: Person, **more: object) -> Delivered:
        return self.store.write_now(documents.deliver, self.draft(message, *people, **more), NOW)  # type: ignore[arg-type]

    def flag(self, mailbox_id: int, flags: Flag, *ranges: tuple[int, int]) -> None:
        self.store.write_now(documents.store_flags, mailbox_id, ranges, documents.FlagMode.ADD, flags)

    def rows(self, sql: str, *values: statements.Value) -> list[statements.Row]:
        return self.store.read_now(statements.rows, sql, values)

    def change(self, sql: str, *values: statements.Value) -> int:
        """Behind storage's back, as one who holds MK would."""
        return self.store.write_now(statements.run, sql, values)

    def reopen(self) -> None:
        self.store.close()
        self.store = Store.open(self.data, self.master)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    data = tmp_path / "data"
    master = stores.create(data)
    made = Office(stores.opened(data), data, master)
    made.store.write_now(domains.create, "example.test", DomainMode.MANAGED, "NL", NOW)
    yield made
    made.store.close()


@pytest.fixture
def anna(office: Office) -> Person:
    return office.person("anna")


@pytest.fixture
def bram(office: Office) -> Person:
    return office.person("bram")
