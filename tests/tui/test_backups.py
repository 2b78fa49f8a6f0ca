"""Backups in the app: made, drilled with the recovery kit and without, warned about."""

from pathlib import Path

import pytest

from postex_tui.screens.dialogs import Form
from postex_tui.screens.words.times import DAY
from storage.backups import drills
from storage.records import Role
from tests.control import Desk, Person
from tests.restoring import with_kit
from tests.tui.office import LARGE, Seat, seat


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.open(tmp_path / "data")


async def back_up(at: Seat, folder: Path) -> None:
    await at.press("n")
    form = at.app.screen
    form.query_one("#destination").value = str(folder / "b")  # type: ignore[attr-defined]
    form.query_one("#keyring_destination").value = str(folder / "k")  # type: ignore[attr-defined]
    await at.pilot.click("#do")
    await at.settled()


async def drill(at: Seat, kit: str = "") -> None:
    await at.press("v")
    at.app.screen.query_one("#kit").value = kit  # type: ignore[attr-defined]
    await at.pilot.click("#do")
    await at.settled()


@pytest.mark.parametrize(
    ("locale", "never", "held", "well"),
    [
        ("en", "No restore was ever tried", "held", "All is well"),
        ("nl", "nog nooit geprobeerd", "geslaagd", "in orde"),
    ],
)
async def test_an_owner_makes_a_backup_and_drills_it(
    desk: Desk, tmp_path: Path, locale: str, never: str, held: str, well: str
) -> None:
    async with desk:
        owner, kit = desk.person("olga", Role.OWNER), with_kit(desk)
        async with seat(desk, owner, section="backups", locale=locale, size=LARGE) as at:
            assert "n " in at.text
            await back_up(at, tmp_path)
            assert never in at.text
            assert str(tmp_path / "b")[:40] in at.text
            await drill(at, kit.text)
            assert held in at.text
            assert well in at.text
            assert kit.text[:9] not in at.text
            assert not (desk.data / drills.FOLDER).exists()


async def test_a_failed_drill_and_old_ones_are_warned_of(desk: Desk, tmp_path: Path) -> None:
    async with desk:
        owner = desk.person("olga", role=Role.OWNER)
        with_kit(desk)
        async with seat(desk, owner, section="backups", size=LARGE) as at:
            await back_up(at, tmp_path)
            (database,) = (tmp_path / "b").glob("*/database.db")
            whole = database.read_bytes()
            database.write_bytes(whole[:-1] + b"x")
            await drill(at)
            await at.press("r")
            assert "FAILED" in at.text
            assert "Use another backup" in at.text
            database.write_bytes(whole)
            await drill(at, "mistyped")
            assert "That is no recovery kit" in await told(at)
            await later(at, owner, 93 * DAY)
            assert "93 days ago" in at.text


async def later(at: Seat, owner: Person, seconds: int) -> None:
    """The same person, signed in anew after that time."""
    at.desk.clock.turn(seconds)
    at.app.connection.token = at.desk.signed_in_again(owner).token
    await at.press("r")


async def told(at: Seat) -> str:
    return " ".join(str(note.message) for note in at.app._notifications)


async def test_a_refused_folder_stays_typed(desk: Desk, tmp_path: Path) -> None:
    async with desk:
        owner = desk.person("olga", Role.OWNER)
        async with seat(desk, owner, section="backups", size=LARGE) as at:
            (tmp_path / "b").write_text("a file")
            await back_up(at, tmp_path)
            assert isinstance(at.app.screen, Form)
            assert "is no place for backups" in at.text
            assert str(tmp_path / "k")[:30] in at.text
