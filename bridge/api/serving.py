"""The control API on its Unix socket, DATA/control.sock, mode 0600: for this user of this machine, nobody else.

FastAPI and uvicorn take most of a second to import; so the socket listens from the start, and they are loaded beside
the event loop when somebody first knocks. A bridge that is never administered never pays for them.
"""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    import uvicorn

    from bridge.api.control import Control

log = structlog.get_logger(__name__)

SOCKET = "control.sock"
MOST_CONNECTIONS = 64
"""Waiting to be accepted."""
MOST_REQUESTS = 200
"""At once, each open app with its stream of events among them."""
FAREWELL_SECONDS = 2
_ONLY_OWNER = 0o177


@contextmanager
def address_of(data: Path) -> Iterator[str]:
    """A path to the socket that is short enough for a socket's address (108 bytes), wherever the folder lies."""
    folder = os.open(data, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{SOCKET}"
    finally:
        os.close(folder)


class ControlServer:
    """Listens from `open` to `drain`. The data folder is locked: a socket that lies there is a dead bridge's."""

    def __init__(self, control: "Control") -> None:
        self._control = control
        self._socket: socket.socket | None = None
        self._server: uvicorn.Server | None = None
        self._ended = asyncio.Event()

    def open(self) -> None:
        """OSError if the socket cannot be made."""
        self._socket = _bound(self._control.data)

    async def serve(self) -> None:
        """Until `drain`."""
        if self._socket is None:
            return
        await self._knock(self._socket)
        if not self._ended.is_set():
            self._server = await asyncio.to_thread(_server, self._control)
            log.info("api.loaded")
        if self._server is not None and not self._ended.is_set():
            await self._server.serve([self._socket])
        self._socket.close()

    def drain(self) -> None:
        """Requests under way get their answer; streams of events end."""
        self._ended.set()
        if self._socket is not None:
            with suppress(OSError):
                (self._control.data / SOCKET).unlink()
        for stream in tuple(self._control.watching):
            stream.stop()
        if self._server is not None:
            self._server.should_exit = True

    async def _knock(self, listening: socket.socket) -> None:
        """Until somebody does, or the bridge ends."""
        loop, knocked = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(listening, knocked.set)
        try:
            async with asyncio.TaskGroup() as tasks:
                waiting = [tasks.create_task(event.wait()) for event in (knocked, self._ended)]
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for task in waiting:
                    task.cancel()
        finally:
            loop.remove_reader(listening)


def _bound(data: Path) -> socket.socket:
    with suppress(FileNotFoundError):
        (data / SOCKET).unlink()
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(_ONLY_OWNER)
    try:
        with address_of(data) as address:
            made.bind(address)
        made.listen(MOST_CONNECTIONS)
        made.setblocking(False)
    except OSError:
        made.close()
        raise
    finally:
        os.umask(before)
    return made


def _server(control: "Control") -> "uvicorn.Server":
    import uvicorn

    from bridge.api import app

    class Server(uvicorn.Server):
        """Signals are the daemon's."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    config = uvicorn.Config(
        app.create(control),
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=MOST_REQUESTS,
        timeout_graceful_shutdown=FAREWELL_SECONDS,
    )
    return Server(config)


def is_served(data: Path) -> bool:
    """Whether a bridge listens there now."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as probe, suppress(OSError):
        probe.settimeout(1)
        with address_of(data) as address:
            probe.connect(address)
        return True
    return False
