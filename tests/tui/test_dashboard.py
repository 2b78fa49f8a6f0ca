"""The dashboard as one keeps it open: what needs doing first, figures, live and calm; tiles lead on."""

from pathlib import Path

import httpx
import pytest

from bridge import tls
from postex_tui.connection import Event
from postex_tui.palette.needs import NeedFinds
from postex_tui.screens import paced
from postex_tui.screens.office.dashboard import Dashboard
from postex_tui.widgets.tile import Need, Tile
from storage.records import Role
from tests.control import NOW, Desk
from tests.tui.office import LARGE, SMALL, Seat, seat
from tests.unit.bridge.api.test_dashboard import deliver, park

DAY = 86_400


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A bridge of three thousand days that runs, with something to do."""
    made = Desk.open(tmp_path / "data")
    files = (made.data / "tls/cert.pem", made.data / "tls/key.pem")
    tls.create_self_signed(*files, "post.example.test", NOW - 3640 * DAY)
    object.__setattr__(made.control, "started_at", NOW - DAY)
    return made


def tile(at: Seat, name: str) -> str:
    """All that stands on it."""
    lines = at.app.screen.query_one(f"#{name}", Tile).query("Line").results()
    return "\n".join(str(each.render()) for each in lines)


@pytest.mark.parametrize(
    ("locale", "warning", "figure", "section"),
    [
        ("en", "WARNING: The certificate ends on", "3 documents", "Outbox"),
        ("nl", "LET OP: Het certificaat verloopt op", "3 documenten", "Wachtrij"),
    ],
)
async def test_an_owner_sees_what_needs_doing_and_goes_there(
    desk: Desk, locale: str, warning: str, figure: str, section: str
) -> None:
    async with desk:
        owner, anna = desk.person("olga", role=Role.OWNER), desk.person("anna")
        deliver(desk, anna, NOW - 60, count=3)
        park(desk, anna, "dead", 1)
        async with seat(desk, owner, section="dashboard", locale=locale) as at:
            await at.pilot.pause()
            assert warning in at.text
            assert isinstance(at.app.focused, Need), "the keys are where something is to be done"
            assert figure in tile(at, "arrivals")
            assert figure in tile(at, "day")
            assert not at.app.screen.query_one("#live", Tile).can_focus, "sessions are not an owner's"
            await at.press("down", "down", "down", "down", "left", "up", "up")
            assert isinstance(at.app.focused, Tile)
            assert at.app.focused.id == "jobs"
            found = [find.title for find in await NeedFinds(at.app.screen).found("certi")]
            assert [title for title in found if warning in title]
            await at.press("enter")
            assert at.app.screen.NAME == "outbox"  # type: ignore[attr-defined]
            assert section in "\n".join(at.app.say(each.title) for each in at.app.offers)


async def test_an_admin_sees_the_domain_alone_and_nothing_of_the_machine(desk: Desk) -> None:
    async with desk:
        admin = desk.person("dora", Role.DOMAIN_ADMIN)
        async with seat(desk, admin, section="dashboard", size=LARGE) as at:
            await at.pilot.pause()
            assert "Nothing needs doing." in at.text
            assert "Certificate" not in at.text
            assert "Disk" not in at.text
            await at.pilot.click("#people")
            await at.settled()
            assert at.app.screen.NAME == "accounts"  # type: ignore[attr-defined]


async def test_events_renew_it_at_most_once_a_second_and_the_line_one_is_on_stays(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk:
        owner, anna = desk.person("olga", role=Role.OWNER), desk.person("anna")
        async with seat(desk, owner, section="dashboard", size=SMALL) as at:
            await at.pilot.pause()
            screen, asked = at.app.screen, []
            assert isinstance(screen, Dashboard)
            begun = screen.fetch

            async def counted() -> object:
                asked.append(1)
                return await begun()

            monkeypatch.setattr(screen, "fetch", counted)
            monkeypatch.setattr(paced, "LEAST", 0.05)
            here = at.app.focused
            deliver(desk, anna, NOW)
            for _ in range(50):
                screen.on_live(Event("arrivals", {"count": 1}))
            assert asked == []
            while not asked:
                await at.pilot.pause()
            await at.settled()
            assert asked == [1]
            assert "1 document" in tile(at, "arrivals")
            assert at.app.focused is here


async def test_what_it_knew_stays_under_a_loss_and_an_answer_of_another_shape_is_told(desk: Desk) -> None:
    async with desk:
        owner = desk.person("olga", role=Role.OWNER)
        async with seat(desk, owner, section="dashboard", size=LARGE) as at:
            client, working = at.app.connection._http, at.app.connection._http._transport

            def gone(_: httpx.Request) -> httpx.Response:
                raise httpx.ConnectError("gone")

            client._transport = httpx.MockTransport(gone)
            await at.press("r")
            assert "no connection" in at.text
            assert "days left" in at.text
            client._transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"alerts": [{"code": 1}]}))
            await at.press("r")
            assert "makes no sense" in at.text
            hostile = "[@click=app.quit]x\x1b[2J\u202e" + "y" * 10_000
            answer = (await desk.ask("GET", "/v1/dashboard", owner)).json()
            answer["alerts"][0] |= {"text": hostile, "remedy": hostile, "severity": hostile, "section": hostile}
            answer["machine"]["certificate"]["subject"] = answer["machine"]["hostname"] = hostile
            client._transport = httpx.MockTransport(lambda _: httpx.Response(200, json=answer))
            await at.press("r")
            await at.pilot.pause()
            assert "[@click=app.quit]x" in at.text
            assert "\x1b" not in at.text
            client._transport = working
            assert at.app.is_running
