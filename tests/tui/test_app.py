"""The frame of the app: signing in, sections, languages, sizes, offline, hostile text."""

import asyncio
import re
from pathlib import Path

import httpx
import pytest

from postex_tui.app import UNUSED
from postex_tui.palette import NOUNS
from postex_tui.palette.finds import Noun
from postex_tui.screens.door.sign_in import SignIn
from postex_tui.screens.too_small import TooSmall
from postex_tui.sections import Mode
from storage.people import accounts
from storage.people.accounts import AccountDraft
from storage.records import Role
from tests.control import FIRST, NOW, Desk
from tests.tui.office import LARGE, seat
from tests.tui.waiting import offered


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.open(tmp_path / "data")


def add(desk: Desk, name: str, *shown: str) -> None:
    for number, title in enumerate(shown):
        draft = AccountDraft(f"{name}{number}@{FIRST}", title, Role.RECIPIENT)
        desk.store.write_now(accounts.create, desk.store.shred, draft, desk.domains[FIRST], NOW)


async def test_nobody_signed_in_sees_the_door(desk: Desk) -> None:
    async with desk, seat(desk) as at:
        assert isinstance(at.app.screen, SignIn)
        assert "Your address" in at.text


async def test_a_wrong_password_is_told_and_nothing_is_kept(desk: Desk) -> None:
    async with desk, seat(desk) as at:
        await at.press(*"anna", "enter", *"guess", "enter", *"123456", "enter")
        assert "That does not open the account" in at.text
        assert at.app.session is None
        assert at.app.screen.query_one("#code").value == ""  # type: ignore[attr-defined]


async def test_an_admin_finds_accounts(desk: Desk) -> None:
    async with desk:
        admin = desk.person("dora", Role.DOMAIN_ADMIN)
        add(desk, "b", "Bram")
        async with seat(desk, admin, section="accounts", size=LARGE) as at:
            assert "Bram" in at.text
            await at.press("slash", *"dora")
            at.app.screen._typed()  # type: ignore[attr-defined]  # the pause after typing is a timer's
            await at.pilot.pause(0.3)
            await at.settled()
            assert "Bram" not in at.text
            assert "dora@" in at.text


@pytest.mark.parametrize(("locale", "word"), [("nl", "Adres"), ("en", "Address")])
async def test_the_language_is_that_of_the_reader_and_changes_live(desk: Desk, locale: str, word: str) -> None:
    async with desk:
        admin = desk.person("dora", Role.DOMAIN_ADMIN)
        async with seat(desk, admin, section="accounts", locale=locale) as at:
            assert re.search(rf"\b{word}\b", at.text)
            await at.press("f4")
            other = {"Adres": "Address", "Address": "Adres"}[word]
            assert re.search(rf"\b{other}\b", at.text)


async def test_quitting_from_the_palette_ends_the_session(desk: Desk) -> None:
    async with desk:
        anna = desk.person("anna")
        async with seat(desk, anna) as at:
            await at.press("ctrl+p", *"sign out")
            await offered(at, "Sign out and quit")
            await at.pilot.press("enter")
            async with asyncio.timeout(10):
                while not at.app._exit:
                    await at.pilot.pause(0.02)
        assert (await desk.ask("GET", "/v1/session", anna)).status_code == 401


async def test_self_mode_leads_nowhere_else(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over SSH, also for an owner of a bridge that has nobody yet: no office, no first run, nothing on the disk."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home)
    async with desk, seat(desk, desk.person("olga", role=Role.OWNER), confined=True) as at:
        for key in ("f3", "ctrl+z", "ctrl+s", "f2"):
            await at.press(key)
        at.app.go_on()
        await at.settled()
        assert at.app.screen is at.app._shown["preferences"]
        for lazily in NOUNS:
            noun = lazily()(at.app.screen)
            if isinstance(noun, Noun) and noun.SECTION not in {each.name for each in at.app.offers}:
                assert [hit async for hit in noun.search("a")] == []
        assert {each.mode for each in at.app.offers} == {Mode.ME}
        assert not await at.app.hand_over(".bashrc", b"x")
    assert list(home.iterdir()) == []


async def test_hostile_names_are_shown_and_do_nothing(desk: Desk) -> None:
    async with desk:
        admin = desk.person("dora", Role.DOMAIN_ADMIN)
        add(desk, "h", "[@click=quit]x[/]", "[/x]", "[red]y")
        async with seat(desk, admin, section="accounts", size=LARGE) as at:
            assert "[@click=quit]x[/]" in at.text
            assert "[/x]" in at.text
            for row in range(4, 9):
                await at.pilot.click(offset=(60, row))
            assert at.app.is_running


async def test_a_small_terminal_is_told_so_and_comes_back(desk: Desk) -> None:
    async with desk, seat(desk) as at:
        await at.pilot.resize_terminal(60, 20)
        await at.settled()
        assert isinstance(at.app.screen, TooSmall)
        assert "80 × 24" in at.text
        await at.pilot.resize_terminal(100, 30)
        await at.settled()
        assert isinstance(at.app.screen, SignIn)


async def test_a_lost_bridge_shows_and_heals(desk: Desk) -> None:
    async with desk:
        admin = desk.person("dora", Role.DOMAIN_ADMIN)
        async with seat(desk, admin, section="accounts", size=LARGE) as at:
            working, client = at.app.connection._http._transport, at.app.connection._http

            def gone(_: httpx.Request) -> httpx.Response:
                raise httpx.ConnectError("gone")

            client._transport = httpx.MockTransport(gone)
            await at.press("r")
            assert "no connection" in at.text
            assert "dora@" in at.text
            client._transport = working
            at.app._look()
            await at.pilot.pause(0.2)
            await at.settled()
            assert "no connection" not in at.text


async def test_an_untouched_app_keeps_no_session(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk:
        admin = desk.person("dora", Role.DOMAIN_ADMIN)
        async with seat(desk, admin, section="accounts") as at:
            monkeypatch.setattr("postex_tui.app.ATTENDED", 0.0)
            desk.clock.turn(14 * 60)
            at.app.screen.reload()  # type: ignore[attr-defined]  # as a live event does
            await at.settled()
            assert not isinstance(at.app.screen, SignIn)
            desk.clock.turn(2 * 60)
            at.app.screen.reload()  # type: ignore[attr-defined]
            await at.settled()
            assert isinstance(at.app.screen, SignIn)
            assert "Your session has ended" in at.text
            assert "dora@" not in at.text.replace("Your address", "")


async def test_a_pasted_million_is_a_slip(desk: Desk) -> None:
    from textual.events import Paste

    async with desk, seat(desk) as at:
        at.app.screen.query_one("#email").post_message(Paste("x" * 1_000_000))
        await at.settled()
        email = at.app.screen.query_one("#email")
        assert len(email.value) <= 4096  # type: ignore[attr-defined]
        email.action_select_all()  # type: ignore[attr-defined]
        email.post_message(Paste("anna@example.test\nand more"))
        await at.settled()
        assert email.value == "anna@example.test"  # type: ignore[attr-defined]


async def test_a_page_without_anybody_ends(desk: Desk) -> None:
    async with desk:
        admin = desk.person("dora", Role.DOMAIN_ADMIN)
        for who in (admin, None):
            async with seat(desk, who) as at:
                at.app._leave_if_unused()
                assert not at.app._exit
                at.app._touched -= UNUSED
                at.app._leave_if_unused()
                assert at.app._exit is (who is None)
