"""A real terminal for tests: a program within tmux, keys as a person presses them, what stands on the screen.

Contract. Every wait ends: with what was waited for, or with an error that shows the screen. Keys go one at a time,
and the next one only once the screen is still: a burst is taken for something pasted.
"""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SECONDS = 40.0
STILL = 0.15
"""Seconds without a change after which a key has done its work."""
PROGRAM = shutil.which("tmux")


@dataclass(frozen=True, slots=True)
class Terminal:
    """One window; `socket` is its server's own."""

    socket: Path

    def screen(self, *, colours: bool = False) -> str:
        """Line by line; with `colours` as SGR sequences (ECMA-48)."""
        return self._tmux("capture-pane", "-p", *(["-e", "-N"] if colours else []))

    def until(self, words: str, seconds: float = SECONDS) -> str:
        """The screen once it holds these words, on one line."""
        ends = time.monotonic() + seconds
        while words not in (shown := self.screen()):
            assert time.monotonic() < ends, f"{words!r} did not come:\n{shown}"
            time.sleep(0.05)
        return shown

    def still(self) -> str:
        """The screen once it does not change any more."""
        before, since, ends = self.screen(), time.monotonic(), time.monotonic() + SECONDS
        while time.monotonic() - since < STILL and time.monotonic() < ends:
            time.sleep(0.03)
            if (now := self.screen()) != before:
                before, since = now, time.monotonic()
        return before

    def press(self, *keys: str) -> str:
        """As tmux names them: Enter, Tab, Escape, F2, C-p, a letter; the screen after the last."""
        for key in keys:
            self._tmux("send-keys", key)
            self.still()
        return self.screen()

    def click(self, button: str) -> str:
        """With the mouse on a button, once it is there; as a terminal reports it (xterm, SGR mode)."""
        drawn, ends = re.compile(rf"│ +({re.escape(button)}) +│"), time.monotonic() + SECONDS
        while not (places := [*_places(drawn, self.still())]):
            assert time.monotonic() < ends, f"the button {button!r} did not come:\n{self.screen()}"
        row, column = places[-1]
        for report in (f"\x1b[<0;{column + 2};{row + 1}M", f"\x1b[<0;{column + 2};{row + 1}m"):
            self._tmux("send-keys", "-l", report)
        return self.still()

    def type(self, text: str) -> None:
        """Letters of one field."""
        for letter in text:
            self._tmux("send-keys", "-l", letter)
            time.sleep(0.01)
        self.still()

    def resize(self, width: int, height: int) -> None:
        self._tmux("resize-window", "-x", str(width), "-y", str(height))
        self.still()

    def _tmux(self, *arguments: str) -> str:
        assert PROGRAM is not None
        done = subprocess.run(
            [PROGRAM, "-S", str(self.socket), *arguments], capture_output=True, text=True, timeout=20, check=False
        )
        assert done.returncode == 0, f"tmux {arguments[0]}: {done.stderr}"
        return done.stdout


def _places(drawn: re.Pattern[str], screen: str) -> Iterator[tuple[int, int]]:
    for row, line in enumerate(screen.split("\n")):
        for found in drawn.finditer(line):
            yield row, found.start(1)


@contextmanager
def opened(
    folder: Path, command: Sequence[str], *, width: int = 80, height: int = 24, env: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    """A terminal of that size in which `command` runs; both are gone afterwards."""
    assert PROGRAM is not None
    terminal = Terminal(Path(tempfile.mkdtemp(prefix="tmux-", dir=folder)) / "socket")
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "COLORTERM": "truecolor", **(env or {})}
    # Nothing of the person's own tmux: no configuration, a server by itself, which ends with its only window.
    start = [PROGRAM, "-f", os.devnull, "-S", str(terminal.socket), "new-session", "-d", "-x", str(width), "-y"]
    subprocess.run([*start, str(height), *command], env=environment, check=True, timeout=20)
    try:
        terminal._tmux("set-option", "-g", "remain-on-exit", "on")
        terminal._tmux("set-option", "-ga", "terminal-overrides", ",*:Tc")
        yield terminal
    finally:
        subprocess.run(
            [PROGRAM, "-S", str(terminal.socket), "kill-server"], capture_output=True, timeout=20, check=False
        )
