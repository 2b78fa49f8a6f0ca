"""From an empty folder to the first document, as somebody new does it: real commands, a real bridge."""

import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import pyotp
import pytest

from bridge import newcomers
from postex_tui.app import PostexApp
from postex_tui.connection import Connection
from postex_tui.first_run import bridge_process
from postex_tui.first_run.beginning import Beginning
from postex_tui.first_run.bridge_process import Started
from postex_tui.late_door import LateDoor
from postex_tui.screens.device_card import DeviceCard
from postex_tui.screens.dialogs import Confirm, Form
from postex_tui.screens.door.second_factor import FactorForm
from postex_tui.screens.door.sign_in import SignIn
from postex_tui.screens.first_run.guide import Guide
from postex_tui.screens.first_run.kit import Kit
from postex_tui.screens.first_run.setting_up import FirstRun
from postex_tui.screens.office.accounts.shown_code import ShownCode
from postex_tui.screens.qr_shown import QrShown
from storage.people.accounts import AccountDraft
from storage.records import AccountState, Role
from tests.control import FIRST, NOW, Desk
from tests.running import PORTS_ON_LOOPBACK, PostOffice
from tests.tui.office import LARGE, SMALL, Seat, seat

PASSWORD = "correct horse battery staple"
SECONDS = 60.0


