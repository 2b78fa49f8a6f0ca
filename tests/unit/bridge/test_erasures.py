"""Erasures that go on by themselves: at the start of the bridge, and by housekeeping."""

import asyncio
import imaplib
import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge import erasures
from bridge.housekeeping import Housekeeping
from bridge.setting_sections import Erasure
from bridge.settings import Settings
from storage.database import Store
from storage.erasures import erasure, purges
from storage.erasures.erasure import State
from storage.erasures.receipts import DAY
from storage.people import accounts, domains
from storage.people.accounts import AccountDraft
from storage.records import Account, DomainMode, Role
from tests import stores
from tests.running import SENDER_ADDRESS, Address, Login, PostOffice

NOW = 1_760_000_000
SETTINGS = Settings(erasure=Erasure(trash_days=3))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with stores.new(tmp_path / "data") as opened:
        opened.write_now(domains.create, "example.test", DomainMode.PRIVATE, "NL", NOW)
        yield opened


def account(store: Store, name: str) -> Account:
    domain = store.read_now(domains.by_name, "example.test")
    draft = AccountDraft(f"{name}@example.test", name, Role.RECIPIENT)
    made, _ = store.write_now(accounts.create, store.shred, draft, domain, NOW)
    return made


async def test_the_start_finishes_what_was_begun(store: Store) -> None:
    begun = await store.write(erasure.begin, account(store, "anna").id, by=None, now=NOW)
    assert await erasures.resume(store, SETTINGS, NOW) == 1
    assert (await store.read(erasure.by_id, begun.id)).state is State.DONE


async def test_housekeeping_erases_what_is_due(store: Store) -> None:
    keeper = Housekeeping(store, [erasures.chore(SETTINGS)])
    waiting = await store.write(erasure.request, account(store, "anna").id, by=None, due_at=NOW + DAY, now=NOW)
    await keeper.turn(NOW)
    assert (await store.read(erasure.by_id, waiting.id)).state is State.REQUESTED
    await keeper.turn(NOW + DAY)
    assert (await store.read(erasure.by_id, waiting.id)).state is State.DONE


async def test_housekeeping_goes_on_with_an_approved_purge(store: Store) -> None:
    anna, bram, carla = (account(store, name) for name in ("anna", "bram", "carla"))
    purge = await store.write(purges.request, carla.domain_id, [carla.id], "left", by=anna.id, now=NOW)
    await store.write(purges.approve, purge.id, by=bram.id, now=NOW)
    await Housekeeping(store, [erasures.chore(SETTINGS)]).turn(NOW)
    ((asked),) = await store.read(erasure.of_purge, purge.id)
    assert (asked.state, asked.due_at) == (State.REQUESTED, NOW + 3 * DAY)


def test_a_bridge_that_starts_finishes_before_it_serves(tmp_path: Path) -> None:
    office = PostOffice.create(tmp_path / "data", recipients=("anna",))
    with stores.opened(office.data) as store:
        found = store.read_now(accounts.by_email, "anna@example.test")
        begun = store.write_now(erasure.begin, found.id, by=None, now=NOW)
    with office.start() as bridge:
        assert refused_at(bridge.listeners["smtp-plain"], office) == (550, b"5.1.1")
        assert not signs_in(bridge.listeners["imap-plain"], office.recipients["anna"])
        assert bridge.stop() == 0
    with stores.opened(office.data) as store:
        assert store.read_now(erasure.by_id, begun.id).state is State.DONE


def refused_at(smtp: Address, office: PostOffice) -> tuple[int, bytes]:
    with smtplib.SMTP(smtp.host, smtp.port, timeout=20) as client:
        client.login(office.sender.username, office.sender.password)
        client.mail(SENDER_ADDRESS)
        code, text = client.rcpt("anna@example.test")
    return code, text.split()[0]


def signs_in(imap: Address, login: Login) -> bool:
    with imaplib.IMAP4(imap.host, imap.port, timeout=20) as client:
        try:
            client.login(login.username, login.password)
        except imaplib.IMAP4.error:
            return False
        return True


async def test_the_loop_turns_while_an_erasure_goes_on(store: Store) -> None:
    begun = await store.write(erasure.begin, account(store, "anna").id, by=None, now=NOW)
    working = asyncio.ensure_future(erasures.resume(store, SETTINGS, NOW))
    turns = 0
    while not working.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10
    assert (await store.read(erasure.by_id, begun.id)).state is State.DONE
