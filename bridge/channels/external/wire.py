"""aioimaplib's protocol, held to limits: what a hostile server can make it do is to fail, soon and in little memory.

The library keeps what it cannot read yet without end, calls itself once a line, raises into the event loop what it
does not understand, waits for ever for some answers, and writes a message at once, for which all others have to wait.
So: a message goes in pieces, a session receives at most `BUDGET` bytes and `MAX_LINE`
of one line, whatever goes wrong ends it, and whoever waits is told at once (`watch`). Its log is silenced: it would
repeat what servers say.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from aioimaplib.aioimaplib import IMAP4ClientProtocol

BUDGET = 1 << 20
MAX_LINE = 1 << 16
PIECE = 4096
"""Bytes that the library gets at once: it copies what is left of them for each line."""
OUT = 1 << 16
"""Bytes of a message that are written at once."""
DISCONNECTED = "disconnected"
NONSENSE = "nonsense"
logging.getLogger("aioimaplib").setLevel(logging.CRITICAL)


class Wire(IMAP4ClientProtocol):  # type: ignore[misc]  # the library has no types
    """One connection."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop, lambda _: self.give_up(DISCONNECTED))
        self.problem: str | None = None
        """Why it is over; None: it is not."""
        self.literal_data: bytes | None = None
        self._received = 0
        self._watcher: Callable[[], object] | None = None

    def watch(self, watcher: Callable[[], object] | None) -> None:
        """`watcher()` is called once it is over."""
        self._watcher = watcher

    def data_received(self, d: bytes) -> None:
        for start in range(0, len(d), PIECE):
            if self.problem is None:
                self._take(d[start : start + PIECE])

    def _take(self, piece: bytes) -> None:
        self._received += len(piece)
        if self._received > BUDGET or len(self.incomplete_line) > MAX_LINE:
            self.give_up("too-much")
            return
        try:
            super().data_received(piece)
        except Exception:  # noqa: BLE001 - also RecursionError; the contract: whatever it is, the session is over
            self.give_up(NONSENSE)

    def _continuation(self, line: bytes) -> None:
        """The library's, but for the literal of an APPEND (RFC 3501 section 7.5)."""
        literal, self.literal_data = self.literal_data, None
        if literal is None:
            super()._continuation(line)
        else:
            self._write(memoryview(literal))

    def _write(self, rest: memoryview) -> None:
        """A piece, and the next at the loop's next turn."""
        if self.problem is None:
            self.transport.write(rest[:OUT] if rest else b"\r\n")
            if rest:
                self.loop.call_soon(self._write, rest[OUT:])

    async def welcome(self, command: bytes) -> None:
        """A greeting that is not a plain OK (RFC 3501 section 7.1.4: PREAUTH knows somebody else) ends it."""
        try:
            if not command.upper().startswith(b"* OK"):
                raise ValueError
            await super().welcome(command)
        except Exception:  # noqa: BLE001 - as above; a task that nobody waits for
            self.give_up(NONSENSE)

    def give_up(self, problem: str) -> None:
        """Once; the first reason counts."""
        if self.problem is not None:
            return
        self.problem = problem
        self.close_now()
        if self._watcher is not None:
            self._watcher()

    def close_now(self) -> None:
        """Without a farewell."""
        for task in tuple(self.tasks):
            task.cancel()
        transport: Any = self.transport
        if transport is not None:
            transport.abort()
