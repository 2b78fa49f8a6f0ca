"""A pseudo-terminal with a program in it: keys go in, what is drawn comes out, and when.

`answered` is honest about what a person sees: from the key's bytes written to the last byte of the first drawing that
follows. A drawing ends where nothing more comes for `GAP`; that wait itself is not counted.
"""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence

from bench.servers.base import Unavailable

PATIENCE = 30.0
GAP = 0.008
_CHUNK = 1 << 16


class Terminal:
    """`with Terminal(command, columns, rows):` the program ends with it."""

    def __init__(
        self, command: Sequence[str], columns: int, rows: int, more: Mapping[str, str] | None = None
    ) -> None:
        self._last = b""
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        environment = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        environment |= more or {}
        self._process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
        os.close(theirs)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
        os.close(self._ours)

    def until(self, words: bytes) -> float:
        """The moment at which a match of this expression has been drawn."""
        seen, ends = b"", time.monotonic() + PATIENCE
        while not re.search(words, seen):
            seen += self._drawn(ends - time.monotonic())
        return time.monotonic()

    def answered(self, key: bytes) -> float:
        """Milliseconds until this key was answered on the screen."""
        started = time.monotonic()
        os.write(self._ours, key)
        self._drawn(PATIENCE)
        last = time.monotonic()
        while self._is_drawing(GAP):
            self._drawn(PATIENCE)
            last = time.monotonic()
        return 1000 * (last - started)

    def rest(self, seconds: float) -> None:
        """Look on for so long."""
        ends = time.monotonic() + seconds
        while self._is_drawing(ends - time.monotonic()):
            self._drawn(PATIENCE)

    def _is_drawing(self, seconds: float) -> bool:
        return bool(select.select([self._ours], [], [], max(0.0, seconds))[0])

    def _drawn(self, seconds: float) -> bytes:
        if not self._is_drawing(seconds):
            raise Unavailable(f"the app drew nothing after: {self._told}")
        try:
            self._last = os.read(self._ours, _CHUNK)
        except OSError:
            raise Unavailable(f"the app ended: {self._told}") from None
        return self._last

    @property
    def _told(self) -> str:
        """The last that was drawn."""
        return repr(self._last[-400:].decode(errors="replace"))
