"""A desk over a domain in escrow, admins who hold its key, and what lies in somebody's mailbox."""

import email
import email.policy
from dataclasses import dataclass, field
from pathlib import Path

from bridge.channels.sealing import seal
from bridge.mail.card import Card
from storage.access import escrow, passwords, second_factor
from storage.access.passwords import Stretched
from storage.keys.escrow import EscrowKey
from storage.keys.keyring import AccountKeys
from storage.keys.recovery import RecoveryKit
from storage.mail import documents, mailboxes
from storage.mail.documents import DeliveryDraft
from storage.mail.reading import Reader
from storage.people import accounts
from storage.records import Account, DomainMode, Role
from tests.control import FIRST, NOW, Desk, Person

CHEAP = "argon2id$v=19$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODw=="
PASSWORD = "een lamp bij het raam"


@dataclass
class House:
    desk: Desk
    kit: RecoveryKit = field(repr=False)
    key: EscrowKey | None = field(repr=False)

    @classmethod
    def found(cls, data: Path, mode: DomainMode = DomainMode.MANAGED) -> "House":
        desk, kit = Desk.open(data, mode=mode), RecoveryKit.generate()
        domain = desk.domains[FIRST]
        return cls(desk, kit, desk.store.write_now(escrow.create_key, domain, (), kit.public_key, NOW, "operator"))

    def admin(self, name: str, *, holder: bool = True) -> Person:
        person = self.desk.person(name, Role.DOMAIN_ADMIN)
        if holder and self.key is not None:
            self.entrust(person)
        return person

    def entrust(self, person: Person, *, custodian: bool = False) -> None:
        assert self.key is not None
        self.desk.store.write_now(escrow.entrust, self.key, person.account, NOW, "operator", custodian=custodian)

    def deliver(self, account: Account, text: str) -> None:
        store = self.desk.store
        reader = store.read_now(accounts.recipient, account.email)
        assert reader is not None
        sealed = seal(f"Subject: {text}\r\n\r\n{text}\r\n".encode(), [reader])
        draft = DeliveryDraft(sealed, (reader,), (reader.inbox_id,), NOW, 1000)
        store.write_now(documents.deliver, draft, NOW)

    async def subjects(self, account: Account, keys: AccountKeys, folder: str = "INBOX") -> list[str]:
        """Of all messages that the keys open; a refused one fails."""
        return [str(message["subject"]) for message in await self.messages(account, keys, folder)]

    async def messages(
        self, account: Account, keys: AccountKeys, folder: str = "INBOX"
    ) -> list[email.message.EmailMessage]:
        store = self.desk.store
        current = store.read_now(accounts.by_id, account.id)
        fresh = AccountKeys(keys.account, keys.account_key)
        mailbox = store.read_now(mailboxes.by_name, account.id, fresh, folder)
        reader = Reader(store, current, fresh, Card.decode)
        found = store.read_now(mailboxes.select, mailbox.id, fresh).copies
        bodies = [await reader.body(copy.document_id) for copy in found]
        return [email.message_from_bytes(body, policy=email.policy.default) for body in bodies]

    def second_factor(self, account: Account) -> bytes:
        """Set up as enrolment does; gives the seed."""
        store, now = self.desk.store, self.desk.control.now()
        seed = store.write_now(second_factor.begin, account.id, now)
        store.write_now(second_factor.confirm, account.id, second_factor.code_at(seed, now), now)
        return seed

    def keys_by_password(self, account: Account, password: str) -> AccountKeys:
        store = self.desk.store
        stretched: Stretched = passwords.stretch(password, store.read_now(passwords.parameters, account.email))
        current = store.read_now(accounts.by_id, account.id)
        return store.read_now(passwords.open_account, store.server_keys, store.shred, current, stretched)
