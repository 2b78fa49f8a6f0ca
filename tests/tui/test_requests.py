"""What waits for people, in the app: two of them open a mailbox, an admin answers a question, nobody agrees alone."""

import re
from pathlib import Path

import pytest

from postex_tui.screens.dialogs import Confirm, ShownOnce
from postex_tui.screens.office.requests.section import Requests
from postex_tui.screens.office.requests.waiting import Waiting
from storage.people import tickets
from storage.records import Role
from tests.control import FIRST, NOW, Desk, Person
from tests.tui.office import LARGE, Seat, seat
from tests.tui.test_domains import fill
from tests.unit.bridge.api.house import House

HOSTILE = "[@click=app.quit]x[/] \x1b]0;y\x07 \u202eevil " + "z" * 400


async def become(at: Seat, person: Person) -> None:
    """Somebody else sits down before the same app."""
    at.app.leave()
    at.app.connection.token = person.token
    at.app.signed_in(await at.app.connection.get("/session"), "requests")
    await at.settled()


@pytest.mark.parametrize(
    ("locale", "waits", "told"),
    [("en", "nobody agrees to their own", "at once"), ("nl", "niemand stemt in", "krijgt meteen bericht")],
)
async def test_two_admins_open_a_mailbox(tmp_path: Path, locale: str, waits: str, told: str) -> None:
    house = House.found(tmp_path / "data")
    async with house.desk as desk:
        dora, dirk, anna = house.admin("dora"), house.admin("dirk"), desk.person("anna")
        house.deliver(anna.account, "for anna alone")
        async with seat(desk, dora, section="requests", locale=locale, size=LARGE) as at:
            await at.press("2", "n")
            await fill(at, {"account": anna.account.email, "reason": HOSTILE[:8] + " case 7", "hours": "2"})
            assert "[@click= case 7" in at.text
            assert waits in at.text
            await at.press("e")
            assert isinstance(at.app.screen, Requests), "nobody agrees to what they asked for"
            await become(at, dirk)
            await at.press("2")
            await at.press("e")
            assert told in at.text
            await at.press("tab", "enter")
            assert not isinstance(at.app.screen, Confirm)
            await become(at, dora)
            await at.press("2")
            await at.press("o", "tab", "enter")
            assert isinstance(at.app.screen, ShownOnce)
            assert re.search(r"px1-\w+", at.text)


async def test_an_admin_answers_a_question(tmp_path: Path) -> None:
    house = House.found(tmp_path / "data")
    async with house.desk as desk:
        dora, anna = house.admin("dora"), desk.person("anna")
        domain = desk.domains[FIRST].id
        for number, writer in (("2026-AAAA2222", anna.account.id), ("2026-BBBB3333", None)):
            desk.store.write_now(tickets.open_one, number, writer, domain, "support", NOW)
        async with seat(desk, dora, section="requests", size=LARGE) as at:
            assert "somebody outside" in at.text
            await at.press("e")
            assert isinstance(at.app.screen, Requests), "who has no mailbox here is not answered here"
            await at.press("down", "e")
            await fill(at, {"text": HOSTILE[:40].replace("\x1b", "")})
            assert "AAAA2222" not in at.text.replace("Answered: 2026-AAAA2222", "")
            subjects = await house.subjects(anna.account, anna.keys)
            assert any("2026-AAAA2222" in subject for subject in subjects)
            await at.press("o")
            assert "2026-AAAA2222" in at.text


async def test_holds_and_purges(tmp_path: Path) -> None:
    async with Desk.open(tmp_path / "data") as desk:
        dora, anna = desk.person("dora", Role.DOMAIN_ADMIN), desk.person("anna")
        owner = desk.person("olga", role=Role.OWNER)
        async with seat(desk, dora, section="requests", size=LARGE) as at:
            await at.press("3", "n")
            hold = {"account": anna.account.email, "basis": "[red]AWR 52", "reason": "case", "until": "2026-01-31"}
            await fill(at, hold)
            assert "[red]AWR 52" in at.text
            await at.press("d", "tab", "enter")
            assert "Nothing is held" in at.text
            await at.press("4", "n")
            await fill(at, {"domain": FIRST, "reason": "moved [/x]", "accounts": anna.account.email})
            assert "moved [/x]" in at.text
            await at.press("e")
            assert isinstance(at.app.screen, Requests), "nobody approves their own"
            await become(at, owner)
            tabs = [room.id for room in at.app.screen.query(Waiting)]
            assert tabs == ["tickets", "break-glass", "purges", "processors"]
            await at.press("3")
            await at.press("e", "tab", "enter")
            assert "approved" in at.text
            await at.press("4", "n")
            await fill(at, {"name": "post [@click=app.quit]", "country": "NL", "may-document": True})  # type: ignore[dict-item]
            assert "post [@click=app.quit]" in at.text


async def test_an_erasure_shows_its_places(tmp_path: Path) -> None:
    async with Desk.open(tmp_path / "data") as desk:
        dora, anna = desk.person("dora", Role.DOMAIN_ADMIN), desk.person("anna")
        assert (await desk.ask("POST", f"{anna.path}/erasure", dora, {})).status_code == 201
        async with seat(desk, dora, section="requests", size=LARGE) as at:
            await at.press("5")
            assert anna.account.public_id in at.text
            await at.press("u", "tab", "enter")
            assert "taken back" in at.text
