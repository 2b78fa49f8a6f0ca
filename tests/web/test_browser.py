"""`postex web` in Chromium: a recipient signs in, changes how a sender's documents reach them, and it is so; then all
that is held about them is a file of the browser.
"""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest
from pyotp import TOTP

from storage.choices import preferences
from storage.people import accounts
from tests import stores
from tests.running import COMMAND, PORTS_ON_LOOPBACK, Bridge, postex
from tests.web import browser

ANNA, PASSWORD = "anna@example.test", "een lamp bij het raam"
pytestmark = pytest.mark.skipif(browser.PROGRAM is None, reason="chromium is not installed")


TABS_TO_SAVE = 11
"""From the channel over the other fields."""


SECTIONS_TO_HELD = 3
"""From How I receive, in the rail."""


@dataclass(frozen=True)
class Office:
    """A bridge with a recipient who has enrolled."""

    data: Path
    secret: str
    """Of Anna's second factor."""
    bridge: Bridge

    def code(self) -> str:
        """Of the next step: each counts once, and the first was for enrolment."""
        return TOTP(self.secret).at(int(time.time()), counter_offset=1)

    def channel(self) -> str | None:
        """What Anna has chosen, as it lies in the store; nobody serves it any more."""
        with stores.opened(self.data) as store:
            anna = store.read_now(accounts.by_email, ANNA)
            (chosen,) = store.read_now(preferences.of_account, anna.id)
        return chosen.choice.channel


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    data = tmp_path / "data"
    postex("init", "--domain", "example.test", "--country", "NL", data=data)
    code = postex("account", "add", ANNA, "--name", "Anna", "--locale", "en", data=data)["enrolment_code"]
    bridge = Bridge.start(data, seconds=20, command=COMMAND, settings=PORTS_ON_LOOPBACK)
    env = {"XDG_STATE_HOME": str(tmp_path / "state"), "LANG": "C", "POSTEX_ENROLMENT_CODE": code}
    secret = postex("enrol", ANNA, "--begin", data=data, env=env)["secret"]
    given = ("--first-code", TOTP(secret).at(int(time.time())), "--new-password", PASSWORD, "--accept", "managed")
    postex("enrol", ANNA, *given, data=data, env=env)
    yield Office(data, secret, bridge)
    bridge.stop()


@pytest.fixture
def url(office: Office) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "postex_tui.cli", "web", "--data", str(office.data), "--port", str(port)]
    web = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert web.stdout is not None
    assert f":{port}" in web.stdout.readline()
    yield f"http://127.0.0.1:{port}"
    web.terminate()
    web.wait(20)
    web.stdout.close()


async def test_a_recipient_chooses_in_a_browser(url: str, office: Office, tmp_path: Path) -> None:
    async with browser.opened(tmp_path / "chromium") as page:
        await page.go(url)
        await page.seen("Your address")
        for value in (ANNA, PASSWORD, office.code()):
            await page.type(value)
            page.forget()
            await page.press("enter")
        await page.seen("All senders")
        await page.press("e")
        await page.seen("How it comes")
        await page.press("enter", "end", "enter", *["tab"] * TABS_TO_SAVE)
        page.forget()
        await page.press("enter")
        await page.seen("refused")
        picture = await page.picture(tmp_path / "chosen.png")
        assert len(picture) > 10_000
        kept = await exported(page, tmp_path / "files")
        assert kept.testzip() is None
        assert "held.json" in kept.namelist()
        assert not page.errors
        assert all(each.startswith((url, url.replace("http", "ws"), "data:")) for each in page.requested)
    office.bridge.stop()
    assert office.channel() == "refuse"


async def exported(page: browser.Page, folder: Path) -> ZipFile:
    """All that is held about who is signed in, as the browser kept it."""
    await page.download_to(folder)
    await page.press("f2", *["down"] * SECTIONS_TO_HELD, "enter")
    await page.seen("Export")
    page.forget()
    await page.press("x")
    await page.seen("Documents as")
    await page.press("tab", "enter")
    return ZipFile(await asyncio.to_thread(browser.downloaded, folder / "postex.zip"))
