"""A notice and the act it tells of: both, or neither; and only its owner can read it."""

from pathlib import Path

import pytest
from sqlmodel import Session

from bridge import notices
from bridge.channels import notice
from bridge.mail.card import Card
from storage.access import devices
from storage.database import Store
from storage.engine import statements
from storage.errors import Conflict, NotFound
from storage.keys.keyring import AccountKeys
from storage.mail import mailboxes
from storage.mail.reading import Reader
from storage.people import accounts, domains
from storage.people.accounts import AccountDraft
from storage.records import Account, DomainMode, Role
from tests import stores

NOW = 1_760_000_000
REVOKED = notices.DeviceRevoked("phone", NOW)


def made(tmp_path: Path) -> Store:
    store = stores.new(tmp_path / "data")
    store.write_now(domains.create, "example.test", DomainMode.MANAGED, "NL", NOW)
    return store


def person(session: Session, store: Store) -> tuple[Account, AccountKeys]:
    draft = AccountDraft("anna@example.test", "Anna", Role.RECIPIENT)
    return accounts.create(session, store.shred, draft, domains.by_name(session, "example.test"), NOW)


async def inbox(store: Store, account: Account, keys: AccountKeys) -> list[bytes]:
    mailbox = store.read_now(mailboxes.by_name, account.id, keys, "INBOX")
    copies = store.read_now(mailboxes.select, mailbox.id, keys).copies
    reader = Reader(store, account, keys, Card.decode)
    return [await reader.body(copy.document_id) for copy in copies]


async def test_act_and_notice_are_one(tmp_path: Path) -> None:
    with made(tmp_path) as store:
        account, keys = store.write_now(person, store)
        drafts = [await notice.draft(store, account, REVOKED, NOW)]

        def fails(session: Session) -> None:
            accounts.suspend(session, account.id, NOW)
            raise Conflict("afterwards")

        with pytest.raises(Conflict):
            await store.write(notice.together, drafts, NOW, fails)
        with pytest.raises(NotFound):
            await store.write(notice.together, drafts, NOW, devices.revoke, account.id, 99, NOW)
        assert await inbox(store, account, keys) == []
        await store.write(notice.together, drafts, NOW, accounts.suspend, account.id, NOW)
        (message,) = await inbox(store, account, keys)
        assert b"Subject: Apparaat ingetrokken: phone\r\n" in message


async def test_one_who_is_only_being_made_is_told_in_the_same_write(tmp_path: Path) -> None:
    with made(tmp_path) as store:

        def act(session: Session) -> tuple[Account, AccountKeys]:
            account, keys = person(session, store)
            notice.tell(session, account, REVOKED, NOW)
            return account, keys

        account, keys = await store.write(act)
        assert len(await inbox(store, account, keys)) == 1


async def test_the_audit_log_says_that_the_bridge_wrote_it(tmp_path: Path) -> None:
    with made(tmp_path) as store:
        account, _ = store.write_now(person, store)
        store.write_now(notice.deliver_with, [await notice.draft(store, account, REVOKED, NOW)], NOW)
        sql = "SELECT actor FROM audit_event WHERE kind = 'document.delivered'"
        assert store.read_now(statements.rows, sql) == [("system",)]
