"""The real program in a real terminal, from an empty folder to a document in a Maildir: what somebody new does first.

Keys and the mouse within tmux, 80×24; the second factor by the secret on the screen; then mbsync with what the
device card says.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pyotp import TOTP

from tests import tmux
from tests.integration.clients.programs import needs
from tests.running import PORTS_ON_LOOPBACK
from tests.tmux import Terminal

pytestmark = [needs("mbsync", "isync"), needs("tmux", "tmux")]
PASSWORD = "correct horse battery staple"
MBSYNC = """
IMAPAccount card
Host 127.0.0.1
Port {port}
User {user}
Pass {password}
SSLType IMAPS
CertificateFile {data}/tls/cert.pem

IMAPStore far
Account card

MaildirStore near
Path {mail}/
Inbox {mail}/INBOX

Channel inbox
Far :far:
Near :near:
SyncState *
"""


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """The bridge that the app starts there goes on by itself: it ends with the test."""
    data = tmp_path / "data"
    yield data
    serves = f"serve\0--data\0{data}\0".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if serves in (process / "cmdline").read_bytes():
                os.kill(int(process.name), signal.SIGTERM)


@pytest.fixture
def terminal(tmp_path: Path, data: Path) -> Iterator[Terminal]:
    command = [sys.executable, "-m", "postex_tui.cli", "tui", "--data", str(data)]
    env = {**PORTS_ON_LOOPBACK, "XDG_STATE_HOME": str(tmp_path / "state")}
    with tmux.opened(tmp_path, command, env=env) as opened:
        yield opened


def filled(at: Terminal, button: str, *values: str) -> None:
    """Type into one field after the other, then press a button with the mouse; empty: as it stands."""
    for number, value in enumerate(values):
        if number:
            at.press("Enter")
        if value:
            at.type(value)
    at.click(button)


def found(pattern: str, screen: str) -> str:
    seen = re.search(pattern, screen)
    assert seen is not None, f"{pattern}\n{screen}"
    return seen[1]


def make_bridge(at: Terminal) -> None:
    at.click("Begin")
    at.until("Domain of the addresses")
    filled(at, "Make it", "example.test")
    kit = at.until("RECOVERY KIT")
    groups = re.findall(r"\b[A-Z2-7]{4}\b", kit.partition("Signing key")[0].partition("again.")[2])
    at.click("It is on paper")
    at.until("Last group")
    filled(at, "Go on", groups[-1])
    at.click("Start the bridge")
    at.until("▸ 3")


def take_over(at: Terminal) -> None:
    """The owner: password, second factor, recovery codes, signed in."""
    at.click("Go on")
    at.click("I accept")
    at.until("Close")
    at.press("Escape")
    secret = found(r"((?:[A-Z2-7]{4} ){7}[A-Z2-7]{4})", at.until("Or type this secret")).replace(" ", "")
    filled(at, "Finish", PASSWORD, PASSWORD, TOTP(secret).now())
    at.until("Recovery codes")
    at.click("I have them")
    at.until("The next code")
    filled(at, "Sign in", TOTP(secret).at(int(time.time()), counter_offset=1))
    at.until("▸ 4")


def make_people(at: Terminal) -> str:
    """A sender and a recipient; the screen with the recipient's card."""
    at.click("Make the sender")
    at.until("Its account")
    filled(at, "Make", "", "Energie BV", "facturen@energie.test")
    at.until("The card, shown this once")
    at.click("I have it")
    at.until("And the code, by another way")
    at.click("I have it")
    at.until("▸ 5")
    at.click("Make the recipient")
    at.until("Its device")
    filled(at, "Make", "anna@example.test", "Anna")
    card = at.until("Device phone")
    at.click("I have it")
    at.until("And the code, by another way")
    at.click("I have it")
    at.until("▸ 6")
    return card


def test_from_nothing_to_a_document_in_mbsync(terminal: Terminal, data: Path, tmp_path: Path) -> None:
    make_bridge(terminal)
    take_over(terminal)
    card = make_people(terminal)
    terminal.click("Send a test document")
    terminal.until("The document has arrived")
    terminal.click("To the dashboard")
    terminal.until("Accounts")
    mail = tmp_path / "mail"
    mail.mkdir()
    configuration = MBSYNC.format(
        port=found(r"IMAP.*?port\s+(\d+)", " ".join(card.replace("│", " ").split())),
        user=found(r"user\s+(\S+)", card),
        password=found(r"password\s+(px1-\S+)", card),
        data=data,
        mail=mail,
    )
    (tmp_path / "mbsyncrc").write_text(configuration)
    done = subprocess.run(
        ["mbsync", "-c", str(tmp_path / "mbsyncrc"), "inbox"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    documents = [each.read_bytes() for each in (mail / "INBOX").glob("*/*")]
    assert any(b"From: Energie BV" in each or b"facturen@energie.test" in each for each in documents)
