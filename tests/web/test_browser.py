"""`postex web` in Chromium: a recipient signs in, changes how a sender's documents reach them, and it is so."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyotp import TOTP

from tests.running import COMMAND, PORTS_ON_LOOPBACK, Bridge, postex
from tests.web import browser

OWNER, PASSWORD = "postmaster@example.test", "een lamp bij het raam"
pytestmark = pytest.mark.skipif(browser.PROGRAM is None, reason="chromium is not installed")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def office(data: Path, tmp_path: Path) -> Iterator[str]:
    """A bridge whose owner has enrolled; the secret of their second factor."""
    code = postex("init", "--domain", "example.test", "--country", "NL", data=data)["owner"]["enrolment_code"]
    bridge = Bridge.start(data, seconds=20, command=COMMAND, settings=PORTS_ON_LOOPBACK)
    env = {"XDG_STATE_HOME": str(tmp_path / "state"), "LANG": "C", "POSTEX_ENROLMENT_CODE": code}
    begun = postex("enrol", OWNER, "--begin", data=data, env=env)
    first = TOTP(begun["secret"]).at(int(time.time()))
    postex(
        "enrol", OWNER, "--first-code", first, "--new-password", PASSWORD, "--accept", "managed", data=data, env=env
    )
    yield begun["secret"]
    bridge.stop()


@pytest.fixture
def url(data: Path, office: str) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "postex_tui.cli", "web", "--data", str(data), "--port", str(port)]
    web = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert web.stdout is not None
    assert f":{port}" in web.stdout.readline()
    yield f"http://127.0.0.1:{port}"
    web.terminate()
    web.wait(20)
    web.stdout.close()


async def test_signing_in_in_a_browser(url: str, office: str, tmp_path: Path) -> None:
    async with browser.opened(tmp_path / "chromium") as page:
        await page.go(url)
        await page.seen("Your address")
        await page.type(OWNER)
        await page.press("enter")
        await page.type(PASSWORD)
        await page.press("enter")
        page.forget()
        await page.type(TOTP(office).at(int(time.time()), counter_offset=1))
        await page.press("enter")
        await page.seen(OWNER)
        await page.quiet()
        picture = await page.picture(tmp_path / "signed-in.png")
        assert len(picture) > 10_000
        assert not page.errors
        assert all(each.startswith((url, "ws://127.0.0.1", "data:")) for each in page.requested)