@pytest.fixture(autouse=True)
def ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Free ones, so that tests do not meet."""
    for name, port in PORTS_ON_LOOPBACK.items():
        monkeypatch.setenv(name, port)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Started]:
    """Bridges that the app started; they end with the test."""
    found: list[Started] = []
    start = bridge_process.start

    def noted(data: Path) -> Started:
        found.append(start(data))
        return found[-1]

    monkeypatch.setattr(bridge_process, "start", noted)
    return found


def stop(bridges: list[Started]) -> None:
    for each in bridges:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(each.pid, signal.SIGTERM)
            os.waitpid(each.pid, 0)
    bridges.clear()


@asynccontextmanager
async def opened(data: Path, locale: str = "en", size: tuple[int, int] = SMALL) -> AsyncIterator[Seat]:
    beginning = Beginning(data)
    connection = Connection(lambda: LateDoor(lambda: beginning.data), locale)
    app = PostexApp(connection, beginning=beginning)
    async with app.run_test(size=size) as pilot:
        at = Seat(None, app, pilot)  # type: ignore[arg-type]
        yield at
    await connection.aclose()


async def until(at: Seat, holds: Callable[[], object]) -> None:
    """Real processes take their time."""
    ends = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < ends, at.text
        await at.pilot.pause(0.05)
    await at.pilot.pause()


async def comes(at: Seat, kind: type[object]) -> None:
    await until(at, lambda: isinstance(at.app.screen, kind) and at.app.screen.is_mounted)


async def fill(at: Seat, **values: str) -> None:
    for name, value in values.items():
        at.app.screen.query_one(f"#{name}").value = value  # type: ignore[attr-defined]
    await push(at)


async def push(at: Seat, button: str = "do") -> None:
    await at.pilot.pause()
    at.app.screen.query_one(f"#{button}").press()  # type: ignore[attr-defined]
    await at.pilot.pause()


def wrong(at: Seat) -> str:
    """What was refused."""
    return str(at.app.screen.query_one("#wrong").render())


def said(at: Seat) -> str:
    return " ".join(at.text.replace("│", " ").split())


async def make_folder(at: Seat, **values: str) -> None:
    """Steps one: as far as the bridge could start."""
    await until(at, lambda: "Begin" in at.text)
    await push(at)
    await comes(at, Form)
    await fill(at, domain="example.test", **values)


async def put_kit_on_paper(at: Seat) -> None:
    await comes(at, Kit)
    kit = at.app.screen._kit  # type: ignore[attr-defined]
    await push(at)
    await comes(at, Form)
    await fill(at, group="????")
    await until(at, lambda: "not its last group" in at.text)
    await fill(at, group=kit.split()[-1].lower())
    await comes(at, FirstRun)


async def test_from_nothing_to_a_document_that_arrives(tmp_path: Path, started: list[Started]) -> None:
    data = tmp_path / "bridge"
    try:
        async with opened(data) as at:
            await make_folder(at, data=str(data))
            await put_kit_on_paper(at)
            await until(at, lambda: "✓ 1" in at.text)
        async with opened(data) as at:  # closed in the middle: the bridge is there, and does not run
            await until(at, lambda: "▸ 2" in at.text)
            await push(at)
            await comes(at, Confirm)
            assert "not on paper" in said(at)
            await push(at, "cancel")
            await until(at, lambda: "▸ 3" in at.text)
            await push(at)
            secret = await enrol(at)
            await comes(at, Form)
            await fill(at, code=pyotp.TOTP(secret).at(time.time() + 30))
            await comes(at, Guide)
            await until(at, lambda: "▸ 4" in at.text)
            await add(at, name="Energie BV", identity="facturen@energie.test")
            await until(at, lambda: "▸ 5" in at.text)
            await add(at, email="anna@example.test", name="Anna")
            await until(at, lambda: "▸ 6" in at.text)
            await push(at)
            await until(at, lambda: "has arrived" in at.text)
            await push(at)
            await until(at, lambda: not isinstance(at.app.screen, Guide))
        os.kill(started[0].pid, 0)  # it outlives the app
    finally:
        stop(started)


async def test_a_folder_that_cannot_be_made_and_a_taken_port_are_told(
    tmp_path: Path, started: list[Started], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    async with opened(in_the_way / "bridge", "nl") as at:
        await until(at, lambda: "De gegevensmap en de sleutels maken" in at.text)
        await push(at)
        await comes(at, Form)
        await fill(at, domain="example.test")
        await until(at, lambda: "Noem een map waarin u mag schrijven" in said(at))
        assert "Annuleren" in said(at), "the words push no button off the screen"
        assert at.app.screen.query_one("#domain").value == "example.test"  # type: ignore[attr-defined]
    data = PostOffice.create(tmp_path / "made", ()).data
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        monkeypatch.setenv("POSTEX_IMAP__TLS_PORT", str(taken.getsockname()[1]))
        try:
            async with opened(data, "nl", LARGE) as at:
                await until(at, lambda: "▸ 2" in at.text)
                await push(at)
                await comes(at, Confirm)
                await push(at, "cancel")
                await until(at, lambda: "De bridge is niet gestart" in at.text)
                assert "(imap.tls_port): another program has this port" in said(at)
                assert "▸ 2" in at.text
        finally:
            stop(started)


async def test_who_has_an_account_need_not_wait_for_the_owner(tmp_path: Path) -> None:
    async with Desk.open(tmp_path / "data") as desk:
        connection = Connection(lambda: desk.http._transport, "en")
        app = PostexApp(connection, beginning=Beginning(desk.store.data))
        async with app.run_test(size=SMALL) as pilot:
            at = Seat(desk, app, pilot)
            await until(at, lambda: "▸ 3" in at.text)
            await push(at, "door")
            await comes(at, SignIn)
        await connection.aclose()


async def test_keys_go_through_a_form_field_by_field_to_what_does_it(tmp_path: Path) -> None:
    async with opened(tmp_path / "bridge") as at:
        await until(at, lambda: "Begin" in at.text)
        await push(at)
        await comes(at, Form)
        form, went = at.app.screen, []
        while form.focused is not None and form.focused.id != "do":
            went.append(form.focused.id)
            await until(at, lambda: form.focused.region in form.query_one(".fields").region)  # type: ignore[union-attr]
            if form.focused.id == "country":
                await at.pilot.press("b", "e")  # in the place of what stood there
            if form.focused.id == "data":
                await at.pilot.press("end", "2", "enter")
            else:
                await at.pilot.press("tab")
            await at.pilot.pause()
        assert went == ["domain", "owner", "country", "data", "hostname", "open", "high", "mode"]
        values = form._filled()  # type: ignore[attr-defined]
        assert (values["country"], values["data"]) == ("be", f"{tmp_path / 'bridge'}2")
        await at.pilot.press("tab")
        assert form.focused is not None
        assert form.focused.id == "cancel"


@pytest.mark.parametrize("locale", ["en", "nl"])
async def test_anybody_with_a_code_takes_the_account_over_at_the_door(tmp_path: Path, locale: str) -> None:
    async with Desk.open(tmp_path / "data") as desk:
        draft = AccountDraft("anna@example.test", "Anna", Role.RECIPIENT, state=AccountState.INVITED)
        arguments = (desk.store.server_keys, desk.store.shred, draft, desk.domains[FIRST], None, (), NOW, "test")
        code = desk.store.write_now(newcomers.add_account, *arguments).enrolment.code
        async with seat(desk, locale=locale) as at:
            await at.press("f6")
            await fill(at, email="anna@example.test", code="wrong-code")
            await until(at, lambda: wrong(at))
            await fill(at, code=code)
            await comes(at, Confirm)
            assert ("spare key" if locale == "en" else "reservesleutel") in said(at)
            await push(at)
            await comes(at, QrShown)
            await at.press("escape")
            await comes(at, FactorForm)
            totp = pyotp.TOTP(pyotp.parse_uri(at.app.screen._uri).secret)  # type: ignore[attr-defined]
            await fill(at, password=PASSWORD, again=PASSWORD, totp=totp.at(NOW))
            await comes(at, ShownCode)
            codes = at.app.screen._told.split()[-10:]  # type: ignore[attr-defined]
            await push(at)
            await comes(at, Form)
            await fill(at, code=totp.at(NOW))
            await until(at, lambda: wrong(at))  # used already
            await fill(at, code=totp.at(NOW + 30))
            await until(at, lambda: at.app.session)
            at.app.leave()
            await at.settled()
            await at.press("f7")
            await fill(at, email="anna@example.test", recovery_code=codes[0])
            await comes(at, Form)
            await until(at, lambda: at.app.screen.query("#again"))
            desk.clock.turn(60)
            await fill(at, password=f"{PASSWORD} 2", again=f"{PASSWORD} 2", code=totp.at(NOW + 60))
            await until(at, lambda: isinstance(at.app.screen, SignIn))


async def enrol(at: Seat) -> str:
    """Accept, scan, a weak password, a wrong code, the right ones; the secret."""
    await comes(at, Confirm)
    assert "spare key" in said(at)
    await push(at)
    await comes(at, QrShown)
    await at.pilot.press("escape")
    await comes(at, FactorForm)
    form = at.app.screen
    secret = pyotp.parse_uri(form._uri).secret  # type: ignore[attr-defined]
    now = pyotp.TOTP(secret).now()
    await fill(at, password="postex", again="postex", totp=now)
    await until(at, lambda: "12 to 128 characters" in said(at))
    await fill(at, password=PASSWORD, again=PASSWORD, totp="000000" if now != "000000" else "111111")
    await until(at, lambda: "UTC" in wrong(at))
    await fill(at, password=PASSWORD, again=f"{PASSWORD}!", totp=now)
    await until(at, lambda: "differ" in at.text)
    await fill(at, again=PASSWORD, totp=pyotp.TOTP(secret).now())
    await comes(at, ShownCode)
    assert "shown this once" in at.text
    await push(at)
    return secret


async def add(at: Seat, **values: str) -> None:
    await push(at)
    await comes(at, Form)
    await fill(at, **values)
    await comes(at, DeviceCard)
    await push(at)
    await comes(at, ShownCode)
    await push(at)
    await comes(at, Guide)
