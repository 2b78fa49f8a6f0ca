"""Statistics in the app: nothing of fewer than five people, plots, a table, files (S27, S63)."""

import csv
from pathlib import Path
from xml.etree import ElementTree

import pytest

from postex_tui.screens.office.statistics.drawn_bars import drawn
from storage.oversight.document_statistics import DAY, last_month
from storage.records import Role
from tests.control import NOW, Desk
from tests.handing_in import send
from tests.tui.office import LARGE, Seat, seat

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.open(tmp_path / "data")


def fill(desk: Desk, people: int) -> None:
    """A document to so many of them, on the first day of the last month."""
    sender, readers = desk.person("erp", role=Role.SENDER), [desk.person(f"p{number}") for number in range(people)]
    desk.clock.at = float(last_month(NOW)[0] + 3600)
    send(desk, sender, *readers, kind="invoice")
    desk.clock.at = float(NOW)


async def submit(at: Seat, **values: str) -> None:
    for name, value in values.items():
        at.app.screen.query_one(f"#{name}").value = value  # type: ignore[attr-defined]
    at.app.screen.query_one("#do").focus()
    await at.press("enter")


@pytest.mark.parametrize(("locale", "few"), [("en", "fewer than 5"), ("nl", "minder dan 5")])
async def test_of_fewer_than_five_people_only_that_is_told(desk: Desk, locale: str, few: str) -> None:
    async with desk:
        fill(desk, 3)
        auditor = desk.person("aldo", Role.AUDITOR)
        async with seat(desk, auditor, section="statistics", locale=locale, size=LARGE) as at:
            assert few in at.text
            await at.press("t")
            grid = at.app.screen.query_one("#figures")
            rows = [grid.get_row_at(row) for row in range(grid.row_count)]  # type: ignore[attr-defined]
            told = {(str(cells[0]), str(cells[2])) for cells in rows}
            assert {count for table, count in told if "2025" in table} <= {few}
            assert any(str(cells[2]) == "5" for cells in rows[:4])  # accounts: three readers, sender, auditor


async def test_figures_are_shown_and_saved(desk: Desk, tmp_path: Path) -> None:
    async with desk:
        fill(desk, 6)
        owner = desk.person("olga", role=Role.OWNER)
        for form in ("csv", "svg"):
            async with seat(desk, owner, section="statistics", size=LARGE) as at:
                assert "invoice" in at.text
                await at.press("x")
                await submit(at, form=form)
                await submit(at, path=str(tmp_path / f"figures.{form}"))
        with (tmp_path / "figures.csv").open() as file:
            rows = {(row["domain"], row["table"], row["name"]): row["count"] for row in csv.DictReader(file)}
        assert rows["example.test", "by_type", "invoice"] == "6"
        assert rows["other.test", "all", "accounts"] == ""
        drawing = ElementTree.fromstring((tmp_path / "figures.svg").read_bytes())
        words = {each.text for each in drawing.iter(f"{SVG}text")}
        assert {"invoice", "6", "example.test"} <= words
        assert len(list(drawing.iter(f"{SVG}rect"))) > 1


def test_hostile_names_are_words_in_the_picture() -> None:
    name = "<script>alert(1)</script>\x1b]0;x\u202e]]>&"
    picture = drawn(name, [(name, [(name, 7), (name, None)])], "fewer than 5")
    tree = ElementTree.fromstring(picture)
    assert {each.tag.removeprefix(SVG) for each in tree.iter()} == {"svg", "title", "rect", "text"}
    assert b"\x1b" not in picture


def test_a_day_is_a_day() -> None:
    assert last_month(NOW)[0] % DAY == 0
