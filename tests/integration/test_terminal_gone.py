"""An app whose terminal or page is gone ends: on a server each lost connection would keep a processor busy."""

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

PATIENCE = 30.0
DOOR = b"Your address"


def command(tmp_path: Path) -> list[str]:
    """Before a bridge that is not there: the door is drawn all the same."""
    return [sys.executable, "-m", "postex_tui.cli", "tui", "--socket", str(tmp_path / "door.sock")]


def read_until(source: int, words: bytes) -> None:
    seen, ends = b"", time.monotonic() + PATIENCE
    while words not in seen:
        assert select.select([source], [], [], max(0.0, ends - time.monotonic()))[0], seen[-500:]
        seen += os.read(source, 65_536)


def test_a_closed_terminal_ends_the_app(tmp_path: Path) -> None:
    """Nor did it write down what was typed and seen, whatever its environment says."""
    ours, theirs = pty.openpty()
    written, seen = tmp_path / "typed.log", tmp_path / "seen"
    environment = os.environ | {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
    environment |= {"TEXTUAL": "debug,devtools", "TEXTUAL_LOG": str(written), "TEXTUAL_PRESS": "ctrl+q"}
    environment |= {
        "TEXTUAL_SCREENSHOT": "0",
        "TEXTUAL_SCREENSHOT_LOCATION": str(seen),
        "TEXTUAL_DRIVER": "antigravity:x",
    }
    app = subprocess.Popen(command(tmp_path), stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    try:
        read_until(ours, DOOR)
        os.close(ours)
        app.wait(PATIENCE)
    finally:
        app.kill()
        app.wait()
    assert not written.exists()
    assert not seen.exists()


def test_a_lost_page_ends_the_app(tmp_path: Path) -> None:
    environment = os.environ | {
        "TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver",
        "COLUMNS": "80",
        "ROWS": "24",
    }
    app = subprocess.Popen(command(tmp_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    assert app.stdin is not None
    assert app.stdout is not None
    try:
        read_until(app.stdout.fileno(), DOOR)
        app.stdin.close()
        app.stdout.close()
        app.wait(PATIENCE)
    finally:
        app.kill()
        app.wait()
