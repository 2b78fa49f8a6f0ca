"""What we hold: read, led to where it is changed, mailed; and all of it as one file (S8, S40, S41, S44)."""

from pathlib import Path
from zipfile import ZipFile

import pytest

from postex_tui.screens.dialogs import Form, StepUp
from postex_tui.screens.me.exporting import Exporting
from postex_tui.screens.me.held import Held
from postex_tui.screens.me.person.section import Person
from tests.control import Desk
from tests.tui.office import LARGE, seat
from tests.tui.waiting import reached, told
from tests.unit.bridge.api.test_export import HOSTILE, put


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.open(tmp_path / "data")


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en", ("What you gave", "by you", "What for: To address you", "Kept: as long as your account")),
        ("nl", ("Wat u gaf", "door u", "Waarvoor: Om u aan te", "Bewaard: zolang uw")),
    ],
)
async def test_a_recipient_reads_what_is_held_and_goes_to_change_it(
    desk: Desk, locale: str, words: tuple[str, ...]
) -> None:
    async with desk:
        anna = desk.person("anna")
        async with seat(desk, anna, section="held", locale=locale, size=LARGE) as at:
            for word in words:
                assert word in at.text
            await at.press("m")
            await at.press("ctrl+end")
            await at.press("e")
            assert isinstance(at.app.screen, Held)
            await at.press("ctrl+home", "down", "down")
            await at.press("e")
            await reached(at, Person)
            assert at.app.screen.here == "legal-name"


async def test_an_export_is_a_file_with_every_document_byte_for_byte(desk: Desk, tmp_path: Path) -> None:
    async with desk:
        anna = desk.person("anna")
        for message in HOSTILE:
            put(desk, anna, message)
        file = tmp_path / "mine.zip"
        async with seat(desk, anna, section="held") as at:
            await at.press("x")
            await reached(at, Form)
            assert "3 documents" in at.text
            at.app.screen.query_one("#path").value = str(file)  # type: ignore[attr-defined]
            await at.pilot.click("#do")
            await told(at, "The export is saved as")
            assert isinstance(at.app.screen, Held)
        assert file.stat().st_mode & 0o777 == 0o600
        with ZipFile(file) as archive:
            found = [archive.read(name) for name in sorted(archive.namelist()) if name.endswith(".eml")]
        assert [body.partition(b"\r\n\r\n")[2] for body in found] == [m.partition(b"\r\n\r\n")[2] for m in HOSTILE]


async def test_an_export_needs_proof_and_what_fails_leaves_no_file(desk: Desk, tmp_path: Path) -> None:
    async with desk:
        anna = desk.person("anna")
        file = tmp_path / "mine.zip"
        async with seat(desk, anna, section="held") as at:
            await at.press("x")
            await reached(at, Form)
            at.app.screen.query_one("#path").value = str(file)  # type: ignore[attr-defined]
            desk.clock.turn(301)
            await at.pilot.click("#do")
            await reached(at, Exporting)
            assert "This needs your password" in at.text
            await at.press("escape")
            await told(at, "Stopped. No file is left.")
            assert not file.exists()
            await at.press("x")
            await reached(at, StepUp)
            await at.press("escape")
            await reached(at, Held)


async def test_over_ssh_it_says_how_else(desk: Desk) -> None:
    async with desk, seat(desk, desk.person("anna"), section="held", confined=True, size=LARGE) as at:
        await at.press("x")
        await told(at, "Open the web view to download this.")
