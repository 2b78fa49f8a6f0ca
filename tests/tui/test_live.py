"""The app over a real socket: live events arrive; a bridge that is killed is missed, and found again."""

import asyncio
import imaplib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from bridge.api.sockets import address_of
from postex_tui.app import PostexApp
from postex_tui.connection import Connection
from storage.access import sessions
from storage.people import accounts, domains, grants
from storage.people.accounts import AccountDraft
from storage.records import Role
from tests import stores
from tests.running import DOMAIN, Bridge, Login, PostOffice
from tests.tui.office import LARGE, Seat

MOST = 20.0


async def until(at: Seat, words: str, *, there: bool = True) -> None:
    """Until this stands on the screen, or no more."""
    async with asyncio.timeout(MOST):
        while (words in at.text) is not there:
            await at.pilot.pause(0.02)


def admin_of(office: PostOffice) -> str:
    """A domain admin's session, begun before the bridge."""
    with stores.opened(office.data) as store:
        now, domain = int(time.time()), store.read_now(domains.by_name, DOMAIN)
        draft = AccountDraft(f"dora@{DOMAIN}", "Dora", Role.RECIPIENT)
        account, keys = store.write_now(accounts.create, store.shred, draft, domain, now)
        given = {"actor": "system", "granted_by": None, "ends_at": None, "ticket": None}
        store.write_now(grants.grant, account, Role.DOMAIN_ADMIN, domain.id, now, **given)
        opened = (store.server_keys, store.shred, account, keys, "test", now)
        return store.write_now(sessions.start, *opened).token


def read_mail(bridge: Bridge, who: Login) -> imaplib.IMAP4:
    """As a mail program does, which stays signed in."""
    at = bridge.listeners["imap-plain"]
    client = imaplib.IMAP4(at.host, at.port, timeout=10)
    client.login(who.username, who.password)
    return client


@asynccontextmanager
async def opened(address: str, token: str, section: str) -> AsyncIterator[Seat]:
    """Signed in over that socket."""
    connection = Connection(lambda: httpx.AsyncHTTPTransport(uds=address), "en")
    connection.token = token
    app = PostexApp(connection)
    async with app.run_test(size=LARGE) as pilot:
        app.signed_in(await connection.get("/session"), section)
        yield Seat(None, app, pilot)  # type: ignore[arg-type]  # no desk: the bridge is a process
    await connection.aclose()


async def test_live_events_arrive_and_a_killed_bridge_is_missed_and_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postex_tui.app.HEARTBEAT", 0.2)
    monkeypatch.setattr("postex_tui.screens.paced.LOOK", 3600.0)  # events alone renew it
    monkeypatch.setattr("postex_tui.connection.PAUSES", (0.1, 0.2))
    office = PostOffice.create(tmp_path / "data", ("anna", "bram"))
    token, bridge = admin_of(office), office.start()
    try:
        with address_of(office.data) as address:
            async with opened(address, token, "sessions") as at:
                await until(at, "dora@")
                assert "anna@" not in at.text
                reading = await asyncio.to_thread(read_mail, bridge, office.recipients["anna"])
                await until(at, "anna@")
                await asyncio.to_thread(bridge.kill)
                reading.shutdown()
                await until(at, "no connection")
                assert "anna@" in at.text, "what was known stays"
                bridge = await asyncio.to_thread(office.start)
                await until(at, "no connection", there=False)
                await until(at, "anna@", there=False)
                again = await asyncio.to_thread(read_mail, bridge, office.recipients["bram"])
                await until(at, "bram@")
                again.shutdown()
                assert at.app.session is not None, "the session outlives the bridge"
    finally:
        bridge.kill()
