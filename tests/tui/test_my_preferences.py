"""How I receive, and what became of it: the recipient's main screen, in both languages (S15, S35, S42, S78)."""

from pathlib import Path

import pytest

from bridge.settings import Settings
from postex_tui.screens.dialogs import Confirm
from postex_tui.screens.me.history.section import History
from postex_tui.screens.me.preferences.form import ChoiceForm
from postex_tui.screens.steps import Steps
from storage.choices import preferences
from storage.deliveries.terms import Channel
from storage.engine import statements
from storage.records import Role
from tests.control import Desk, Person
from tests.handing_in import send
from tests.tui.office import LARGE, Seat, seat
from tests.tui.waiting import fill, offered, pushed, reached, read

HOSTILE = "[@click=app.quit]x[/] \x1b]0;y\x07 \u202egnp " + "z" * 10_000


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    printer = Settings().printer.model_copy(update={"folder": tmp_path, "country": "NL"})
    return Desk.open(tmp_path / "data", settings=Settings().model_copy(update={"printer": printer}))


def anna_of(desk: Desk) -> Person:
    """With a postal address and a letter of Energy."""
    anna, energy = desk.person("anna"), desk.person("energy", role=Role.SENDER)
    sql = "UPDATE account SET postal_address = 'x' WHERE id = ?"
    desk.store.write_now(statements.run, sql, (anna.account.id,))
    send(desk, energy, anna)
    return anna


def channels(desk: Desk, who: Person) -> list[Channel | None]:
    return [each.choice.channel for each in desk.store.read_now(preferences.of_account, who.account.id)]


async def asked(at: Seat, button: str) -> None:
    """Push a button whose act asks something first."""
    at.app.screen.query_one(f"#{button}").press()  # type: ignore[attr-defined]
    for _ in range(200):
        await at.pilot.pause(0.01)
        if isinstance(at.app.screen, Confirm):
            await at.pilot.pause()
            return
    raise AssertionError(at.text)


WORDS = {
    "en": ("you, this sender", "printed and posted", "Third parties", "your agreement", "Changed.", "again: nothing"),
    "nl": ("u, afzender", "met de post", "Zo vervoeren", "uw toestemming", "Gewijzigd.", "wordt weer: niets"),
}


@pytest.mark.parametrize("locale", ["nl", "en"])
async def test_a_sender_moves_to_paper_with_agreement_is_explained_and_undone(desk: Desk, locale: str) -> None:
    source, happens, carriers, not_agreed, changed, again = WORDS[locale]
    async with desk:
        anna = anna_of(desk)
        async with seat(desk, anna, section="preferences", locale=locale) as at:
            assert "✓ Energy" in at.text
            await at.press("down", "e")
            fill(at, channel="paper")
            await at.settled()
            assert happens in read(at)
            await asked(at, "do")
            assert carriers in at.text
            await pushed(at, "cancel")
            assert not_agreed in read(at)
            assert channels(desk, anna) == []
            await asked(at, "do")
            await pushed(at, "do")
            assert channels(desk, anna) == [Channel.PAPER]
            assert source in at.text
            assert changed in [each.message.split()[0] for each in at.app._notifications]
            await at.press("w")
            assert isinstance(at.app.screen, Steps)
            assert {"en": "chose this for this sender", "nl": "koos dit voor deze afzender"}[locale] in at.text
            await pushed(at, "further")
            assert {"en": "Nobody chose anything else", "nl": "Niemand koos iets anders"}[locale] in at.text
            await at.press("escape")
            await at.press("u")
            assert again in read(at)
            await pushed(at, "do")
            assert channels(desk, anna) == []
            assert source not in at.text


