"""All that one store serves to its people, to be held against what it served before it was tampered with."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from storage.access import devices, enrolment, passwords, recovery_codes, second_factor, sessions
from storage.engine import server_facts
from storage.errors import SignInRefused, StorageError, Tampered
from storage.keys.keyring import AccountKeys
from storage.mail import mailboxes
from storage.mail.reading import Reader
from storage.oversight import audit
from storage.records import Recipient, Scope

from .coming_in import PASSWORD, stretched
from .conftest import NOW, Office, Person
from .escrowed import Escrowed

Thing = tuple[str, ...]
Row = dict[str, Any]
REFUSED = "refused"
CODES = 3
"""Of the ten recovery codes: to try one is to try all slots, and these are tried after each attack."""
_NO_MORE_CODES = (
    "DELETE FROM key_slot WHERE kind = 'recovery' AND account_id = ? AND id NOT IN"
    " (SELECT id FROM key_slot WHERE kind = 'recovery' AND account_id = ? ORDER BY id LIMIT ?)"
)
_SEEN_MAILBOXES = "SELECT id FROM mailbox WHERE account_id = ? AND coalesce(special, '') <> 'delivery-external'"


@dataclass
class Secrets:
    """What somebody who has enrolled knows."""

    token: str
    recovery_codes: tuple[str, ...]
    seed: bytes
    waiting_seed: bytes


@dataclass
class World:
    """Two people, documents of one's own and shared, of two generations, folders, two devices each, a code, and all
    secrets of who has enrolled."""

    office: Office
    people: dict[int, Person]
    devices: dict[str, Any] = field(default_factory=dict)
    codes: dict[int, str] = field(default_factory=dict)
    secrets: dict[int, Secrets] = field(default_factory=dict)
    escrowed: Escrowed = field(init=False)
    adopted: bool = False

    @classmethod
    def create(cls, office: Office, adopted: bool) -> "World":
        loosen(office)
        for fact in server_facts.Fact:
            office.store.write_now(server_facts.put, fact, os.urandom(32))
        escrowed = Escrowed(office)
        escrowed.found()
        anna = office.person("anna")
        escrowed.next_generation()
        bram = office.person("bram")
        world = cls(office, {person.account.id: person for person in (anna, bram)}, adopted=adopted)
        world.escrowed = escrowed
        for number, person in ((0, anna), (1, bram), (2, bram)):
            escrowed.entrust(number, person.account)
        for person in (anna, bram):
            world.furnish(person)
        for number, people in enumerate(((anna,), (anna, bram), (bram,), (anna, bram))):
            message, card, tag = b"body %d " % number * 40, b"card %d" % number, b"tag %d" % number
            office.deliver(message, *people, card=card, dedupe_tag=tag)
        world.next_generation(anna)
        escrowed.entrust(1, anna.account)
        escrowed.settled()
        office.deliver(b"of generation 2", anna, bram, card=b"card of generation 2", dedupe_tag=b"tag")
        return world

    def furnish(self, person: Person) -> None:
        store, account, keys = self.office.store, person.account, person.keys
        self.devices[person.device.device.selector] = person.device
        laptop = store.write_now(
            devices.add, store.server_keys, store.shred, account, keys, "laptop", frozenset({Scope.IMAP}), NOW
        )
        self.devices[laptop.device.selector] = laptop
        code = store.write_now(enrolment.add_enrolment, store.server_keys, store.shred, account, keys, NOW)
        self.codes[account.id] = code.code
        self.secrets[account.id] = self.enrolled(person)
        for name in ("work", "work/invoices", "private"):
            store.write_now(mailboxes.create, account.id, keys, name, NOW)
            store.write_now(mailboxes.subscribe, account.id, keys, name)

    def enrolled(self, person: Person) -> Secrets:
        """With password, session, recovery codes, a second factor and another one that waits for its first code."""
        store, account = self.office.store, person.account
        lock, actor = (store.server_keys, store.shred, account, person.keys), f"account:{account.id}"
        store.write_now(passwords.set_password, *lock, stretched(), NOW, actor)
        codes = store.write_now(recovery_codes.replace, *lock, NOW, actor)[:CODES]
        self.office.change(_NO_MORE_CODES, account.id, account.id, CODES)
        token = store.write_now(sessions.start, *lock, "terminal", NOW).token
        seed = store.write_now(second_factor.begin, account.id, NOW - 600)
        store.write_now(second_factor.confirm, account.id, second_factor.code_at(seed, NOW - 600), NOW - 600)
        return Secrets(token, codes, seed, store.write_now(second_factor.begin, account.id, NOW))

    def next_generation(self, person: Person) -> None:
        public, sealed = person.keys.new_identity(2)
        sql = "INSERT INTO identity_key (account_id, generation, public_key, sealed_private, created_at)"
        self.office.change(f"{sql} VALUES (?, 2, ?, ?, ?)", person.account.id, public, sealed, NOW)
        self.office.change("UPDATE account SET generation = 2 WHERE id = ?", person.account.id)
        old = person.recipient
        person.recipient = Recipient(old.account_id, old.account_public_id, old.inbox_id, 2, public)
        person.account = replace(person.account, generation=2)

    # --- all that is served ---

    async def served(self) -> dict[Thing, object]:
        """Each thing with its value, or REFUSED."""
        found: dict[Thing, object] = {("audit",): self.audit()}
        for person in self.people.values():
            found |= await self.read_by(person)
        found |= self.escrowed.served(self.people, REFUSED)
        for selector in self.devices:
            found["sign-in", selector] = self.sign_in(selector)
        for account_id in self.codes:
            found["enrolment", str(account_id)] = self.enrol(account_id)
            found |= self.come_in(account_id)
        return found

    def audit(self) -> object:
        intact = self.office.store.look_up(audit.verify, self.office.store.server_keys) is None
        return "whole" if intact else REFUSED

    async def read_by(self, person: Person) -> dict[Thing, object]:
        """As a session that begins now. Without adoption, where the state before it is looked at."""
        store, who, me = self.office.store, person.account, str(person.account.id)
        keys = AccountKeys(who.public_id, person.keys._account_key)
        held = self.office.rows("SELECT document_id FROM wrap WHERE account_id = ?", who.id)
        ids = [document for (document,) in held]
        reader = Reader(store, who, keys, bytes)
        found: dict[Thing, object] = {}
        for kind, answers in (("card", await reader.cards(ids)), ("body", await reader.bodies(ids))):
            found |= {(kind, me, str(document)): plain(answers[document]) for document in ids}
        listed = {mailbox.id: mailbox.name for mailbox in store.look_up(mailboxes.listing, who.id, keys)}
        for (mailbox,) in self.office.rows(_SEEN_MAILBOXES, who.id):
            found["folder", me, str(mailbox)] = listed.get(mailbox, REFUSED)
        found["folders by name", me] = self.by_name(person, keys)
        for name in store.look_up(mailboxes.subscriptions, who.id, keys):
            found["subscription", me, name] = name
        return found

    def by_name(self, person: Person, keys: AccountKeys) -> object:
        """Every name that leads anywhere leads to the mailbox it always led to."""
        led = {}
        for name in ("INBOX", "Sent", "Drafts", "Trash", "Archive", "Junk", "work", "work/invoices", "private"):
            try:
                led[name] = self.office.store.look_up(mailboxes.by_name, person.account.id, keys, name).id
            except StorageError:
                continue
        return led

    def sign_in(self, selector: str) -> object:
        store, device = self.office.store, self.devices[selector]
        arguments = (store.server_keys, store.shred, device.username, device.password, Scope.IMAP, NOW)
        try:
            signed_in = store.look_up(devices.sign_in, *arguments)
        except (SignInRefused, Tampered):
            return REFUSED
        assert signed_in.keys is not None
        return signed_in.keys._account_key

    def enrol(self, account_id: int) -> object:
        """The key that the code opens; the code is not used up."""
        store, email = self.office.store, self.people[account_id].account.email
        arguments = (store.server_keys, store.shred, email, self.codes[account_id], NOW)
        return opened(lambda: store.look_up(enrolment.open_code, *arguments)[1])

    def come_in(self, account_id: int) -> dict[Thing, object]:
        """What each secret of the account opens, or whether it is taken; none is used up."""
        store, account, known = self.office.store, self.people[account_id].account, self.secrets[account_id]
        keys, me = (store.server_keys, store.shred), str(account_id)

        def password() -> AccountKeys:
            given = stretched(PASSWORD, store.look_up(passwords.parameters, account.email))
            return store.look_up(passwords.open_account, *keys, account, given)

        found = {
            ("password", me): opened(password),
            ("session", me): opened(lambda: store.look_up(sessions.open, *keys, known.token, NOW).keys),
            ("second factor", me): self.taken(second_factor.verify, account_id, known.seed),
            ("waiting second factor", me): self.taken(second_factor.confirm, account_id, known.waiting_seed),
        }
        for number, code in enumerate(known.recovery_codes):
            found["recovery code", me, str(number)] = opened(
                lambda code=code: store.look_up(recovery_codes.open_account, *keys, account, code)  # type: ignore[misc]
            )
        return found

    def taken(self, take: Callable[..., bool | None], account_id: int, seed: bytes) -> object:
        """Whether the present code of this seed is; in a write that is not kept."""

        def tried(session: Any) -> None:
            raise Taken(take(session, account_id, second_factor.code_at(seed, NOW), NOW))

        try:
            self.office.store.write_now(tried)
        except Taken as answer:
            return REFUSED if answer.args[0] is False else "taken"
        except (SignInRefused, Tampered):
            return REFUSED
        raise AssertionError("not reached")


class Taken(Exception):
    """Carries an answer out of a write that must not be kept."""


def opened(way: Callable[[], AccountKeys]) -> object:
    """The account key that a secret opens, or REFUSED."""
    try:
        return way()._account_key
    except (SignInRefused, Tampered):
        return REFUSED


def plain(answer: object) -> object:
    return REFUSED if isinstance(answer, Tampered) else answer


def loosen(office: Office) -> None:
    """Take NOT NULL off all columns, as one who holds the key can."""

    def rewritten(session: Any) -> None:
        driver = session.info["driver"]
        driver.execute("PRAGMA writable_schema = ON")
        driver.execute("UPDATE sqlite_schema SET sql = replace(sql, ' NOT NULL', '') WHERE type = 'table'")
        driver.execute("PRAGMA writable_schema = RESET")

    office.store.write_now(rewritten)
    office.reopen()
