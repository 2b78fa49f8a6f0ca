"""Domains in the app: seen, added, opened; who holds the spare key and hands it on."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from storage.records import Role
from tests.control import FIRST, Desk
from tests.tui.office import LARGE, Seat, seat
from tests.unit.bridge.api.house import House


async def fill(at: Seat, values: Mapping[str, str]) -> None:
    """A form that is open, then its button."""
    for name, value in values.items():
        at.app.screen.query_one(f"#{name}").value = value  # type: ignore[attr-defined]
    await at.settled()
    at.app.screen.query_one("#do").press()  # type: ignore[attr-defined]
    await at.settled()


@pytest.mark.parametrize(
    ("locale", "refused", "mode", "words"),
    [
        ("en", "Type a domain such as example.org", "private", "no spare key"),
        ("nl", "Typ een domein zoals example.org", "privé", "geen reservesleutel"),
    ],
)
async def test_an_owner_adds_a_domain_and_opens_it(
    tmp_path: Path, locale: str, refused: str, mode: str, words: str
) -> None:
    async with Desk.open(tmp_path / "data") as desk:
        owner = desk.person("olga", role=Role.OWNER)
        async with seat(desk, owner, section="domains", locale=locale, size=LARGE) as at:
            await at.press("n")
            await fill(at, {"name": "Not A Domain", "country": "NL", "mode": "private"})
            assert refused in at.text, "the refusal stands in the form"
            await fill(at, {"name": "new.test"})
            assert "new.test" in at.text
            assert mode in at.text
            grid = at.app.screen.query_one("#domains")
            assert set(grid.items) == {FIRST, "other.test", "new.test"}  # type: ignore[attr-defined]
            grid.move_cursor(row=grid.get_row_index("new.test"))  # type: ignore[attr-defined]
            await at.press("enter")
            assert words in at.text


async def test_the_spare_key_is_handed_on(tmp_path: Path) -> None:
    house = House.found(tmp_path / "data")
    async with house.desk as desk:
        dora, dirk = house.admin("dora"), house.admin("dirk", holder=False)
        async with seat(desk, dora, section="domains", size=LARGE) as at:
            await at.press("enter")
            assert "dora@" in at.text
            assert "dirk@" not in at.text
            await at.press("n")
            await fill(at, {"account": dirk.account.email})
            assert "dirk@" in at.text
            assert "help with it" in at.text
