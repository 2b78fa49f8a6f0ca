"""Settings in the app: found, read with their documentation, and changed where they are written."""

from pathlib import Path

import pytest

from postex_tui.palette.domains import DomainFinds
from postex_tui.palette.requests import RequestFinds
from postex_tui.palette.roles import RoleFinds
from postex_tui.palette.settings import SettingFinds
from postex_tui.screens.office.settings import Settings
from storage.records import Role
from tests.control import Desk
from tests.tui.office import LARGE, seat


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.open(tmp_path / "data")


@pytest.mark.parametrize(
    ("locale", "sought", "default"),
    [("en", "documents nobody", "the default"), ("nl", "documenten die niemand", "de standaard")],
)
async def test_an_owner_reads_a_setting(desk: Desk, locale: str, sought: str, default: str) -> None:
    async with desk:
        owner = desk.person("olga", Role.OWNER)
        async with seat(desk, owner, section="settings", locale=locale, size=LARGE) as at:
            at.app.screen.query_one("#text").value = sought  # type: ignore[attr-defined]
            await at.settled()
            assert "hold_days" in at.text
            assert "tls_port" not in at.text
            assert "ladder.hold_days" in at.text
            assert "1 – 89" in at.text
            assert "hold_days = 14" in at.text
            assert default in at.text
            await at.press("c")
            assert at.app.clipboard == "[ladder]\nhold_days = 14"


async def test_a_changed_file_and_a_wrong_one_are_told(desk: Desk) -> None:
    async with desk:
        owner = desk.person("olga", Role.OWNER)
        file = desk.data / "postex.toml"
        file.write_text('timezone = "Europe/Paris"\n')
        async with seat(desk, owner, section="settings", size=LARGE) as at:
            assert isinstance(at.app.screen, Settings)
            at.app.screen.go_to("timezone")
            await at.settled()
            assert "◔" in at.text
            assert '"Europe/Paris"' in at.text
            file.write_text('timezone = "[@click=app.quit]x"\n')
            await at.press("r")
            assert "The next start would refuse" in at.text
            assert "timezone: must be a time zone" in at.text


async def test_the_palette_finds_settings_domains_and_roles(desk: Desk) -> None:
    async with desk:
        owner = desk.person("olga", role=Role.OWNER)
        desk.person("dirk", Role.DOMAIN_ADMIN)
        async with seat(desk, owner, section="domains", size=LARGE) as at:
            screen = at.app.screen
            assert [find.title for find in await DomainFinds(screen).found("other")] == ["other.test"]
            assert [find.title for find in await RoleFinds(screen).found("domain admin")] == ["d…@e… · domain admin"]
            (ladder,) = await SettingFinds(screen).found("days waits registered")
            ladder.go()
            await at.settled()
            assert "ladder.hold_days" in at.text
            assert [find.title for find in await RequestFinds(screen).found("purg")] == ["Purges"]


async def test_nobody_else_has_the_section(desk: Desk) -> None:
    async with desk:
        admin = desk.person("dora", Role.DOMAIN_ADMIN)
        async with seat(desk, admin, section="accounts") as at:
            assert {"settings", "backups"}.isdisjoint(section.name for section in at.app.offers)
