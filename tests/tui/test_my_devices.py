"""One's own devices and sessions: made with a card and a code, changed, revoked, ended (S25, S28)."""

import json
from pathlib import Path

import pytest

from bridge import tls
from postex_tui import device_card
from postex_tui.screens.device_card import DeviceCard
from postex_tui.screens.dialogs import Confirm, Form
from postex_tui.screens.door.sign_in import SignIn
from postex_tui.screens.qr_shown import QrShown
from storage.access import devices
from storage.records import Scope
from tests.control import NOW, Desk, Person
from tests.tui.office import LARGE, Seat, seat
from tests.tui.waiting import filled, pushed


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    opened = Desk.open(tmp_path / "data")
    tls.create_self_signed(opened.data / "tls" / "cert.pem", opened.data / "tls" / "key.pem", "localhost", NOW)
    return opened


def add(desk: Desk, who: Person, label: str) -> None:
    opener = (desk.store.server_keys, desk.store.shred, who.account, who.keys)
    desk.store.write_now(devices.add, *opener, label, frozenset({Scope.IMAP}), NOW)


def said(at: Seat) -> str:
    """Without lines and frames."""
    return " ".join(at.text.replace("│", " ").split())


async def test_a_device_is_made_its_card_shown_once_and_revoked(desk: Desk, tmp_path: Path) -> None:
    async with desk:
        anna = desk.person("anna")
        async with seat(desk, anna, section="my-devices") as at:
            assert "You have no device yet" in at.text
            await at.press("n")
            await filled(at, label="phone", until="tomorrow")
            assert "is no time" in at.text
            assert at.app.screen.focused.id == "until"  # type: ignore[union-attr]
            assert [each.id for each in at.app.screen.query(".refused")] == ["until"]
            assert isinstance(at.app.screen, Form)
            await filled(at, until="2027-12-31", networks="10.0.0.0/8, fd00::/8")
            card = at.app.screen
            assert isinstance(card, DeviceCard), at.text
            await at.press("escape")
            assert at.app.screen is card
            await pushed(at, "keep")
            file = tmp_path / "card.txt"
            await filled(at, path=str(file))
            words = file.read_text()
            assert "993" in words
            assert "anna@example.test" in words
            assert tls.fingerprint(desk.data / "tls" / "cert.pem")[:47] in words
            password = next(line.split()[-1] for line in words.splitlines() if "px1-" in line)
            await pushed(at, "qr")
            assert isinstance(at.app.screen, QrShown)
            assert "Not all of it fits" in at.text
            code = json.loads(at.app.screen._content)
            assert code[2][1:6] == ["localhost", 993, 3, 1, "anna@example.test"]
            assert code[2][7] == code[3][0][0][6] == password
            await at.press("escape")
            await pushed(at, "do")
            assert "phone" in at.text
            assert "2027-12-31" in at.text
            assert password not in at.text
            await at.press("e")
            await filled(at, label="old phone", until="")
            assert "old phone" in at.text
            assert "2027-12-31" not in at.text
            await at.press("d")
            assert isinstance(at.app.screen, Confirm)
            assert "end within a second" in said(at)
            await pushed(at, "do")
            assert "revoked" in at.text
            found = desk.store.read_now(devices.listing, anna.account.id)
            assert found[0].revoked_at is not None
            assert [str(each) for each in found[0].networks] == ["10.0.0.0/8", "fd00::/8"]


async def test_sessions_are_seen_and_ended_ones_own_too(desk: Desk) -> None:
    async with desk:
        anna = desk.person("anna")
        desk.token(anna.account, anna.keys)
        async with seat(desk, anna, section="my-devices", size=LARGE) as at:
            await at.press("2")
            assert at.text.count("terminal or script") == 2
            rows = at.app.screen.query_one("#session-list")
            current = next(key for key, item in rows.items.items() if item["current"])  # type: ignore[attr-defined]
            other = next(key for key in rows.items if key != current)  # type: ignore[attr-defined]
            rows.move_cursor(row=rows.get_row_index(other))  # type: ignore[attr-defined]
            await at.press("d")
            await pushed(at, "do")
            assert at.text.count("terminal or script") == 1
            await at.press("d")
            assert "goes back to the door" in said(at)
            await pushed(at, "do")
            assert isinstance(at.app.screen, SignIn)


async def test_hostile_labels_do_nothing(desk: Desk) -> None:
    async with desk:
        anna = desk.person("anna")
        add(desk, anna, "[@click=app.quit]x[/]")
        async with seat(desk, anna, section="my-devices", locale="nl", size=LARGE) as at:
            assert "[@click=app.quit]x[/]" in at.text
            assert "Apparaat" in at.text
            await at.press("d")
            assert "[@click=app.quit]x[/]" in at.text
            await at.pilot.click("#cancel")
            assert at.app.is_running


def test_a_card_says_what_the_device_needs_and_no_more() -> None:
    certificate = {"fingerprint": "AB:" * 31 + "CD", "self_signed": False}
    ways = [("imap", 993, "tls"), ("smtp", 465, "tls"), ("smtp", 587, "starttls")]
    servers = [{"kind": kind, "host": "post.test", "port": port, "security": how} for kind, port, how in ways]
    connection = {"servers": servers, "certificate": certificate, "only_here": False}
    device = {"label": "erp", "scopes": ["smtp-send"], "username": "erp@a.test", "password": "px1-x"}
    words = device_card.words(str.format, connection, device)
    assert "465" in words
    assert "993" not in words
    assert "ask about the certificate" not in words
    assert device_card.scanned(connection, device, "ERP") is None
    both = device_card.scanned(connection, {**device, "scopes": ["imap", "smtp-send"]}, "Zoë")
    assert both == (
        '[1,[1,1],[0,"post.test",993,3,1,"erp@a.test","","px1-x"],'
        '[[[0,"post.test",465,3,1,"erp@a.test","px1-x"],["erp@a.test","Zoë"]]]]'
    )
