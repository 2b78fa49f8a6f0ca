"""kill -9 of the whole bridge again and again while documents arrive and leave: each letter lies once in the folder
of the print system, each e-mail has gone, nothing is lost, and the outbox is empty (D3).

SOAK_DAEMON_KILLS: how often.
"""

import asyncio
import os
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from storage.choices import preferences
from storage.deliveries.terms import DAY, Channel, Choice, Ladder, Notify, Preference
from storage.engine import statements
from storage.people import accounts
from tests import relays, stores
from tests.crash.traffic import Traffic, check
from tests.running import DOMAIN, PostOffice

KILLS = int(os.environ.get("SOAK_DAEMON_KILLS", "1"))
PATIENCE = 60.0
"""Seconds in which what is left goes, in the life that lasts."""
CHOICES = {
    "anna": Choice(channel=Channel.PAPER),
    "bram": Choice(channel=Channel.EMAIL, notify=Notify.DAILY),
    "cora": Choice(ladder=Ladder.parse("1:paper")),
}
REACH = (
    "UPDATE account SET contact_email = ?, contact_email_verified_at = 1,"
    " postal_address = 'Dam 1\n1012 JS Amsterdam\nNL' WHERE id = ?"
)
SOUGHT = re.compile(rb"\r\nMessage-ID: <(.+?)@crash\.test>\r\n")


def furnish(session: Session, name: str) -> None:
    """A reader who can be reached everywhere, and has chosen."""
    account = accounts.by_email(session, f"{name}@{DOMAIN}")
    statements.run(session, REACH, (f"{name}@elsewhere.test", account.id))
    preferences.put(session, Preference(CHOICES[name], account_id=account.id), int(time.time()))


@contextmanager
def fake_relay(folder: Path) -> Iterator[tuple[int, list[relays.Session]]]:
    """In a thread of its own, for as long as bridges come and go: its port, and what came."""
    ready, ended = threading.Event(), asyncio.Event()
    found: list[Any] = []
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with relays.relay(folder, {}) as (made, sessions):
            found.extend([made.port, sessions])
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield found[0], found[1]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()


def settings(folder: Path, port: int) -> dict[str, Any]:
    return {
        "POSTEX_RELAY__HOST": "localhost",
        "POSTEX_RELAY__PORT": str(port),
        "POSTEX_RELAY__CA_FILE": str(folder / "relay.pem"),
        "POSTEX_RELAY__COUNTRY": "NL",
        "POSTEX_PRINTER__FOLDER": str(folder / "letters"),
        "POSTEX_PRINTER__COUNTRY": "NL",
    }


def a_day_later(data: Path) -> None:
    """For what waits on its ladder. Only while no bridge runs."""
    sql = (
        "UPDATE delivery SET decided_at = decided_at - ?, ladder_due_at = ladder_due_at - ? WHERE ladder IS NOT NULL"
    )
    with stores.opened(data) as store:
        store.write_now(statements.run, sql, (DAY, DAY))


def left(data: Path) -> list[statements.Row]:
    """Of the outbox, but for the daily notice, and seals. Only while no bridge runs."""
    jobs = "SELECT kind, state, problem, step FROM job WHERE kind <> 'notice'"
    with stores.opened(data) as store:
        return [*store.read_now(statements.rows, jobs), *store.read_now(statements.rows, "SELECT * FROM outbox_key")]


def lives(office: PostOffice, folder: Path, port: int) -> Traffic:
    """Traffic over `KILLS` lives of the bridge, and one that lasts until all has left it."""
    traffic, rng = Traffic(office.sender, list(CHOICES), sizes=(300,), senders=1, pause=1.0), random.Random(11)
    traffic.start()
    for life in range(KILLS):
        if life % 2:
            a_day_later(office.data)
        with office.start(**settings(folder, port)) as bridge:
            traffic.address = bridge.listeners["smtp-plain"]
            time.sleep(rng.uniform(0.2, 1.6))
            traffic.address = None
    with office.start(**settings(folder, port)) as bridge:
        traffic.address = bridge.listeners["smtp-plain"]
        traffic.finish()
        bridge.stop()
    a_day_later(office.data)
    with office.start(**settings(folder, port)) as bridge:
        until_gone(folder, 2 * len(traffic.acknowledged))
        check(traffic, bridge.listeners["imap-plain"], {name: office.recipients[name] for name in CHOICES})
        bridge.stop()
    return traffic


def until_gone(folder: Path, count: int) -> None:
    """So many letters lie there."""
    end = time.monotonic() + PATIENCE
    while len(letters(folder)) < count:
        assert time.monotonic() < end, "letters are missing"
        time.sleep(0.1)


def letters(folder: Path) -> list[Path]:
    return sorted((folder / "letters").glob("*.pdf"))


@pytest.mark.timeout(120 + 10 * KILLS)
def test_each_letter_once_through_every_crash(tmp_path: Path) -> None:
    office = PostOffice.create(tmp_path / "data", recipients=tuple(CHOICES))
    (tmp_path / "letters").mkdir()
    with stores.opened(office.data) as store:
        for name in CHOICES:
            store.write_now(furnish, name)
    with fake_relay(tmp_path) as (port, sessions):
        traffic = lives(office, tmp_path, port)
    names = set(traffic.acknowledged)
    mailed = Counter(
        found[1].decode() for each in sessions if each.accepted for found in SOUGHT.finditer(each.message)
    )
    assert left(office.data) == []
    assert set(mailed) == names
    assert len(letters(tmp_path)) == 2 * len(names)