async def test_a_type_of_its_own_a_ladder_in_days_and_nothing_chosen_any_more(desk: Desk) -> None:
    async with desk:
        anna = anna_of(desk)
        async with seat(desk, anna, section="preferences", size=LARGE) as at:
            await at.press("down", "n")
            fill(at, type="invoice")
            await pushed(at, "do")
            fill(at, remind="9 3", retention_days="5")
            await at.settled()
            assert "Unread: day 3: reminder, day 9: reminder." in read(at)
            assert "erased 5 days after it came" in read(at)
            await pushed(at, "do")
            assert "before the last step for unread ones on day 9" in read(at)
            fill(at, retention_days="many")
            await pushed(at, "do")
            assert "a number of days" in at.text
            fill(at, retention_days="30")
            await pushed(at, "do")
            assert "↳" in at.text
            await at.press("down")
            assert "Energy, invoice" in at.text
            assert "30 days  ·  you, this type" in at.text
            await at.press("d")
            assert "Kept: 30 days" in read(at)
            await pushed(at, "do")
            assert "↳" not in at.text
            assert channels(desk, anna) == []


async def test_refusals_say_what_to_do_here_and_a_new_sender_is_chosen_for(desk: Desk) -> None:
    async with desk:
        anna = desk.person("anna")
        async with seat(desk, anna, section="preferences", size=LARGE) as at:
            assert "No sender has written to you yet" in at.text
            await at.press("e")
            await pushed(at, "do")
            assert "Nothing is different yet" in at.text
            fill(at, channel="email")
            await pushed(at, "do")
            assert "About me › E-mail address" in at.text
            await at.press("escape", "n")
            fill(at, sender="anna@example.test")
            await pushed(at, "do")
            assert "There is no sender anna@example.test" in at.text
            fill(at, sender="Shop@elsewhere.test")
            await pushed(at, "do")
            fill(at, channel="refuse", folder="", quiet="")
            await pushed(at, "do")
            assert channels(desk, anna) == [Channel.REFUSE]
            assert "shop@elsewhere.test" in at.text


async def test_hostile_names_of_senders_are_shown_and_do_nothing(desk: Desk) -> None:
    async with desk:
        anna = anna_of(desk)
        desk.store.write_now(statements.run, "UPDATE account SET name = ? WHERE email LIKE 'energy@%'", (HOSTILE,))
        async with seat(desk, anna, section="preferences") as at:
            await at.press("down")
            assert "[@click=app.q" in at.text
            for key in ("w", "e", "n"):
                await at.press(key)
                assert "\x1b" not in at.text
                await at.pilot.click(offset=(20, 6))
                await at.press("escape")
            await at.press("ctrl+p")
            await at.press(*"click")
            await offered(at, "reaches me")
            await at.press("enter")
            await reached(at, ChoiceForm, settle=False)
            await at.pilot.pause()
            assert "How it comes: [@click=app.quit]x" in at.text
            assert at.app.is_running


@pytest.mark.parametrize(
    ("locale", "back", "withdrawn", "empty"),
    [
        ("en", "Undo this change?", "Withdraw this consent?", "No notice was sent"),
        ("nl", "Deze wijziging terugdraaien?", "Deze toestemming intrekken?", "Er is nog geen bericht"),
    ],
)
async def test_history_takes_back_what_it_can(desk: Desk, locale: str, back: str, withdrawn: str, empty: str) -> None:
    async with desk:
        anna = anna_of(desk)
        for body in ({"sender": "energy", "receipts": True}, {"sender": "energy", "retention_days": 30}):
            assert (await desk.ask("PATCH", "/v1/accounts/me/preferences", anna, body)).is_success
        assert (await desk.ask("PATCH", "/v1/me", anna, {"name": "Anna Bakker"})).is_success
        async with seat(desk, anna, section="my-history", locale=locale, size=LARGE) as at:
            assert "Energy" in at.text
            await at.press("u")
            assert back in at.text
            await pushed(at, "do")
            of_energy = desk.store.read_now(preferences.of_account, anna.account.id)
            assert [each.choice.retention_days for each in of_energy] == [None]
            await at.press("2")
            await at.press("d")
            assert withdrawn in at.text
            await pushed(at, "do")
            of_energy = desk.store.read_now(preferences.of_account, anna.account.id)
            assert [each.choice.receipts for each in of_energy] == [False]
            await at.press("3")
            assert empty in at.text
            await at.press("4")
            assert "Anna Bakker" in at.text
            await at.press("u")
            await pushed(at, "do")
            assert isinstance(at.app.screen, History)
            me = (await desk.ask("GET", "/v1/me", anna)).json()
            assert me["name"] == "Anna"
