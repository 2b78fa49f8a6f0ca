"""A recipient at the terminal, in both languages: comes in, chooses, adds a device, reads what is held, leaves."""

from pathlib import Path

import pytest

from bridge import tls
from postex_tui.screens.device_card import DeviceCard
from postex_tui.screens.dialogs import Confirm, Form, StepUp
from postex_tui.screens.door.sign_in import SignIn
from postex_tui.screens.qr_shown import QrShown
from storage.access import passwords, second_factor
from storage.choices import preferences
from storage.people import accounts
from storage.records import AccountState, Role
from tests.control import NOW, Desk, Person
from tests.handing_in import send
from tests.tui.office import SMALL, Seat, seat
from tests.tui.people.hands import LANGUAGES, agrees, fills, goes, hears, reaches, sees
from tests.tui.waiting import reached
from tests.unit.bridge.api.newcomers import Newcomer, newcomer

CHEAP = "argon2id$v=19$m=64,t=1,p=1"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(passwords, "_COSTS", CHEAP)
    monkeypatch.setenv("HOME", str(tmp_path))
    opened = Desk.open(tmp_path / "data")
    tls.create_self_signed(opened.data / "tls" / "cert.pem", opened.data / "tls" / "key.pem", "localhost", NOW)
    return opened


async def carla_of(desk: Desk) -> Newcomer:
    """With a document of Energy, and an admin who looked."""
    carla = await newcomer(desk).enrol()
    energy, dora = desk.person("energy", role=Role.SENDER), desk.person("dora", Role.DOMAIN_ADMIN)
    send(desk, energy, Person(carla.account, None, ""), kind="invoice")  # type: ignore[arg-type]
    await desk.ask("GET", f"/v1/accounts/{carla.account.public_id}/devices", dora)
    return carla


async def comes_in(at: Seat, carla: Newcomer) -> None:
    """With password and code, as they are typed."""
    assert isinstance(at.app.screen, SignIn)
    await fills(at, email=carla.email, password=carla.password)
    await at.press("enter", *carla.code(), "enter")
    await at.settled()


@pytest.mark.parametrize("locale", LANGUAGES)
async def test_comes_in_and_chooses_how_a_sender_reaches_them(desk: Desk, locale: str) -> None:
    async with desk:
        carla = await carla_of(desk)
        async with seat(desk, locale=locale, size=SMALL) as at:
            await comes_in(at, carla)
            sees(at, "How I receive")
            await at.press("down", "e")
            await fills(at, receipts="True", retention_days="30")
            sees(at, "The sender learns when you opened it.")
            await agrees(at)
            (chosen,) = desk.store.read_now(preferences.of_account, carla.account.id)
            assert (chosen.choice.receipts, chosen.choice.retention_days) == (True, 30)
            await at.press("u")
            assert isinstance(at.app.screen, Confirm)
            await agrees(at)
            await hears(at, "Undone.")
            assert not desk.store.read_now(preferences.of_account, carla.account.id)
            await at.press("f4")
            assert at.app.locale != locale
            sees(at, "How I receive")


@pytest.mark.parametrize("locale", LANGUAGES)
async def test_adds_a_phone_reads_what_is_held_and_leaves(desk: Desk, tmp_path: Path, locale: str) -> None:
    async with desk:
        carla = await carla_of(desk)
        async with seat(desk, locale=locale, size=SMALL) as at:
            await comes_in(at, carla)
            await adds_a_phone(at, carla)
            await goes(at, "my-looks")
            sees(at, "your devices")
            assert "Dora" in at.text
            await goes(at, "held")
            sees(at, "What you gave")
            await at.press("x")
            await reached(at, Form)
            await agrees(at)
            await hears(at, "The export is saved as {path}, readable by you alone.", path=tmp_path / "postex.zip")
            assert (tmp_path / "postex.zip").stat().st_size
            await leaves(at, carla)
        assert desk.store.read_now(accounts.by_id, carla.account.id).state is AccountState.CLOSED


async def adds_a_phone(at: Seat, carla: Newcomer) -> None:
    """Minutes after coming in: who it is, is asked once more."""
    at.desk.clock.turn(10 * second_factor.STEP + 1)
    await goes(at, "my-devices")
    await at.press("n")
    await fills(at, label="Phone")
    await reaches(at, "do")
    await at.pilot.press("enter")
    await reached(at, StepUp, settle=False)
    await fills(at, password=carla.password, code=carla.code())
    await at.pilot.press("enter")
    await reached(at, DeviceCard)
    await agrees(at, "qr")
    assert isinstance(at.app.screen, QrShown)
    await at.press("escape")
    assert isinstance(at.app.screen, DeviceCard)
    await agrees(at)
    assert "Phone" in at.text


async def leaves(at: Seat, carla: Newcomer) -> None:
    """Not with the address of somebody else."""
    await goes(at, "me")
    at.app.screen.seek("erase")  # type: ignore[attr-defined]
    await at.press("enter")
    await reached(at, Form)
    await fills(at, typed="somebody@example.test")
    await agrees(at)
    sees(at, "That is not your address. Nothing happens without it.")
    await fills(at, typed=carla.email)
    await agrees(at)
    await reached(at, SignIn)
