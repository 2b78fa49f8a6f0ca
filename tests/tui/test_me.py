"""About me: corrected, undone, secrets renewed, a mailbox elsewhere, leaving (S25, S45, S46, S48)."""

import asyncio
from pathlib import Path

import pytest

from bridge.channels.external import doorways
from postex_tui.screens.dialogs import Confirm, Form, ShownOnce, StepUp
from postex_tui.screens.me.person.section import Person as AboutMe
from postex_tui.screens.qr_shown import QrShown
from postex_tui.widgets.plain import Press
from storage.records import DomainMode
from tests.tui.office import LARGE, Seat, seat
from tests.tui.waiting import fill, offered, reached, told
from tests.unit.bridge.api.house import House

NEW_PASSWORD = "een andere lamp bij de deur"


@pytest.fixture
def home(tmp_path: Path) -> House:
    return House.found(tmp_path / "data", DomainMode.MANAGED)


async def chosen(at: Seat, row: str, *keys: str) -> None:
    screen = at.app.screen
    assert isinstance(screen, AboutMe)
    screen.seek(row)
    await at.press(*keys)


@pytest.mark.parametrize(
    ("locale", "undo", "undone"), [("en", "undo until", "Undone."), ("nl", "terug tot", "Terug")]
)
async def test_the_name_is_corrected_and_undone(home: House, locale: str, undo: str, undone: str) -> None:
    async with home.desk as desk, seat(desk, desk.person("anna"), section="me", locale=locale, size=LARGE) as at:
        await chosen(at, "name", "enter")
        await reached(at, Form)
        fill(at, value="Anna de Vries")
        at.app.screen.query_one("#do", Press).press()
        await reached(at, AboutMe)
        await told(at, " u ")
        assert "Anna de Vries" in at.text
        assert undo in at.text
        await at.press("u")
        await reached(at, Confirm)
        at.app.screen.query_one("#do", Press).press()
        await told(at, undone)
        assert "Anna de Vries" not in at.text


async def test_a_change_asks_who_one_is(home: House) -> None:
    async with home.desk as desk, seat(desk, desk.person("anna"), section="me") as at:
        desk.clock.turn(301)
        await chosen(at, "phone", "e")
        await reached(at, Form)
        fill(at, value="020 1234567")
        at.app.screen.query_one("#do", Press).press()
        await reached(at, StepUp, settle=False)
        await at.press("escape")
        await reached(at, Form)
        assert at.app.screen.query_one("#value").value == "020 1234567"  # type: ignore[attr-defined]


async def test_the_password_changes_and_recovery_codes_are_shown_once(home: House) -> None:
    async with home.desk as desk, seat(desk, desk.person("anna"), section="me", size=LARGE) as at:
        await chosen(at, "secrets", "enter")
        await reached(at, Form)
        fill(at, password=NEW_PASSWORD, again="another")
        at.app.screen.query_one("#do", Press).press()
        await at.pilot.pause(0.1)
        await at.settled()
        assert "The two are not the same" in at.text
        fill(at, again=NEW_PASSWORD)
        at.app.screen.query_one("#do", Press).press()
        await told(at, "Done.")
        await chosen(at, "recovery-codes", "enter")
        await reached(at, Confirm)
        at.app.screen.query_one("#do", Press).press()
        await reached(at, ShownOnce)
        assert "Keep them where nobody else looks" in at.text
        at.app.screen.query_one("#do", Press).press()
        await reached(at, AboutMe)
        await chosen(at, "totp", "enter")
        await reached(at, QrShown)


async def test_a_mailbox_elsewhere_is_tried_added_and_removed(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check(*_: object) -> str | None:
        return answers.pop(0)

    answers = ["sign-in-refused", None]
    monkeypatch.setattr(doorways, "check", check)
    async with home.desk as desk, seat(desk, desk.person("anna"), section="me", size=LARGE) as at:
        await chosen(at, "external-mailbox", "enter")
        await reached(at, Form)
        fill(at, host="imap.example.org", username="anna", password="geheim", country="NL")
        at.app.screen.query_one("#do", Press).press()
        await at.pilot.pause(0.1)
        await at.settled()
        assert "refuses this user name" in at.text
        at.app.screen.query_one("#do", Press).press()
        await told(at, "Done.")
        assert "anna @ imap.example.org" in at.text
        await chosen(at, "external-mailbox", "d")
        await reached(at, Confirm)
        at.app.screen.query_one("#do", Press).press()
        await told(at, "Removed.")
        assert "imap.example.org" not in at.text


async def test_the_palette_tells_in_dutch_that_nothing_was_found(home: House) -> None:
    async with home.desk as desk, seat(desk, desk.person("anna"), section="held", locale="nl") as at:
        await at.press("ctrl+p", *"qxz")
        async with asyncio.timeout(10):
            while "Er is niets gevonden." not in at.text:
                await at.pilot.pause(0.05)


async def test_the_palette_leads_to_the_question(home: House) -> None:
    async with home.desk as desk, seat(desk, desk.person("anna"), section="held", size=LARGE) as at:
        await at.press("ctrl+p", *"change my pass")
        await offered(at, "Change my password")
        await at.pilot.press("enter")
        await reached(at, Form)
        assert "New password (12 to 128 characters)" in at.text
