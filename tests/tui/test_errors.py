"""Errors of the app's own: in a worker one act ends, in a handler the app; no value of a variable is ever shown."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from textual import work
from textual.widget import Widget

from postex_tui.answers import Refusal
from storage.records import Role
from tests.control import Desk
from tests.tui.office import LARGE, seat

SECRET = "correct-horse-battery"
FALLS = f"""
import sys
import httpx
from postex_tui.app import PostexApp
from postex_tui.connection import Connection

class Falls(PostexApp):
    CSS_PATH = {str(Path(sys.modules[Refusal.__module__].__file__ or "").with_name("app.tcss"))!r}

    def on_mount(self) -> None:
        super().on_mount()
        self.set_timer(0.3, self.fall)

    def fall(self) -> None:
        typed = {SECRET!r}
        raise ValueError(typed)

app = Falls(Connection(lambda: httpx.MockTransport(lambda _: httpx.Response(404, json={{}})), "en"))
app.run()
sys.exit(app.return_code)
"""


class Worker(Widget):
    """Fails as it is asked to."""

    DEFAULT_CSS = "Worker { display: none; }"

    @work(group="act")
    async def fail(self, error: Exception) -> None:
        typed = SECRET
        raise error if typed else AssertionError


@pytest.mark.parametrize(
    ("error", "told"),
    [(Refusal("x", "It is full."), "It is full."), (ValueError(SECRET), "here (ValueError, test_errors.py:")],
)
async def test_a_worker_that_fails_is_told_and_the_app_goes_on(tmp_path: Path, error: Exception, told: str) -> None:
    async with Desk.open(tmp_path / "data") as desk:
        admin = desk.person("dora", Role.DOMAIN_ADMIN)
        async with seat(desk, admin, section="accounts", size=LARGE) as at:
            worker = Worker()
            await at.app.screen.mount(worker)
            worker.fail(error)
            await at.pilot.pause(0.1)
            await at.settled()
            (note,) = at.app._notifications
            assert told in note.message
            assert SECRET not in note.message
            await at.press("slash", "d")
            assert at.app.screen.query_one("#text").value == "d"  # type: ignore[attr-defined]


def test_an_error_in_a_handler_ends_the_app_with_scrubbed_words() -> None:
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
    process = subprocess.Popen(
        [sys.executable, "-c", FALLS], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 65_536):
            shown += chunk
    except OSError:  # the other side was closed: the app has ended
        pass
    os.close(ours)
    assert process.wait(10) != 0
    assert b"ValueError, <string>:" in b" ".join(shown.split())
    assert b"Your address" in shown
    assert SECRET.encode() not in shown
    assert b"Traceback" not in shown
