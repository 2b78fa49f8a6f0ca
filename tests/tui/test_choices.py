"""Preferences of a domain: side by side, explained, previewed, changed and undone, in both languages (D4, S43)."""

from pathlib import Path

import pytest

from postex_tui.screens.dialogs import Confirm
from postex_tui.screens.steps import Steps
from storage.choices import preferences
from storage.engine import statements
from storage.people import accounts
from storage.people.accounts import AccountDraft
from storage.records import Role
from tests.control import FIRST, NOW, Desk, Person
from tests.handing_in import send
from tests.tui.office import LARGE, seat
from tests.tui.waiting import fill, pushed, read

HOSTILE = "[@click=app.quit]x[/] \x1b]0;y\x07 \u202egnp " + "z" * 10_000


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.open(tmp_path / "data")


def kept(desk: Desk) -> list[int | None]:
    domain = desk.store.read_now(preferences.of_domain, desk.domains[FIRST].id)
    return [each.choice.retention_days for each in domain]


async def office(desk: Desk) -> Person:
    """An admin; Anna, who keeps what Energy sends for 30 days, and Bram, who chose nothing."""
    admin, energy = desk.person("dora", Role.DOMAIN_ADMIN), desk.person("energy", role=Role.SENDER)
    anna, _ = desk.person("anna"), desk.person("bram")
    send(desk, energy, anna)
    body = {"sender": "energy", "retention_days": 30, "channel": "refuse"}
    assert (await desk.ask("PATCH", "/v1/accounts/me/preferences", anna, body)).is_success
    return admin


WORDS = {
    "en": ("example.test chooses: payslip", "come otherwise to 3", "2555 days: 3", "payslip is again: nothing"),
    "nl": ("example.test kiest: loonstrook", "bij 3 anders", "2555 dagen: 3", "loonstrook wordt weer: niets"),
}


@pytest.mark.parametrize("locale", ["nl", "en"])
async def test_a_domains_choice_for_payslips_is_previewed_made_and_undone(desk: Desk, locale: str) -> None:
    title, counted, moved, again = WORDS[locale]
    async with desk:
        admin = await office(desk)
        async with seat(desk, admin, section="choices", locale=locale) as at:
            assert "Anna <anna@example.test>" in at.text
            await at.press("e", "down", "down", "down", "down", "e")
            assert title in at.text
            await pushed(at, "do")
            assert {"en": "Nothing is different yet", "nl": "Er is nog niets anders"}[locale] in at.text
            fill(at, retention_days="2555")
            await pushed(at, "do")
            assert isinstance(at.app.screen, Confirm)
            assert counted in read(at)
            assert moved in read(at)
            await pushed(at, "cancel")
            assert kept(desk) == []
            await at.press("e")
            fill(at, retention_days="2555", for_sender=f"energy@{FIRST}", mandatory="never")
            await pushed(at, "do")
            assert {"en": "1 keep what they chose", "nl": "1 houden wat ze zelf kozen"}[locale] in read(at)
            await pushed(at, "do")
            assert kept(desk) == [2555]
            assert "2555" in at.text
            await at.press("u")
            assert again in read(at)
            await pushed(at, "do")
            assert kept(desk) == []


async def test_a_cell_says_what_comes_where_from_and_why(desk: Desk) -> None:
    async with desk:
        admin = await office(desk)
        async with seat(desk, admin, section="choices", size=LARGE) as at:
            assert "● refused" in at.text
            await at.press("right", "right")
            assert "Anna <anna@example.test> · Energy, letter: refused (own choice, this sender)" in at.text
            await at.press("w")
            assert isinstance(at.app.screen, Steps)
            assert "The recipient chose this for this sender." in at.text
            await at.press("escape")
            fill(at, type="every", senders=f"energy@{FIRST}")
            await at.pilot.pause(0.3)
            await at.settled()
            assert "payslip" in at.text
            fill(at, senders=f"anna@{FIRST}")
            await at.pilot.pause(0.3)
            await at.settled()
            assert "There is no sender" in at.text
            fill(at, senders="", type="", text="bram")
            await at.pilot.pause(0.3)
            await at.settled()
            assert "Bram" in at.text
            assert "Anna" not in at.text
            fill(at, text="nobody")
            await at.pilot.pause(0.3)
            await at.settled()
            assert "No recipient is like that" in at.text


async def test_what_would_be_refused_is_told_in_the_form(desk: Desk) -> None:
    async with desk:
        admin = await office(desk)
        async with seat(desk, admin, section="choices", size=LARGE) as at:
            await at.press("e", "e")
            fill(at, channel="paper")
            await pushed(at, "do")
            assert "no relay or printer for this channel" in read(at)
            fill(at, channel="", ladder="steps")
            await pushed(at, "do")
            assert "Give a day" in read(at)
            assert kept(desk) == []


async def test_support_sees_people_masked_and_changes_nothing(desk: Desk) -> None:
    async with desk:
        await office(desk)
        helper = desk.person("helper", Role.SUPPORT)
        async with seat(desk, helper, section="choices") as at:
            assert "a…@e…" in at.text
            assert "anna" not in at.text.lower()
            await at.press("e")
            assert "Change" not in at.text.splitlines()[-1]
            await at.press("e", "enter")
            assert kept(desk) == []


async def test_hostile_names_and_many_recipients_in_pages(desk: Desk) -> None:
    async with desk:
        admin = await office(desk)
        for number in range(120):
            draft = AccountDraft(f"p{number:03}@{FIRST}", f"Person {number}", Role.RECIPIENT)
            desk.store.write_now(accounts.create, desk.store.shred, draft, desk.domains[FIRST], NOW)
        desk.store.write_now(statements.run, "UPDATE account SET name = ? WHERE email LIKE 'anna@%'", (HOSTILE,))
        desk.store.write_now(statements.run, "UPDATE account SET name = ? WHERE email LIKE 'energy@%'", (HOSTILE,))
        async with seat(desk, admin, section="choices") as at:
            assert "[@click=app.quit]x" in at.text
            grid = at.app.screen.query_one("#matrix")
            assert grid.row_count == 100  # type: ignore[attr-defined]
            await at.press("pagedown", "pagedown", "pagedown", "pagedown", "pagedown")
            assert grid.row_count == 123  # type: ignore[attr-defined]
            await at.press("ctrl+home", "right", "right", "w")
            assert isinstance(at.app.screen, Steps)
            await at.pilot.click(offset=(20, 5))
            await at.press("escape")
            assert "\x1b" not in at.text
            assert at.app.is_running
