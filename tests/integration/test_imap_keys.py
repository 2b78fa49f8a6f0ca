"""Mail clients while keys change and mailboxes are opened by two people: in the log before in the mailbox, out within
a second, and with the new keys in again."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from storage.access import break_glass, devices, escrow, passwords, rotation
from storage.access.passwords import stretch
from storage.engine import statements
from storage.errors import WriterUnavailable
from storage.keys.keyring import AccountKeys
from storage.oversight import audit
from storage.people import accounts, domains, grants
from storage.people.accounts import AccountDraft
from storage.records import Account, AccountState, DeviceCredentials, DomainMode, Role, Scope
from tests.reading import NOW, Client, House, Library, opened, plain_message

CHEAP = "argon2id$v=19$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODw=="
SECOND = 1.0


@dataclass
class Office:
    """A library in a domain with an escrow key, and two admins who hold it."""

    library: Library
    admins: list[tuple[Account, AccountKeys]]

    @classmethod
    def create(cls, folder: Path) -> "Office":
        library = Library.create(folder)
        store = library.store
        domain = store.read_now(domains.by_name, "example.test")
        assert domain.mode is DomainMode.MANAGED
        key = store.write_now(escrow.create_key, domain, (), None, NOW, "operator")
        assert key is not None
        store.write_now(escrow.seal, store.shred, library.account, library.keys, NOW)
        admins = []
        for name in ("one", "two"):
            draft = AccountDraft(f"{name}@example.test", name, Role.RECIPIENT)
            account, keys = store.write_now(accounts.create, store.shred, draft, domain, NOW)
            given = (account, Role.DOMAIN_ADMIN, domain.id, NOW)
            store.write_now(grants.grant, *given, actor="operator", granted_by=None)
            store.write_now(escrow.entrust, key, account, NOW, "operator", custodian=False)
            admins.append((account, keys))
        library.deliver(plain_message("invoice"))
        return cls(library, admins)

    def broken(self) -> tuple[int, DeviceCredentials]:
        """An open access: its number, and the device password."""
        store, (one, keys), (two, _) = self.library.store, *self.admins
        asked = store.write_now(break_glass.request, one, self.library.account, "reason", 4, NOW)
        store.write_now(break_glass.approve, asked.id, two, NOW)
        lock = (store.server_keys, store.shred, asked.id, one, keys, NOW)
        return asked.id, store.write_now(break_glass.open_mailbox, *lock)[1]

    def sign_ins(self) -> int:
        sql = "SELECT count(*) FROM audit_event WHERE kind = 'break-glass.signed-in'"
        found = self.library.store.read_now(statements.row, sql)
        assert found is not None
        return int(found[0])


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office.create(tmp_path / "data")


async def ends(client: Client) -> None:
    async with asyncio.timeout(SECOND):
        while await client.line():
            pass


async def test_break_glass_reads_and_changes_nothing_and_each_sign_in_is_in_the_log(office: Office) -> None:
    _, device = office.broken()
    async with opened(office.library) as house:
        client = await house.session(device=device)
        assert office.sign_ins() == 1
        (_, last) = await client.command(b"FETCH 1 BODY.PEEK[HEADER.FIELDS (SUBJECT)]")
        assert last.startswith(b"OK")
        for change in (b"STORE 1 +FLAGS (\\Seen)", b"EXPUNGE", b"CREATE x", b"COPY 1 Archive"):
            answer = await client.command(change)
            assert not answer[-1].startswith(b"OK"), (change, answer)
        for verb in (b"COPY", b"MOVE"):  # what a reader would choose by
            (answer,) = await client.command(verb + b' 1 "Bezorging/Weigeren"')
            assert answer.startswith(b"NO [NOPERM]"), answer
        await client.command(b"FETCH 1 BODY[]")
        told = "SELECT (SELECT count(*) FROM preference_change), (SELECT count(*) FROM usage_count)"
        assert office.library.store.read_now(statements.row, told) == (0, 0)
        await house.session(device=device)
        assert office.sign_ins() == 2
        assert office.library.store.read_now(audit.verify, office.library.store.server_keys) is None


async def test_what_cannot_be_written_down_is_not_opened(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    _, device = office.broken()

    def full(*_: object) -> None:
        raise WriterUnavailable("disk full")

    monkeypatch.setattr(break_glass, "note_sign_in", full)
    async with opened(office.library) as house:
        client = await house.connect()
        await client.line()
        answer = await client.command(f"LOGIN {device.username} {device.password}".encode())
        assert answer[-1].startswith(b"NO "), answer
        answer = await client.command(b"SELECT INBOX")
        assert not answer[-1].startswith(b"OK")


async def test_revoking_ends_its_live_sessions_alone(office: Office) -> None:
    number, device = office.broken()
    async with opened(office.library) as house:
        theirs, owners = await house.session(device=device), await house.session()
        await office.library.store.write(break_glass.revoke, number, office.admins[1][0], NOW)
        await ends(theirs)
        assert (await owners.command(b"NOOP"))[-1].startswith(b"OK")


@pytest.mark.parametrize("state", [AccountState.SUSPENDED, AccountState.CLOSED])
async def test_who_left_can_still_be_read_by_two_people(office: Office, state: AccountState) -> None:
    _, device = office.broken()
    sql = "UPDATE account SET state = ? WHERE id = ?"
    office.library.store.write_now(statements.run, sql, (state, office.library.account.id))
    async with opened(office.library) as house:
        await house.session(device=device)
        own = await house.connect()
        await own.line()
        answer = await own.command(f"LOGIN {device.username} {office.library.device.password}".encode())
        assert answer[-1].startswith(b"NO ")


async def test_new_keys_end_every_session_and_a_new_device_reads_all(office: Office) -> None:
    library, store = office.library, office.library.store
    async with opened(library) as house:
        before = await rotated_under(house, library)
        await ends(before)
        account = store.read_now(accounts.by_id, library.account.id)
        stretched = stretch("drie fietsen in de regen", CHEAP)
        keys = store.read_now(passwords.open_account, store.server_keys, store.shred, account, stretched)
        lock = (store.server_keys, store.shred, account, keys)
        fresh = await store.write(devices.add, *lock, "new phone", frozenset({Scope.IMAP}), NOW)
        await library.arrive(plain_message("after"))
        client = await house.session(device=fresh)
        answer = await client.command(b"FETCH 1:* BODY.PEEK[HEADER.FIELDS (SUBJECT)]")
        assert [subject in b"".join(answer) for subject in (b"invoice", b"after")] == [True, True]


async def rotated_under(house: House, library: Library) -> Client:
    """A session that had read the mailbox, and the rotation that it does not outlive."""
    client, store = await house.session(), library.store
    await client.command(b"FETCH 1:* ENVELOPE")
    keys = AccountKeys(library.keys.account, library.keys.account_key)
    prepared = await store.read(rotation.prepare, library.account, keys)
    stretched = stretch("drie fietsen in de regen", CHEAP)
    lock = (store.server_keys, store.shred, library.account, keys, prepared, stretched)
    await store.write(rotation.rotate, *lock, NOW, "account:1")
    return client
