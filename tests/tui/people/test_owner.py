"""An owner at the terminal, in both languages: settings, roles, backup and drill; and no way to anybody's post."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from postex_tui.screens.dialogs import Confirm
from postex_tui.screens.office.accounts.detail import AccountDetail
from postex_tui.screens.office.accounts.rooms.room import Room
from storage.people import grants
from storage.records import Role
from tests.control import NOW, Desk, Person
from tests.handing_in import send
from tests.restoring import with_kit
from tests.tui.office import LARGE, Seat, seat
from tests.tui.people.hands import LANGUAGES, agrees, fills, goes, sees

OFFERED = {"dashboard", "accounts", "senders", "outbox", "audit", "service-log", "domains", "roles", "requests"}
OFFERED |= {"settings", "backups", "statistics"}
IN_A_WEEK = datetime.fromtimestamp(NOW + 7 * 86_400, UTC).date().isoformat()


@pytest.mark.parametrize("locale", LANGUAGES)
async def test_runs_the_bridge_and_reads_nobodys_post(tmp_path: Path, locale: str) -> None:
    async with Desk.open(tmp_path / "data") as desk:
        owner, hans, anna = desk.person("olga", role=Role.OWNER), desk.person("hans"), desk.person("anna")
        send(desk, desk.person("erp", role=Role.SENDER), anna, kind="invoice", subject="CANARY")
        kit = with_kit(desk).text
        async with seat(desk, owner, locale=locale, size=LARGE) as at:
            assert {each.name for each in at.app.sections} == OFFERED
            await reads_a_setting(at)
            await gives_support_a_week(at, hans)
            await backs_up_and_drills(at, tmp_path, kit)
            await knows_no_more(at, anna)
        for path in (f"{anna.path}/deliveries", f"{anna.path}/preferences", f"{anna.path}/devices"):
            assert (await desk.ask("GET", path, owner)).status_code in (403, 404), path


async def reads_a_setting(at: Seat) -> None:
    await goes(at, "settings")
    await at.press("slash", *"hold")
    await at.settled()
    assert "hold_days = 14" in at.text


async def gives_support_a_week(at: Seat, hans: Person) -> None:
    """For a ticket; and takes it back."""
    desk = at.desk
    await goes(at, "roles")
    await at.press("n")
    await fills(at, account=hans.account.email, role="support", ticket="T-7")
    await agrees(at)
    await fills(at, until=IN_A_WEEK)
    await agrees(at)
    (given,) = desk.store.read_now(grants.effective, hans.account, desk.control.now())
    assert (given.role, given.ticket) == (Role.SUPPORT, "T-7")
    sees(at, "support")
    await at.press("d")
    assert isinstance(at.app.screen, Confirm)
    await agrees(at)
    assert not desk.store.read_now(grants.effective, hans.account, desk.control.now())


async def backs_up_and_drills(at: Seat, folder: Path, kit: str) -> None:
    await goes(at, "backups")
    await at.press("n")
    for name, where in (("destination", "b"), ("keyring_destination", "k")):
        at.app.screen.query_one(f"#{name}").value = str(folder / where)  # type: ignore[attr-defined]
    await agrees(at)
    sees(at, "No restore was ever tried. Only a backup that was restored is known to be one.")
    await at.press("v")
    at.app.screen.query_one("#kit").value = kit  # type: ignore[attr-defined]
    await agrees(at)
    sees(at, "the recovery kit")
    assert kit[:9] not in at.text


async def knows_no_more(at: Seat, anna: Person) -> None:
    """Of an account that it is there: nothing of what it gets, from whom, or how."""
    await goes(at, "accounts")
    at.app.screen.visit(anna.account.public_id)  # type: ignore[attr-defined]
    await at.settled()
    assert isinstance(at.app.screen, AccountDetail)
    assert [room.NAME for room in at.app.screen.query(Room)] == ["overview", "roles", "changes"]
    sees(at, "Your role sees people masked.")
    assert "anna" not in at.text.lower()
    assert "CANARY" not in at.text
