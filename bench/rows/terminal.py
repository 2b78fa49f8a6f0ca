"""The terminal app before a running bridge: how soon it is there, and whether it ever lets one wait.

The app runs without a terminal (Textual's pilot) over the bridge's real socket. A key counts until the app is idle
again; a callback of its loop counts in processor time, as other programs on the machine are not its doing.
"""

import asyncio
import os
import pty
import select
import subprocess
import sys
import time
from asyncio import events
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from textual.pilot import Pilot

from bench import crowd
from bench.rows.row import OURS, Measurement, Row, Samples, Scale, below, percentile
from bench.servers.base import Server, Unavailable
from bench.servers.postex import Postex
from bridge.api import serving
from postex_tui.app import PostexApp
from postex_tui.connection import Connection
from postex_tui.widgets.paged_grid import PagedGrid
from storage.database import Store
from storage.keys.master import MasterKey
from storage.records import Role

_LISTS = (("accounts", Role.DOMAIN_ADMIN), ("audit", Role.AUDITOR))
_KEYS = ("down", "pagedown", "up", "pageup", "down", "pagedown", "pagedown", "pagedown")
_LARGE = (140, 45)
_DRAWN = b"Your address"
_PATIENCE = 30.0


def measure(server: Server, scale: Scale) -> Iterator[tuple[str, Samples]]:
    assert isinstance(server, Postex)
    data = server.folder / "data"
    server.stop()
    with Store.open(data, MasterKey.load(data / "master.key")) as store:
        crowd.add_accounts(store, scale.accounts)
        crowd.add_events(store, scale.events)
        tokens = {name: crowd.add_insider(store, name, role) for name, role in _LISTS}
    server.start()
    yield "terminal-paint", [_first_paint(data) for _ in range(scale.rounds)]
    found = [asyncio.run(_use(data, name, tokens[name], scale.rounds)) for name, _ in _LISTS]
    yield "terminal-list", [seconds for lists, _, _ in found for seconds in lists]
    keys = [ms for _, each, _ in found for ms in each]
    yield "terminal-key", keys
    yield "terminal-key-p99", [percentile(keys, 0.99)]
    yield "terminal-loop", [max(longest) for _, _, longest in found]


def _first_paint(data: Path) -> float:
    """Seconds from the start of `postex tui` to the door on the screen."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "postex_tui.cli", "tui", "--data", str(data)]
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24", "LANG": "C.UTF-8"}
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    try:
        _read_until(ours, _DRAWN)
        return time.perf_counter() - started
    finally:
        process.terminate()
        process.wait()
        os.close(ours)


def _read_until(terminal: int, words: bytes) -> None:
    seen, ends = b"", time.monotonic() + _PATIENCE
    while words not in seen:
        if not select.select([terminal], [], [], max(0, ends - time.monotonic()))[0]:
            raise Unavailable("the app drew nothing")
        seen += os.read(terminal, 65_536)


async def _use(data: Path, section: str, token: str, rounds: int) -> tuple[Samples, Samples, Samples]:
    """Seconds to the first rows; milliseconds of each key until idle; longest callbacks in milliseconds."""
    with serving.address_of(data) as address, _callbacks() as longest:
        connection = Connection(lambda: httpx.AsyncHTTPTransport(uds=address), "en")
        connection.token = token
        app = PostexApp(connection)
        async with app.run_test(size=_LARGE) as pilot:
            started = time.perf_counter()
            app.signed_in(await connection.get("/session"), section)
            grid = await _rows(app)
            first = time.perf_counter() - started
            await pilot.pause(1)
            grid.focus()
            longest.clear()
            keys = [await _pressed(pilot, key) for _ in range(rounds) for key in _KEYS]
        await connection.aclose()
    return [first], keys, longest or [0.0]


async def _rows(app: PostexApp) -> PagedGrid:
    """The list, once it has some."""
    ends = time.monotonic() + _PATIENCE
    while time.monotonic() < ends:
        await asyncio.sleep(0.002)
        for grid in app.screen.query(PagedGrid):
            if grid.row_count:
                return grid
    raise Unavailable("the list stayed empty")


async def _pressed(pilot: Pilot[None], key: str) -> float:
    started = time.perf_counter()
    await pilot.press(key)
    took = 1000 * (time.perf_counter() - started)
    await asyncio.sleep(0.1)  # a page that was asked for comes in between, as when one reads
    return took


@contextmanager
def _callbacks() -> Iterator[Samples]:
    """Milliseconds of processor time of callbacks of any loop of this thread, those of 5 ms and more."""
    plain, found = events.Handle._run, list[float]()

    def timed(handle: events.Handle) -> None:
        started = time.thread_time()
        plain(handle)
        took = 1000 * (time.thread_time() - started)
        if took >= 5:
            found.append(took)

    events.Handle._run = timed  # type: ignore[method-assign]
    try:
        yield found
    finally:
        events.Handle._run = plain  # type: ignore[method-assign]


MEASUREMENTS = (
    Measurement(
        (
            Row("terminal-paint", "`postex tui`, from its start to the first picture", "s", below(1.0, "< 1 s")),
            Row(
                "terminal-list", "first rows of 100 000 accounts, of 1 000 000 audit events", "s", below(1.0, "< 1 s")
            ),
            Row("terminal-key", "a key in those lists until it is answered, median", "ms", below(50, "< 50 ms")),
            Row("terminal-key-p99", "… p99", "ms", below(50, "< 50 ms")),
            Row("terminal-loop", "… longest callback of the app's loop, processor time", "ms", below(50, "< 50 ms")),
        ),
        (OURS,),
        lambda _: 1,
        measure,
    ),
)
