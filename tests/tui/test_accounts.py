"""Accounts as an admin works with them: found, made, marked, opened, changed, ended; and by palette (S9, S61–S65)."""

from pathlib import Path

import pytest

from postex_tui.screens.dialogs import Confirm, Form, ShownOnce
from postex_tui.screens.office.accounts.detail import AccountDetail
from postex_tui.screens.office.accounts.shown_code import ShownCode
from postex_tui.terminal.safe_text import safe_text
from storage.access import devices
from storage.people import accounts
from storage.people.accounts import AccountDraft
from storage.records import Account, AccountState, Role, Scope
from tests.control import FIRST, NOW, SECOND, Desk
from tests.tui.office import LARGE, SMALL, Seat, seat
from tests.tui.waiting import offered, pushed, reached

HOSTILE = ("[@click=app.quit]x[/]", "[/x]" + "]" * 190)
"""Names that the API takes: printable, and nothing else is asked of them."""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.open(tmp_path / "data")


def add(
    desk: Desk, address: str, name: str, state: AccountState = AccountState.REGISTERED, domain: str = FIRST
) -> Account:
    draft = AccountDraft(f"{address}@{domain}", name, Role.RECIPIENT, state=state)
    return desk.store.write_now(accounts.create, desk.store.shred, draft, desk.domains[domain], NOW)[0]


def state(desk: Desk, account: Account) -> AccountState:
    return desk.store.read_now(accounts.by_id, account.id).state


async def confirmed(at: Seat) -> str:
    """What is asked, and yes to it."""
    await at.pilot.pause()
    assert isinstance(at.app.screen, Confirm), at.text
    asked = at.text
    at.app.screen.query_one("#do").press()  # type: ignore[attr-defined]
    await at.settled()
    return asked


async def opened(at: Seat, account: Account) -> AccountDetail:
    at.app.screen.visit(account.public_id)  # type: ignore[attr-defined]
    await at.settled()
    await at.settled()
    assert isinstance(at.app.screen, AccountDetail)
    return at.app.screen


async def entered(at: Seat, key: str) -> None:
    """Into the room of that number, once it is furnished."""
    before = at.app.screen.room  # type: ignore[attr-defined]
    await at.press(key)
    while at.app.screen.room is before or not at.app.screen.room.children:  # type: ignore[attr-defined]
        await at.pilot.pause()
    await at.settled()
    await at.settled()


# --- the list ---


async def test_marked_ones_are_suspended_at_once_and_had_back(desk: Desk) -> None:
    async with desk:
        admin = desk.person("dora", Role.DOMAIN_ADMIN)
        one, two = add(desk, "a-one", "Bram"), add(desk, "a-two", "Cato", AccountState.CLOSED)
        async with seat(desk, admin, section="accounts") as at:
            await at.press("space", "space")
            assert "2 marked" in at.text
            await at.press("b")
            await pushed(at, "do")
            asked = await confirmed(at)
            assert "Bram <a-one@example.test>" in asked
            assert "Documents are still taken" in asked
            assert isinstance(at.app.screen, ShownOnce)
            assert "Not done with 1 of 2" in at.text
            assert "Cato <a-two@example.test>" in at.text
            assert state(desk, one) is AccountState.SUSPENDED
            assert state(desk, two) is AccountState.CLOSED
            await pushed(at, "do")
            assert "suspended" in at.text
            assert "marked" not in at.text
            await at.press("u")
            assert state(desk, one) is AccountState.REGISTERED


