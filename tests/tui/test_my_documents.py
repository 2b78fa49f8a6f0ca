"""My documents: where each stands, why so, erased with a receipt; who looked and was told (S14, S46, S55, D4, D7)."""

from pathlib import Path

import pytest

from postex_tui.screens.dialogs import Confirm, StepUp
from postex_tui.screens.me.documents import Documents
from postex_tui.screens.me.erasures import Erasures
from postex_tui.screens.steps import Steps
from storage.deliveries import disclosures
from storage.engine import statements
from storage.records import Role
from tests.control import NOW, Desk
from tests.tui.office import LARGE, seat
from tests.tui.waiting import reached, told
from tests.unit.bridge.api.test_copies import house


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.open(tmp_path / "data")


@pytest.mark.parametrize(
    ("locale", "state", "nothing_left"),
    [
        ("en", "in your mailbox", "nothing is left in any"),
        ("nl", "in uw postvak", "nergens is iets over"),
    ],
)
async def test_one_document_is_explained_and_erased_with_its_receipt(
    desk: Desk, locale: str, state: str, nothing_left: str
) -> None:
    async with desk:
        anna = desk.person("anna")
        at_home = house(desk, anna)
        at_home.hand_in("first")
        second = at_home.hand_in("second")
        async with seat(desk, anna, section="my-documents", locale=locale, size=LARGE) as at:
            assert "ERP" in at.text
            assert state in at.text
            assert second.document_public_id in at.text
            await at.press("w")
            await reached(at, Steps)
            await at.press("escape")
            await at.press("d")
            await reached(at, Confirm)
            await at.pilot.click("#do")
            await reached(at, Erasures)
            await at.settled()
            assert nothing_left in at.text.replace("\n", " ")
            await at.press("escape")
            await reached(at, Documents)
            assert second.document_public_id not in at.text


async def test_erasing_needs_proof_and_going_back_changes_nothing(desk: Desk) -> None:
    async with desk:
        anna = desk.person("anna")
        kept = house(desk, anna).hand_in("kept")
        async with seat(desk, anna, section="my-documents") as at:
            desk.clock.turn(301)
            await at.press("d")
            await reached(at, Confirm)
            await at.press("escape")
            await at.press("d")
            await reached(at, Confirm)
            at.app.screen.query_one("#do").focus()
            await at.pilot.press("enter")
            await reached(at, StepUp, settle=False)
            await at.press("escape")
            await reached(at, Documents)
            assert kept.document_public_id in at.app.screen.query_one("#copies").items  # type: ignore[attr-defined]


async def test_without_documents_it_says_so(desk: Desk) -> None:
    async with desk, seat(desk, desk.person("anna"), section="my-documents") as at:
        assert "No document has come yet" in at.text
        await at.press("o")
        await reached(at, Erasures)
        assert "You had nothing erased yet" in at.text


async def test_a_hostile_sender_is_shown_and_does_nothing(desk: Desk) -> None:
    async with desk:
        anna = desk.person("anna")
        at_home = house(desk, anna)
        hostile = "[@click=app.quit]x\x1b]0;y\x07\u202e" + "z" * 10_000
        renamed = "UPDATE account SET name = ? WHERE id = ?"
        desk.store.write_now(statements.run, renamed, (hostile, at_home.erp.id))
        at_home.hand_in("x")
        async with seat(desk, anna, section="my-documents", size=LARGE) as at:
            assert "[@click=app.quit]x" in at.text
            assert "\x1b" not in at.text
            await at.press("d")
            await reached(at, Confirm)
            await at.pilot.click("#cancel")
            assert at.app.is_running


@pytest.mark.parametrize(("locale", "look"), [("en", "your devices"), ("nl", "apparaten")])
async def test_who_looked_and_who_was_told(desk: Desk, locale: str, look: str) -> None:
    async with desk:
        anna, dora = desk.person("anna"), desk.person("dora", Role.DOMAIN_ADMIN)
        await desk.ask("GET", f"{anna.path}/devices", dora)
        desk.store.write_now(
            disclosures.note, [anna.account.id], "document", NOW, basis="preference", road="email", told="relay.test"
        )
        async with seat(desk, anna, section="my-looks", locale=locale, size=LARGE) as at:
            assert "Dora" in at.text
            assert look in at.text
            await at.press("m")
            await told(at, "1")
            at.app.screen.query_one("#rooms").active = "disclosed"  # type: ignore[attr-defined]
            await at.settled()
            assert "relay.test" in at.text
