"""The admin of a domain at the terminal, in both languages: makes accounts, stops one, holds, chooses for all."""

from pathlib import Path

import pytest

from postex_tui.screens.dialogs import Confirm
from postex_tui.screens.office.accounts.detail import AccountDetail
from postex_tui.screens.office.accounts.shown_code import ShownCode
from storage.people import accounts
from storage.records import AccountState, Role
from tests.control import FIRST, SECOND, Desk, Person
from tests.handing_in import send
from tests.tui.office import SMALL, Seat, seat
from tests.tui.people.hands import LANGUAGES, agrees, fills, goes, hears, read, sees
from tests.tui.waiting import reached


@pytest.mark.parametrize("locale", LANGUAGES)
async def test_makes_an_account_and_stops_another(tmp_path: Path, locale: str) -> None:
    async with Desk.open(tmp_path / "data") as desk:
        dora, anna = desk.person("dora", Role.DOMAIN_ADMIN), desk.person("anna")
        desk.person("there", domain=SECOND)
        async with seat(desk, dora, locale=locale, size=SMALL) as at:
            sees(at, "Nothing needs doing.")
            await goes(at, "accounts")
            assert "there@" not in at.text, "of another domain"
            await makes_eva(at)
            await stops(at, anna)
            await places_a_hold(at)
            (held,) = (await desk.ask("GET", f"{anna.path}/holds", dora)).json()
            assert held["reason"] == "Claim 7"


async def makes_eva(at: Seat) -> None:
    """With a first device: its password and her code are shown once."""
    await at.press("n")
    await fills(at, email=f"eva@{FIRST}", device="phone")
    await agrees(at)
    await reached(at, ShownCode)
    sees(at, "The device {label} works at once:", label="phone")
    assert f"postex enrol eva@{FIRST}" in at.text
    await agrees(at)
    assert f"eva@{FIRST}" in at.text


async def stops(at: Seat, anna: Person) -> None:
    """After a question that names who it is; and takes it back."""
    store = at.desk.store
    await at.press("home", "enter")
    await reached(at, AccountDetail)
    await at.settled()
    await agrees(at, "act-suspend")
    assert isinstance(at.app.screen, Confirm)
    assert f"Anna <{anna.account.email}>" in read(at)
    sees(at, "Suspend {who}?", who="Anna")
    await agrees(at)
    assert store.read_now(accounts.by_id, anna.account.id).state is AccountState.SUSPENDED
    await at.press("u")
    await agrees(at)
    assert store.read_now(accounts.by_id, anna.account.id).state is AccountState.REGISTERED


async def places_a_hold(at: Seat) -> None:
    await at.press("5")
    await at.settled()
    await at.press("n")
    await fills(at, basis="Law 1", reason="Claim 7", ends="2030-01-31")
    await agrees(at)
    sees(at, "in force")


@pytest.mark.parametrize("locale", LANGUAGES)
async def test_chooses_for_all_after_a_preview_and_has_it_back(tmp_path: Path, locale: str) -> None:
    async with Desk.open(tmp_path / "data") as desk:
        dora, erp = desk.person("dora", Role.DOMAIN_ADMIN), desk.person("erp", role=Role.SENDER)
        people = [desk.person(name) for name in ("anna", "bram", "carla")]
        send(desk, erp, *people, kind="letter")
        async with seat(desk, dora, locale=locale, size=SMALL) as at:
            await goes(at, "choices")
            await at.press("e", "down", "e")
            await fills(at, retention_days="30")
            await agrees(at)
            assert isinstance(at.app.screen, Confirm)
            counts = "Of {all} recipients of {domain}, documents come otherwise to {changed}."
            sees(at, counts, all=4, changed=4, domain=FIRST)
            await agrees(at)
            await hears(at, "Press u to undo.")
            assert await kept(desk, dora) == [30]
            await at.press("u")
            await agrees(at)
            await hears(at, "Undone.")
            assert await kept(desk, dora) == []


async def kept(desk: Desk, dora: Person) -> list[int | None]:
    """Days that the domain chose."""
    found = (await desk.ask("GET", f"/v1/domains/{FIRST}/preferences", dora)).json()
    return [each["choice"]["retention_days"] for each in found["preferences"]]
