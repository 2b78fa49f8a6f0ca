"""The terminal app, signed in already, for the pseudo-terminal of the bench.

    POSTEX_BENCH_TOKEN=… python -m bench.clients.terminal_app DATA SECTION REPORT

REPORT gets a line of JSON for each moment that counts: `signed-in`, and `callback` with its milliseconds of processor
time for those of 5 ms and more. Moments are seconds of the monotonic clock, which all programs of a machine share.
"""

import inspect
import json
import os
import sys
import time
from asyncio import events
from pathlib import Path
from typing import TextIO

import httpx
from textual import work

from bridge.api import sockets
from postex_tui.app import PostexApp
from postex_tui.connection import Connection
from postex_tui.terminal import escape, pauses

TOKEN = "POSTEX_BENCH_TOKEN"
LEAST = 5.0
"""Milliseconds below which a callback is not noted."""


class SignedIn(PostexApp):
    """Goes to a section by itself."""

    CSS_PATH = Path(inspect.getfile(PostexApp)).with_name("app.tcss")

    def __init__(self, connection: Connection, section: str, report: TextIO) -> None:
        super().__init__(connection)
        self._section, self._report = section, report

    def on_mount(self) -> None:
        super().on_mount()
        self._enter()

    @work(group="sign-in")
    async def _enter(self) -> None:
        session = await self.connection.get("/session")
        note(self._report, "signed-in", time.monotonic())
        self.signed_in(session, self._section)


def note(report: TextIO, what: str, at: float, ms: float = 0.0) -> None:
    print(json.dumps({"what": what, "at": at, "ms": ms}), file=report, flush=True)


def watch_callbacks(report: TextIO) -> None:
    """Those of every loop of this process; processor time, as other programs on the machine are not its doing."""
    plain = events.Handle._run

    def timed(handle: events.Handle) -> None:
        at, started = time.monotonic(), time.thread_time()
        plain(handle)
        took = 1000 * (time.thread_time() - started)
        if took >= LEAST:
            note(report, "callback", at, took)

    events.Handle._run = timed  # type: ignore[method-assign]


def main(data: str, section: str, report: str) -> None:
    with Path(report).open("w", encoding="ascii") as told, sockets.address_of(Path(data)) as address:
        connection = Connection(lambda: httpx.AsyncHTTPTransport(uds=address), "en")
        connection.token = os.environ[TOKEN]
        app = SignedIn(connection, section, told)
        watch_callbacks(told)
        escape.attend(app)
        pauses.few()
        app.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
