"""The control API on its Unix socket, DATA/control.sock, mode 0600: for this user of this machine, nobody else.

A second one, `control.shared_socket`, mode 0660, lets the app run as a user who cannot read the data folder: for the
web view and for recipients over SSH. Neither socket gives any right: who connects signs in. Who comes by the shared
one leaves room for the owner of the machine, and nobody holds a place in silence.

FastAPI and uvicorn take most of a second to import; so the socket listens from the start, and they are loaded beside
the event loop when somebody first knocks. A bridge that is never administered never pays for them.
"""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from bridge.api.sockets import SOCKET, reach

if TYPE_CHECKING:
    import uvicorn

    from bridge.api.control import Control

log = structlog.get_logger(__name__)

MOST_CONNECTIONS = 64
"""Waiting to be accepted."""
MOST_REQUESTS = 200
"""At once, each open app with its stream of events among them."""
MOST_GUESTS = 150
"""Of these by the shared socket."""
SILENT_SECONDS = 20
"""Until a connection that says nothing is closed."""
FAREWELL_SECONDS = 2
_ONLY_OWNER, _GROUP = 0o177, 0o117
"""umask of the data folder's socket, and of the shared one."""


class ControlServer:
    """Listens from `open` to `drain`. The data folder is locked: a socket that lies there is a dead bridge's."""

    def __init__(self, control: "Control") -> None:
        self._control = control
        self._sockets: dict[Path, socket.socket] = {}
        self._server: uvicorn.Server | None = None
        self._ended = asyncio.Event()

    def open(self) -> None:
        """OSError, with the path as its filename, if a socket cannot be made; then there is none."""
        data, shared = self._control.data, self._control.settings.control.shared_socket
        wanted = {data / SOCKET: _ONLY_OWNER} | ({data / shared: _GROUP} if shared else {})
        try:
            for path, mask in wanted.items():
                self._sockets[path] = _bound(path, mask)
        except OSError as error:
            self._vanish()
            for each in self._sockets.values():
                each.close()
            raise OSError(error.errno, error.strerror, str(path)) from None

    async def serve(self) -> None:
        """Until `drain`."""
        sockets = list(self._sockets.values())
        if not sockets:
            return
        await self._knock(sockets)
        if not self._ended.is_set():
            self._server = await asyncio.to_thread(_server, self._control)
            log.info("api.loaded")
        if self._server is not None and not self._ended.is_set():
            await self._server.serve(sockets)
        for each in sockets:
            each.close()

    def drain(self) -> None:
        """Requests under way get their answer; streams of events end."""
        self._ended.set()
        self._vanish()
        for stream in tuple(self._control.watching):
            stream.stop()
        if self._server is not None:
            self._server.should_exit = True

    def _vanish(self) -> None:
        """Nobody finds the way here any more; who is here stays."""
        for path in self._sockets:
            with suppress(OSError):
                path.unlink()

    async def _knock(self, sockets: list[socket.socket]) -> None:
        """Until somebody does, or the bridge ends."""
        loop, knocked = asyncio.get_running_loop(), asyncio.Event()
        for each in sockets:
            loop.add_reader(each, knocked.set)
        try:
            async with asyncio.TaskGroup() as tasks:
                waiting = [tasks.create_task(event.wait()) for event in (knocked, self._ended)]
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for task in waiting:
                    task.cancel()
        finally:
            for each in sockets:
                loop.remove_reader(each)


def _bound(path: Path, mask: int) -> socket.socket:
    if path.is_socket():
        path.unlink()
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(mask)
    try:
        with reach(path) as address:
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
    from uvicorn.protocols.http.h11_impl import H11Protocol

    from bridge.api import app

    shared = control.settings.control.shared_socket

    class Bounded(H11Protocol):
        """Knows by which socket it came."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self.is_guest = shared is not None and str(transport.get_extra_info("sockname")).endswith(
                f"/{shared.name}"
            )
            if self.is_guest and sum(getattr(each, "is_guest", False) for each in self.connections) > MOST_GUESTS:
                transport.close()
            else:
                self.timeout_keep_alive_task = self.loop.call_later(SILENT_SECONDS, self.timeout_keep_alive_handler)

    class Server(uvicorn.Server):
        """Signals are the daemon's."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    config = uvicorn.Config(
        app.create(control),
        http=Bounded,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=MOST_REQUESTS,
        timeout_graceful_shutdown=FAREWELL_SECONDS,
    )
    return Server(config)
