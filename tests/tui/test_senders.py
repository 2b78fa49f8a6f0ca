"""Senders as an admin looks after them: as which addresses they write, what vouches for them (I4)."""

from pathlib import Path

import pytest

from postex_tui.screens.dialogs import Confirm
from postex_tui.screens.office.accounts.shown_code import ShownCode
from storage.people import sender_trust, senders
from storage.records import Role
from tests.control import FIRST, Desk
from tests.tui.office import seat
from tests.tui.waiting import filled, pushed


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.open(tmp_path / "data")


async def test_a_sender_is_made_and_vouched_for(desk: Desk) -> None:
    async with desk:
        admin, _ = desk.person("dora", Role.DOMAIN_ADMIN), desk.person("anna")
        acme = desk.person("acme", role=Role.SENDER)
        async with seat(desk, admin, section="senders") as at:
            assert "acme@" in at.text
            assert "anna@" not in at.text
            await at.press("n")
            assert "New sender" in at.text
            await filled(at, email=f"scans@{FIRST}", name="Scanner")
            assert isinstance(at.app.screen, ShownCode)
            await pushed(at, "do")
            assert "Scanner" in at.text
            await at.press("enter")
            await at.settled()
            await at.press("2")
            while not at.app.screen.room.children:  # type: ignore[attr-defined]
                await at.pilot.pause()
            await at.settled()
            await at.press("n")
            await filled(at, address=f"dora@{FIRST}")
            assert "nobody else can write as it" in " ".join(at.text.split())
            await filled(at, address="bills@acme.example")
            assert "bills@acme.example" in at.text
            await at.press("e")
            await filled(at, type="invoice", networks="10.0.0.0/24, 10.1.0.0/24", dkim_domains="acme.example")
            assert "10.0.0.0/24, 10.1.0.0/24" in at.text
            assert "invoice" in at.text
            trust = desk.store.read_now(sender_trust.of_account, acme.account.id)
            assert tuple(trust.domains) == ("acme.example",)
            await at.press("d")
            await at.pilot.pause()
            assert isinstance(at.app.screen, Confirm)
            await pushed(at, "do")
            assert desk.store.read_now(senders.added, acme.account.id) == []
