"""Who is signed in, as an admin sees it: found, live, ended after a clear question; helpers see people masked."""

from pathlib import Path

import pytest

from postex_tui.connection import Event
from postex_tui.palette.sessions import SessionFinds
from postex_tui.screens.dialogs import Confirm
from postex_tui.screens.office.accounts.detail import AccountDetail
from postex_tui.screens.office.sessions import Sessions
from postex_tui.widgets.paged_grid import PagedGrid
from storage.access import sessions
from storage.records import Role
from tests.control import Desk
from tests.tui.office import LARGE, SMALL, Seat, seat
from tests.unit.bridge.api.test_devices import come_in, make

HOSTILE = "[@click=app.quit]x[/]"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.open(tmp_path / "data")


def said(at: Seat) -> str:
    """What stands on the screen, without lines drawn and ends of lines."""
    return " ".join(at.text.replace("│", " ").split())


@pytest.mark.parametrize(
    ("locale", "asked", "told"),
    [("en", "is told that the", "has ended"), ("nl", "hoort dat de sessie", "is beëindigd")],
)
async def test_an_admin_finds_a_session_and_ends_it(desk: Desk, locale: str, asked: str, told: str) -> None:
    async with desk:
        admin, anna = desk.person("dora", Role.DOMAIN_ADMIN), desk.person("anna")
        desk.clock.turn(60)
        guest, connection = come_in(desk, make(desk, anna, HOSTILE).device)
        async with seat(desk, admin, section="sessions", locale=locale, size=SMALL) as at:
            screen = at.app.screen
            assert isinstance(screen, Sessions)
            assert HOSTILE in at.text, "the newest is on top and told whole below"
            assert "192.0.2.0/24" in at.text
            assert "TLSv1.3" in at.text
            await at.press("d")
            assert isinstance(at.app.screen, Confirm)
            assert "Anna <anna@example.test>" in said(at)
            assert asked in said(at)
            await at.press("escape")
            assert not guest.told
            await at.press("d")
            at.app.screen.query_one("#do").press()  # type: ignore[attr-defined]
            await at.settled()
            assert guest.told
            assert [each for each in at.app._notifications if told in each.message]
            desk.control.connections.leave(connection)
            screen.on_live(Event("sessions", {}))
            screen._now()
            await at.settled()
            assert HOSTILE not in at.text
            await at.press("slash", *"anna@")
            screen.reload()
            await at.settled()
            assert "dora@" not in at.text.replace("dora@example.test\n", "", 1)
            await at.press("enter", "enter")
            assert isinstance(at.app.screen, AccountDetail)


async def test_control_sessions_are_ended_too_and_by_door(desk: Desk) -> None:
    async with desk:
        admin, anna = desk.person("dora", Role.DOMAIN_ADMIN), desk.person("anna")
        come_in(desk, make(desk, anna).device)
        async with seat(desk, admin, section="sessions", size=LARGE) as at:
            (find,) = [each for each in await SessionFinds(at.app.screen).found("anna") if "imaps" in each.help]
            find.go()
            await at.settled()
            await at.settled()
            assert at.app.screen.query_one(PagedGrid).here["door"] == "imaps"  # type: ignore[index]
            at.app.screen.query_one("#text").value = ""  # type: ignore[attr-defined]
            at.app.screen.query_one("Choice").value = "control"  # type: ignore[attr-defined]
            await at.settled()
            await at.settled()
            assert "imaps" not in at.text
            grid = at.app.screen.query_one("#sessions")
            keys = list(grid.items)  # type: ignore[attr-defined]
            mine = next(key for key in keys if grid.items[key]["current"])  # type: ignore[attr-defined]
            for key, words in (
                (mine, "you are signed out"),
                (next(k for k in keys if k != mine), "signed out of the"),
            ):
                grid.move_cursor(row=keys.index(key))  # type: ignore[attr-defined]
                await at.press("d")
                assert words in said(at)
                if key == mine:
                    await at.press("escape")
            at.app.screen.query_one("#do").press()  # type: ignore[attr-defined]
            await at.settled()
            assert desk.store.read_now(sessions.listing, anna.account.id) == []


async def test_support_sees_people_masked_and_ends_nothing(desk: Desk) -> None:
    async with desk:
        helper, anna = desk.person("hans", Role.SUPPORT), desk.person("anna")
        desk.clock.turn(60)
        come_in(desk, make(desk, anna, HOSTILE).device)
        async with seat(desk, helper, section="sessions") as at:
            assert "a…@e…" in at.text
            assert HOSTILE not in at.text
            assert "192.0.2" not in at.text
            await at.press("d")
            assert isinstance(at.app.screen, Sessions)
            await at.press("slash", *"nobody")
            at.app.screen.reload()
            await at.settled()
            assert "Nobody is signed in like that" in at.text