async def test_the_list_turns_filters_and_stays_where_it_is_after_a_visit(desk: Desk) -> None:
    async with desk:
        admin = desk.person("dora", Role.DOMAIN_ADMIN)
        desk.grant(admin.account, Role.DOMAIN_ADMIN, SECOND)
        for number in range(120):
            add(desk, f"p{number:03}", f"Person {number}", domain=(FIRST, SECOND)[number % 2])
        async with seat(desk, admin, section="accounts") as at:
            grid = at.app.screen.query_one("#accounts")
            await at.press("end")
            assert at.app.screen.query_one("#sort").value == "-email"  # type: ignore[attr-defined]
            assert grid.here["email"] == f"p119@{SECOND}"  # type: ignore[attr-defined]
            await at.press("end")
            assert grid.here["email"] == f"dora@{FIRST}"  # type: ignore[attr-defined]
            at.app.screen.query_one("#domain").value = SECOND  # type: ignore[attr-defined]
            await at.settled()
            assert grid.row_count == 60  # type: ignore[attr-defined]
            at.app.screen.query_one("#domain").value = ""  # type: ignore[attr-defined]
            await at.settled()
            grid.move_cursor(row=99)  # type: ignore[attr-defined]
            await at.settled()
            assert grid.row_count == 121  # type: ignore[attr-defined]
            grid.move_cursor(row=110)  # type: ignore[attr-defined]
            await at.press("enter")
            await at.press("escape")
            assert grid.cursor_row == 110  # type: ignore[attr-defined]
            assert grid.row_count == 121  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("locale", "title", "made"),
    [("nl", "Nieuw account", "Het account is gemaakt"), ("en", "New account", "The account is made")],
)
async def test_a_new_account_and_its_code(desk: Desk, tmp_path: Path, locale: str, title: str, made: str) -> None:
    async with desk:
        admin = desk.person("dora", Role.DOMAIN_ADMIN)
        async with seat(desk, admin, section="accounts", locale=locale) as at:
            await at.press("n")
            assert title in at.text
            form = at.app.screen
            assert isinstance(form, Form)
            form.query_one("#email").value = f"dora@{FIRST}"  # type: ignore[attr-defined]
            form.query_one("#quota").value = "much"  # type: ignore[attr-defined]
            await pushed(at, "do")
            assert form.query_one("#wrong").visual.plain  # type: ignore[attr-defined]
            form.query_one("#quota").value = "0,5"  # type: ignore[attr-defined]
            await pushed(at, "do")
            assert at.app.screen is form  # the address is taken, and what was typed is still there
            form.query_one("#email").value = f"eva@{FIRST}"  # type: ignore[attr-defined]
            form.query_one("#device").value = "phone"  # type: ignore[attr-defined]
            await pushed(at, "do")
            assert isinstance(at.app.screen, ShownCode)
            assert made in at.text
            assert "postex enrol eva@example.test" in at.text
            assert "px1-" in at.text
            await at.press("escape")
            assert isinstance(at.app.screen, ShownCode)
            await pushed(at, "keep")
            at.app.screen.query_one("#path").value = str(tmp_path / "code.txt")  # type: ignore[attr-defined]
            await pushed(at, "do")
            assert "postex enrol" in (tmp_path / "code.txt").read_text()
            assert isinstance(at.app.screen, ShownCode)
            await pushed(at, "do")
            assert "eva@example.test" in at.text


@pytest.mark.parametrize("role", [Role.OWNER, Role.SUPPORT])
async def test_who_sees_people_masked_is_offered_no_more(desk: Desk, role: Role) -> None:
    async with desk:
        helper, eva = desk.person("helper", role), add(desk, "eva-marie", "Eva de Boer")
        async with seat(desk, helper, section="accounts") as at:
            assert "e…@e…" in at.text
            assert "eva" not in at.text.lower()
            assert not at.app.screen.query_one("#sort").display
            await opened(at, eva)
            assert "E. d. B." in at.text
            assert "sees people masked" in at.text
            assert ("Suspend" in at.text) is (role is Role.OWNER)
            for right in ("Reset", "Erase", "Edit", "Holds"):
                assert right not in at.text, right


# --- one account ---


async def test_rooms_of_an_account_and_what_is_done_there(desk: Desk) -> None:
    async with desk:
        admin, eva = desk.person("dora", Role.DOMAIN_ADMIN), desk.person("eva")
        store = desk.store
        store.write_now(
            devices.add, store.server_keys, store.shred, eva.account, eva.keys, "phone", frozenset({Scope.IMAP}), NOW
        )
        async with seat(desk, admin, section="accounts", size=LARGE) as at:
            screen = await opened(at, eva.account)
            await entered(at, "2")
            assert "phone" in at.text
            await at.press("d")
            assert "its sessions end within a second" in " ".join((await confirmed(at)).split())
            assert "revoked" in at.text
            await entered(at, "3")
            assert "control" in at.text
            await at.press("d")
            await confirmed(at)
            assert "Nobody is signed in." in at.text
            await entered(at, "5")
            await at.press("n")
            form = at.app.screen
            for name, value in (("basis", "order 12"), ("reason", "a dispute"), ("ends", "2030-01-31")):
                form.query_one(f"#{name}").value = value  # type: ignore[attr-defined]
            await pushed(at, "do")
            assert "in force" in at.text
            assert "2030-01-31" in at.text
            await entered(at, "6")
            await at.press("n")
            at.app.screen.query_one("#address").value = f"boer@{FIRST}"  # type: ignore[attr-defined]
            await pushed(at, "do")
            assert f"boer@{FIRST}" in at.text
            await at.press("d")
            await confirmed(at)
            assert "No address beside its own" in at.text
            assert screen.account["name"] == "Eva"


