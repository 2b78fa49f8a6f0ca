"""Support and resellers at the terminal, in both languages: their domains alone, people masked, for a time."""

from pathlib import Path

import pytest

from postex_tui.screens.office.accounts.detail import AccountDetail
from postex_tui.screens.office.accounts.rooms.room import Room
from postex_tui.sections import Mode
from storage.records import Role
from tests.control import SECOND, Desk, Person
from tests.handing_in import send
from tests.tui.office import SMALL, Seat, seat
from tests.tui.people.hands import LANGUAGES, fills, goes, sees
from tests.tui.waiting import reached

OFFERED = ["dashboard", "accounts", "senders", "choices", "deliveries", "sessions", "audit", "domains"]
ROOMS = ["overview", "devices", "sessions", "changes", "deliveries"]
DAY = 86_400
REFUSED = "There is no such thing here, or it is not yours to see. Check the name."


@pytest.mark.parametrize("locale", LANGUAGES)
async def test_support_helps_the_people_of_its_domain_without_knowing_them(tmp_path: Path, locale: str) -> None:
    async with Desk.open(tmp_path / "data") as desk:
        helper, anna, far = desk.person("hans", Role.SUPPORT), desk.person("anna"), desk.person("far", domain=SECOND)
        send(desk, desk.person("erp", role=Role.SENDER), anna, far, kind="invoice")
        async with seat(desk, helper, locale=locale, size=SMALL) as at:
            assert [each.name for each in at.app.sections] == OFFERED
            await goes_round(at, *OFFERED[3:7])
            await opens(at, anna)
            sees(at, "Your role sees people masked.")
            assert [room.NAME for room in at.app.screen.query(Room)] == ROOMS
            assert not [*at.app.screen.query(".acts Button")], "nothing is there to be done"
            await at.press("escape")
            at.app.open(AccountDetail(far.account.public_id))
            await at.settled()
            sees(at, REFUSED)
        assert await lookers(desk, anna) == {"Hans"}
        await is_over_after_its_time(desk, helper)


@pytest.mark.parametrize("locale", LANGUAGES)
async def test_a_reseller_looks_after_several_domains_and_no_other(tmp_path: Path, locale: str) -> None:
    async with Desk.open(tmp_path / "data") as desk:
        helper, anna = desk.person("hans", Role.RESELLER), desk.person("anna", domain=SECOND)
        async with seat(desk, helper, section="accounts", locale=locale, size=SMALL) as at:
            assert at.app.screen.query_one("#accounts").row_count == 1  # type: ignore[attr-defined]  # itself
        desk.grant(helper.account, Role.RESELLER, SECOND)
        async with seat(desk, helper, section="accounts", locale=locale, size=SMALL) as at:
            assert at.app.screen.query_one("#accounts").row_count == 2  # type: ignore[attr-defined]
            await opens(at, anna)
            sees(at, "Your role sees people masked.")
        await is_over_after_its_time(desk, helper)


async def goes_round(at: Seat, *names: str) -> None:
    """Nowhere is anybody named, nor anything of another domain."""
    for name in names:
        await goes(at, name)
        assert not at.app.screen.has_class("failed"), name
        shown = at.text.replace("hans@example.test", "")
        assert "anna" not in shown.lower(), name
        assert SECOND not in shown, name


async def opens(at: Seat, anna: Person) -> None:
    """What is known of an account; its whole address is how it is found."""
    await goes(at, "accounts")
    await fills(at, text=anna.account.email)
    at.app.screen.reload()  # type: ignore[attr-defined]  # the pause after typing is a timer's
    await at.settled()
    await at.press("enter", "enter")
    await reached(at, AccountDetail)
    await at.settled()


async def lookers(desk: Desk, anna: Person) -> set[str]:
    found = (await desk.ask("GET", "/v1/accounts/me/looks", anna)).json()
    return {each["viewer_name"] for each in found["items"]}


async def is_over_after_its_time(desk: Desk, helper: Person) -> None:
    desk.clock.turn(21 * DAY)
    async with seat(desk, desk.signed_in_again(helper)) as at:
        assert at.app.modes == (Mode.ME,)
