"""An auditor at the terminal, in both languages: verifies the log, narrows it, reads figures and registers."""

from pathlib import Path

import pytest

from storage.oversight.document_statistics import last_month
from storage.records import Role
from tests.control import FIRST, NOW, Desk
from tests.handing_in import send
from tests.tui.office import LARGE, Seat, seat
from tests.tui.people.hands import LANGUAGES, agrees, goes, read, sees

NAMES = ("anna", "bram", "carla", "daan", "eva", "femke")
OFFERED = ["audit", "domains", "roles", "requests", "statistics"]


async def office(desk: Desk) -> None:
    """Invoices to six, last month; and what an admin did with one of them."""
    dora, erp = desk.person("dora", Role.DOMAIN_ADMIN), desk.person("erp", role=Role.SENDER)
    people = [desk.person(name) for name in NAMES]
    desk.clock.at = float(last_month(NOW)[0] + 3600)
    send(desk, erp, *people, kind="invoice")
    desk.clock.at = float(NOW)
    hold = {"basis": "Law 1", "reason": "Claim 7", "ends_at": NOW + 90 * 86_400}
    assert (await desk.ask("POST", f"{people[0].path}/holds", dora, hold)).is_success


@pytest.mark.parametrize("locale", LANGUAGES)
async def test_checks_everything_and_learns_no_name(tmp_path: Path, locale: str) -> None:
    async with Desk.open(tmp_path / "data") as desk:
        await office(desk)
        auditor = desk.person("aldo", Role.AUDITOR)
        async with seat(desk, auditor, locale=locale, size=LARGE) as at:
            assert [each.name for each in at.app.sections] == OFFERED
            await verifies(at)
            await narrows(at)
            for name in OFFERED:
                await goes(at, name)
                assert not at.app.screen.has_class("failed"), name
                knows_nobody(at)
            await reads_figures(at)
            await reads_registers(at)


async def verifies(at: Seat) -> None:
    await at.press("v")
    verdict = "The log is whole: nothing was altered, removed or put in, up to position {position}."
    assert at.app.say(verdict, position="").partition(":")[0] in read(at)
    await at.press("escape")


async def narrows(at: Seat) -> None:
    await at.press("slash")
    at.app.screen.query_one("#kind").value = "hold"  # type: ignore[attr-defined]  # of two hundred
    await agrees(at)
    sees(at, "hold placed")
    await at.press("enter")
    sees(at, "Hash before")
    assert "Law 1" not in at.text, "a reason may name people"
    knows_nobody(at)
    await at.press("escape")


async def reads_figures(at: Seat) -> None:
    """Of five people or more."""
    await goes(at, "statistics")
    assert FIRST in at.text
    await at.press("t")
    grid = at.app.screen.query_one("#figures")
    rows = [grid.get_row_at(row) for row in range(grid.row_count)]  # type: ignore[attr-defined]
    assert "6" in {str(cells[2]) for cells in rows}


async def reads_registers(at: Seat) -> None:
    await goes(at, "requests")
    for number in range(1, 5):
        await at.press(str(number))
        knows_nobody(at)


def knows_nobody(at: Seat) -> None:
    shown = at.text.replace(f"aldo@{FIRST}", "").lower()
    assert not [name for name in (*NAMES, "dora") if f"{name}@" in shown or f" {name} " in shown], at.text
