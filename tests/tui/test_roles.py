"""Roles in the app: given with what they mean, taken away, looked at again each quarter."""

from pathlib import Path

import pytest

from postex_tui.screens.dialogs import Confirm
from storage.people import grants
from storage.people.grants import DAY
from storage.records import Role
from tests.control import FIRST, Desk
from tests.tui.office import LARGE, seat
from tests.tui.test_domains import fill


@pytest.mark.parametrize(
    ("locale", "means", "ends", "role"),
    [("en", "channels", "within 30 days", "domain admin"), ("nl", "kanalen", "30 dagen", "beheerder")],
)
async def test_an_owner_gives_a_role_and_takes_it_away(
    tmp_path: Path, locale: str, means: str, ends: str, role: str
) -> None:
    async with Desk.open(tmp_path / "data") as desk:
        owner, anna = desk.person("olga", role=Role.OWNER), desk.person("anna")
        async with seat(desk, owner, section="roles", locale=locale, size=LARGE) as at:
            await at.press("n")
            at.app.screen.query_one("#role").value = "support"  # type: ignore[attr-defined]
            await at.settled()
            assert means in at.text
            await fill(at, {"account": anna.account.email, "domain": FIRST})
            assert ends in at.app.screen.query_one("#wrong").visual.plain  # type: ignore[attr-defined, union-attr]
            await fill(at, {"role": "domain-admin"})
            assert role in at.text
            assert "a…@e…" in at.text, "an owner sees no addresses"
            await at.press("d")
            assert isinstance(at.app.screen, Confirm)
            await at.press("tab", "enter")
            assert role not in at.text
            assert not desk.store.read_now(grants.effective, anna.account, desk.control.now())


async def test_what_is_overdue_is_marked_and_confirmed(tmp_path: Path) -> None:
    async with Desk.open(tmp_path / "data") as desk:
        owner, dirk = desk.person("olga", role=Role.OWNER), desk.person("dirk", Role.DOMAIN_ADMIN)
        (grant,) = desk.store.read_now(grants.effective, dirk.account, desk.control.now())
        desk.clock.turn(60 * DAY)
        desk.store.write_now(grants.note_use, grant.id, desk.control.now())
        desk.clock.turn(31 * DAY)
        owner = desk.signed_in_again(owner)
        async with seat(desk, owner, section="roles", size=LARGE) as at:
            assert "OVERDUE" in at.text
            await at.press("v", "tab", "enter")
            assert "OVERDUE" not in at.text