async def test_an_edit_is_listed_and_undone(desk: Desk) -> None:
    async with desk:
        admin, eva = desk.person("dora", Role.DOMAIN_ADMIN), desk.person("eva")
        async with seat(desk, admin, section="accounts", size=LARGE) as at:
            await opened(at, eva.account)
            await at.press("e")
            at.app.screen.query_one("#name").value = "Eva Bakker"  # type: ignore[attr-defined]
            at.app.screen.query_one("#quota").value = "1"  # type: ignore[attr-defined]
            await pushed(at, "do")
            assert "Eva Bakker <eva@example.test>" in at.text
            assert "1.00 GB" in at.text
            await entered(at, "7")
            assert "Eva Bakker" in at.text
            await at.press("u")
            assert "is again: Eva" in await confirmed(at)
            assert "Eva <eva@example.test>" in at.text


async def test_states_and_the_way_back(desk: Desk) -> None:
    async with desk:
        admin, eva = desk.person("dora", Role.DOMAIN_ADMIN), desk.person("eva")
        async with seat(desk, admin, section="accounts", size=LARGE) as at:
            await opened(at, eva.account)
            for button, expected, back in (
                ("act-suspend", AccountState.SUSPENDED, "act-resume"),
                ("act-close", AccountState.CLOSED, "act-reopen"),
            ):
                await pushed(at, button)
                assert "Eva <eva@example.test>" in await confirmed(at)
                assert state(desk, eva.account) is expected
                assert at.app.screen.query(f"#{back}")
                await at.press("u")
                await confirmed(at)
                assert state(desk, eva.account) is AccountState.REGISTERED
            await pushed(at, "act-reset")
            await pushed(at, "do")
            assert "A one-time code" in at.text or "documents of now" in at.text


async def test_an_erasure_needs_the_typed_address_and_can_be_had_back(desk: Desk) -> None:
    async with desk:
        admin, eva = desk.person("dora", Role.DOMAIN_ADMIN), desk.person("eva")
        async with seat(desk, admin, section="accounts", size=LARGE) as at:
            await opened(at, eva.account)
            await pushed(at, "act-erase")
            at.app.screen.query_one("#email").value = "eva@elsewhere.test"  # type: ignore[attr-defined]
            await pushed(at, "do")
            assert "not the address of this account" in at.text
            at.app.screen.query_one("#email").value = "Eva@example.test"  # type: ignore[attr-defined]
            await pushed(at, "do")
            await at.settled()
            assert "waits for the end of its trash window" in at.text
            assert state(desk, eva.account) is AccountState.CLOSED
            await at.press("u")
            await confirmed(at)
            assert "taken back" in at.text
            assert state(desk, eva.account) is AccountState.REGISTERED


# --- what strangers write ---


async def test_hostile_names_are_shown_and_do_nothing(desk: Desk) -> None:
    async with desk:
        admin = desk.person("dora", Role.DOMAIN_ADMIN)
        made = [add(desk, f"h{number}", name) for number, name in enumerate(HOSTILE)]
        async with seat(desk, admin, section="accounts", size=SMALL) as at:
            for account in made:
                screen = await opened(at, account)
                assert safe_text(account.name, 60)[:20] in at.text
                await pushed(at, "act-suspend")
                assert safe_text(account.name, 60)[:12] in at.text
                await at.pilot.click(offset=(20, 9))
                await at.press("escape")
                assert at.app.screen is screen
                await at.press("escape")
            await at.press("ctrl+p")
            await at.press(*"h0")
            await offered(at, "[@click=app.quit]x[/] <h0@example.test>")
            await at.press("enter")
            await reached(at, AccountDetail)
            assert isinstance(at.app.screen, AccountDetail)
            assert at.app.screen.subject == made[0].public_id
            assert at.app.is_running
